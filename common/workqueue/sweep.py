"""The sweeper: queues again what is due, what dead workers left, and what lost its job.

Every worker may sweep as often as it likes; locks in Redis let one of them through per virtual
cluster and 200 ms, and one in five seconds for the full look.
"""

import time
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import cast

from redis import Redis
from redis.client import Pipeline
from rq.executions import Execution
from rq.utils import as_text

from common.keys import Key, redis_prefix
from common.workqueue import jobs
from common.workqueue.bell import ring
from common.workqueue.presence import bury, queue_names
from common.workqueue.state import Scripts

SWEEP_EVERY_S = 0.2
LOOK_EVERY_S = 5.0
ORPHAN_AGE_S = 30.0
LIMIT = 1000
"""Keys moved per cluster and sweep, so that no sweep blocks Redis for long."""


class Sweeper:
    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts
        self._next_look = 0.0

    def sweep(self, clusters: Sequence[str], force: bool = False) -> int:
        """Returns how many keys were queued again. `force` passes over the locks, for tests."""
        moved = self._queue_overdue(self._locked(clusters, "sweep", SWEEP_EVERY_S, force))
        if not force and time.monotonic() < self._next_look:
            return moved
        self._next_look = time.monotonic() + 1
        looked_at = self._locked(clusters, "look", LOOK_EVERY_S, force)
        if looked_at:
            names = queue_names(self._redis, clusters)
            moved += sum(self._heal(cluster, names[cluster]) for cluster in looked_at)
            bury(self._redis, [name for some in names.values() for name in some])
        return moved

    def _locked(
        self, clusters: Sequence[str], what: str, every_s: float, force: bool
    ) -> Sequence[str]:
        if force or not clusters:
            return clusters
        # A bit less than the period, or two clocks of the same period skip every other one.
        keys, period_ms = [f"{redis_prefix(each)}:{what}" for each in clusters], int(every_s * 950)
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.set(key, 1, nx=True, px=period_ms)
                pipe.pttl(key)
            answers = pipe.execute()
            for key, left_ms in zip(keys, answers[1::2], strict=True):
                if left_ms > period_ms:  # Redis' date was set back
                    pipe.delete(key)
            pipe.execute()
        return [each for each, mine in zip(clusters, answers[::2], strict=True) if mine]

    def _queue_overdue(self, clusters: Sequence[str]) -> int:
        if not clusters:
            return 0
        with self._redis.pipeline(transaction=False) as pipe:
            for cluster in clusters:
                self._scripts.sweep(pipe, cluster, LIMIT)
            overdue = pipe.execute()
        moved = 0
        with self._redis.pipeline(transaction=False) as pipe:
            for cluster, (expired, due) in zip(clusters, overdue, strict=True):
                if expired or due:
                    self._drop_executions(pipe, _keys(cluster, map(as_text, expired)))
                    self._push(pipe, cluster, [m.decode() for m in (*expired, *due)])
                    moved += len(expired) + len(due)
            if moved:
                pipe.execute()
        return moved

    def _push(self, pipe: Pipeline, cluster: str, members: Iterable[str]) -> None:
        jobs.push(self._redis, pipe, _keys(cluster, members))
        ring(pipe, cluster)

    def _drop_executions(self, pipe: Pipeline, keys: Collection[Key]) -> None:
        """Remove the records of the runs that these keys' dead workers left."""
        ids = {jobs.job_id(key) for key in keys}
        for name in {jobs.queue_name(key.cluster, key.plural) for key in keys}:
            self._drop(pipe, name, lambda id_: id_ in ids)

    def _drop(
        self, pipe: Pipeline, name: str, over: Callable[[str], bool], min_age_s: float = 0
    ) -> None:
        """Remove the records of those runs in the queue whose job id is `over`."""
        target = jobs.queue(self._redis, name)
        youngest = time.time() + jobs.EXECUTION_TTL_S - min_age_s
        registry = target.started_job_registry
        entries = cast(list[bytes], self._redis.zrangebyscore(registry.key, "-inf", youngest))
        runs = [Execution.from_composite_key(as_text(entry), self._redis) for entry in entries]
        dead = [run for run in runs if over(run.job_id)]
        if dead:
            jobs.end(pipe, target, dead)

    def _heal(self, cluster: str, names: Sequence[str]) -> int:
        """Push jobs for keys that ought to be queued and are in no queue; twice in a row, with
        the same mark, as a pusher or a worker may be in the middle of moving one."""
        with self._redis.pipeline(transaction=False) as pipe:
            self._scripts.look(pipe, cluster)
            pairs, started = pipe.execute()[0]
        tokens = self._tokens(names)
        queued = {member.decode(): seq for member, seq in zip(pairs[::2], pairs[1::2], strict=True)}
        missing = {
            key.member: queued[key.member]
            for key in _keys(cluster, queued)
            if jobs.job_id(key) not in tokens
        }
        lost = self._suspects(cluster, missing)
        with self._redis.pipeline(transaction=False) as pipe:
            if lost:
                self._push(pipe, cluster, lost)
            self._drop_orphans(pipe, names, {m.decode() for m in started})
            pipe.execute()
        return len(lost)

    def _tokens(self, names: Sequence[str]) -> set[str]:
        with self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.lrange(jobs.queue(self._redis, name).key, 0, -1)
            return {token.decode(errors="replace") for ids in pipe.execute() for token in ids}

    def _suspects(self, cluster: str, missing: dict[str, bytes]) -> list[str]:
        """Those of `missing` that the last look missed too; remembers `missing` for the next."""
        key = f"{redis_prefix(cluster)}:suspects"
        with self._redis.pipeline() as pipe:
            pipe.hgetall(key)
            pipe.delete(key)
            if missing:
                pipe.hset(key, mapping=dict(missing.items()))
                pipe.expire(key, 60)
            before = pipe.execute()[0]
        return [member for member, seq in missing.items() if before.get(member.encode()) == seq]

    def _drop_orphans(self, pipe: Pipeline, names: Iterable[str], started: set[str]) -> None:
        """Remove records of runs that are over, as of workers that died while they ended one."""
        for name in names:
            self._drop(pipe, name, lambda id_: _member(id_) not in started, ORPHAN_AGE_S)


def _member(id_: str) -> str:
    key = jobs.key_of(id_)
    return "" if key is None else key.member


def _keys(cluster: str, members: Iterable[str]) -> list[Key]:
    """What somebody wrote into Redis by hand and is no key is left alone."""
    keys = []
    for member in members:
        with suppress(ValueError):
            keys.append(Key.from_member(cluster, member))
    return keys
