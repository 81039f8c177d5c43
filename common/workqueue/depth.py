"""How much work the queues hold: for metrics and `tohost status`."""

from collections.abc import Iterable
from dataclasses import dataclass

from redis import Redis
from rq.job import Job
from rq.utils import now, str_to_date

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
        _place(name): Depth(row[0], row[1], row[2], row[3], age_s)
        for name, row, age_s in zip(names, rows, ages_s, strict=True)
    }


def _place(name: str) -> tuple[str, str]:
    cluster, _, plural = name.partition(".")
    return cluster, plural


def _ages_s(redis: Redis, heads: Iterable[bytes | None]) -> list[float]:
    """How long each of these jobs has been queued, by their ids."""
    with redis.pipeline(transaction=False) as pipe:
        for head in heads:
            pipe.hget(Job.key_for((head or b"-").decode(errors="replace")), "enqueued_at")
        stamps = pipe.execute()
    return [(now() - str_to_date(stamp)).total_seconds() if stamp else 0.0 for stamp in stamps]
