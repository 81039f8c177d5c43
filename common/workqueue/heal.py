"""Mends what a crash or a hand in Redis left of the workqueue: keys that ought to be queued and
have no job. Used by the sweeper; synchronous.
"""

from collections.abc import Iterable, Mapping, Sequence

from redis import Redis
from redis.client import Pipeline
from rq.utils import as_text

from common.keys import redis_prefix
from common.workqueue import jobs
from common.workqueue.bell import ring
from common.workqueue.records import keys_of
from common.workqueue.state import Scripts

LOOK_EVERY_S = 5.0


class Healer:
    def __init__(self, redis: Redis, scripts: Scripts) -> None:
        self._redis = redis
        self._scripts = scripts

    def heal(self, clusters: Sequence[str], force: bool = False) -> dict[str, int]:
        """Push jobs for keys that are found to have none twice in a row, with the same mark, as a
        pusher or a worker may be in the middle of moving one.

        Each virtual cluster is looked at once in LOOK_EVERY_S, whoever does it. Answers how many
        keys were pushed, for those where one had no job.
        """
        looked_at = clusters if force else self._locked(clusters)
        if not looked_at:
            return {}
        with self._redis.pipeline(transaction=False) as pipe:
            for cluster in looked_at:
                self._scripts.look(pipe, cluster)
            answers = pipe.execute()
        healed = {}
        for cluster, (pairs, _) in zip(looked_at, answers, strict=True):
            marks = zip(pairs[::2], pairs[1::2], strict=True)
            if missing := self._missing(cluster, {as_text(key): seq for key, seq in marks}):
                healed[cluster] = self._push_again(cluster, missing)
        return healed

    def _locked(self, clusters: Sequence[str]) -> Sequence[str]:
        if not clusters:
            return ()
        # A bit less than the period, or two clocks of the same period skip every other one.
        keys = [f"{redis_prefix(each)}:look" for each in clusters]
        period_ms = int(LOOK_EVERY_S * 950)
        with self._redis.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.set(key, 1, nx=True, px=period_ms)
                pipe.pttl(key)
            answers = pipe.execute()
        for key, left_ms in zip(keys, answers[1::2], strict=True):
            if left_ms > period_ms:  # Redis' date was set back
                self._redis.delete(key)
        return [each for each, mine in zip(clusters, answers[::2], strict=True) if mine]

    def _missing(self, cluster: str, queued: Mapping[str, bytes]) -> dict[str, bytes]:
        """Those of the members that ought to be queued and have no token, with their marks."""
        keys = keys_of(cluster, queued)
        with self._redis.pipeline(transaction=False) as pipe:
            for plural in sorted({key.plural for key in keys}):
                pipe.lrange(jobs.queue_key(cluster, plural), 0, -1)
            tokens = {as_text(token) for ids in pipe.execute() for token in ids} if keys else set()
        return {k.member: queued[k.member] for k in keys if jobs.job_id(k) not in tokens}

    def _push_again(self, cluster: str, missing: Mapping[str, bytes]) -> int:
        """Those of `missing` that the last look missed too; remembers `missing` for the next."""
        key = f"{redis_prefix(cluster)}:suspects"
        with self._redis.pipeline() as pipe:
            pipe.hgetall(key)
            pipe.delete(key)
            pipe.hset(key, mapping=dict(missing.items()))
            pipe.expire(key, 60)
            before = pipe.execute()[0]
        lost = [member for member, seq in missing.items() if before.get(member.encode()) == seq]
        if lost:
            with self._redis.pipeline(transaction=False) as pipe:
                push(self._redis, pipe, cluster, lost)
                pipe.hdel(key, *lost)
                pipe.execute()
        return len(lost)


def push(redis: Redis, pipe: Pipeline, cluster: str, members: Iterable[str]) -> None:
    """Queue a job for each, and ring the bell."""
    keys = keys_of(cluster, members)
    jobs.push(redis, pipe, keys)
    ring(pipe, {jobs.queue_name(key.cluster, key.plural) for key in keys})
