"""How much work the queues hold: for metrics and `tohost status`."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from redis import Redis
from rq.job import Job
from rq.utils import now, str_to_date

from common.keys import redis_prefix
from common.workqueue import jobs
from common.workqueue.presence import queue_names


@dataclass(frozen=True, slots=True)
class Depth:
    """One queue. `oldest_s`: how long the key that is next has been queued, 0 when none is."""

    queued: int
    started: int
    delayed: int
    failed: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """The keys of one kind that wait for a worker; `oldest_s`: how long the next one has."""

    queued: int
    oldest_s: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """One virtual cluster, of all kinds. `failing`: of all the others those whose last try failed.
    `oldest_s`: how long the key that is next has been queued, 0 when none is. `kinds`: by plural
    what waits, of those of which something does."""

    queued: int
    running: int
    delayed: int
    failing: int
    oldest_s: float
    kinds: Mapping[str, Waiting] = field(default_factory=dict, hash=False)


def backlogs(redis: Redis, clusters: Collection[str]) -> dict[str, Backlog]:
    """Of each virtual cluster, for metrics: one round trip while nothing is queued, however many
    kinds there are."""
    with redis.pipeline(transaction=False) as pipe:
        for start in map(redis_prefix, clusters):
            pipe.hlen(f"{start}:state")
            pipe.zcard(f"{start}:running")
            pipe.zcard(f"{start}:delayed")
            pipe.hlen(f"{start}:attempts")
        counts = iter(pipe.execute())
    found = {name: _backlog(*(next(counts) for _ in range(4))) for name in clusters}
    waiting = _waiting(redis, [name for name, backlog in found.items() if backlog.queued])
    for name, kinds in waiting.items():
        oldest_s = max(each.oldest_s for each in kinds.values())
        found[name] = replace(found[name], oldest_s=oldest_s, kinds=kinds)
    return found


def _backlog(all_: int, running: int, delayed: int, failing: int) -> Backlog:
    """What starts or ends between two counts may be in both, or in neither."""
    return Backlog(max(0, all_ - running - delayed), running, delayed, failing, 0.0)


def _waiting(redis: Redis, clusters: Sequence[str]) -> dict[str, dict[str, Waiting]]:
    """By cluster and plural, of the queues that aren't empty."""
    if not clusters:
        return {}
    names = [name for some in queue_names(redis, clusters).values() for name in some]
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            key = jobs.queue(redis, name).key
            pipe.llen(key)
            pipe.lindex(key, 0)
        answers = pipe.execute()
    lengths, ages_s = answers[::2], _ages_s(redis, answers[1::2])
    found: dict[str, dict[str, Waiting]] = defaultdict(dict)
    for name, length, age_s in zip(names, lengths, ages_s, strict=True):
        if length:
            cluster, plural = jobs.place_of(name)
            found[cluster][plural] = Waiting(length, age_s)
    return found


def depths(redis: Redis, clusters: Iterable[str]) -> dict[tuple[str, str], Depth]:
    """The work in each queue that exists, by cluster and plural; three round trips."""
    names = [name for some in queue_names(redis, clusters).values() for name in sorted(some)]
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            queue = jobs.queue(redis, name)
            pipe.llen(queue.key)
            pipe.zcard(queue.started_job_registry.key)
            pipe.zcard(queue.scheduled_job_registry.key)
            pipe.zcard(queue.failed_job_registry.key)
            pipe.lindex(queue.key, 0)
        answers = pipe.execute()
    rows = [answers[i : i + 5] for i in range(0, len(answers), 5)]
    ages_s = _ages_s(redis, [row[4] for row in rows])
    return {
        jobs.place_of(name): Depth(row[0], row[1], row[2], row[3], age_s)
        for name, row, age_s in zip(names, rows, ages_s, strict=True)
    }


def _ages_s(redis: Redis, heads: Iterable[bytes | None]) -> list[float]:
    """How long each of these jobs has been queued, by their ids."""
    with redis.pipeline(transaction=False) as pipe:
        for head in heads:
            pipe.hget(Job.key_for((head or b"-").decode(errors="replace")), "enqueued_at")
        stamps = pipe.execute()
    ages_s = [(now() - str_to_date(stamp)).total_seconds() if stamp else 0.0 for stamp in stamps]
    return [max(0.0, age_s) for age_s in ages_s]
