"""The side of the workqueue that looks for tokens: which queues hold some, whose turn it is, and
whether a token is one of ours.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from redis import ConnectionError as RedisConnectionError
from redis import Redis
from rq.job import Job

from common.keys import Key
from common.workqueue import jobs
from common.workqueue.bell import Bell
from common.workqueue.turns import Shares, Turns

LOOK_EVERY_S = 1.0

_log = logging.getLogger(__name__)


class Intake:
    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._turns = Turns()
        self._bell: Bell | None = None
        self._open: frozenset[tuple[str, str]] = frozenset()
        self._awake: set[str] = set()
        self._next_look = 0.0

    def wait(self, timeout_s: float) -> None:
        """See WorkQueue.wait."""
        if self._bell is None:
            self._bell = Bell(self._redis)
            self._next_look = 0.0
            return
        left_s = min(timeout_s, self._next_look - time.monotonic())
        try:
            self._awake |= self._bell.wait(max(0.0, left_s))
        except RedisConnectionError:
            # `take` will hear of it, unless it was only the subscription.
            self._bell.close()
            self._bell = None

    def close(self) -> None:
        if self._bell is not None:
            self._bell.close()

    def pop(
        self, limit: int, open_queues: Collection[tuple[str, str]], weights: Mapping[str, int]
    ) -> dict[Key, bool]:
        """Take up to `limit` tokens. Answers the keys they stand for, and for each whether its
        job says that it is queued."""
        shares = self._shares(limit, open_queues, weights)
        if not shares:
            return {}
        popped = self._pop(shares)
        return self._check(popped) if popped else {}

    def _shares(
        self, limit: int, open_queues: Collection[tuple[str, str]], weights: Mapping[str, int]
    ) -> Shares:
        looked_at = self._worth_a_look(frozenset(open_queues)) if limit > 0 else []
        if not looked_at:
            return {}
        with self._redis.pipeline(transaction=False) as pipe:
            for cluster, plural in looked_at:
                pipe.llen(jobs.queue_key(cluster, plural))
            lengths = pipe.execute()
        waiting: dict[str, dict[str, int]] = defaultdict(dict)
        for (cluster, plural), length in zip(looked_at, lengths, strict=True):
            waiting[cluster][plural] = length
        shares = self._turns.share(limit, waiting, weights)
        for (cluster, plural), length in zip(looked_at, lengths, strict=True):
            if length > shares.get((cluster, plural), 0):
                self._awake.add(cluster)
        return shares

    def _worth_a_look(self, open_queues: frozenset[tuple[str, str]]) -> list[tuple[str, str]]:
        """The queues that may hold something; their clusters count as asleep until seen."""
        now = time.monotonic()
        awake = list(self._awake)
        self._awake.difference_update(awake)
        if self._bell is None or now >= self._next_look or not open_queues <= self._open:
            self._open = open_queues
            self._next_look = now + LOOK_EVERY_S
            return list(open_queues)
        return [queue for queue in open_queues if queue[0] in awake]

    def _pop(self, shares: Shares) -> list[tuple[str, bytes]]:
        """The names of queues and the job ids taken from them."""
        with self._redis.pipeline(transaction=False) as pipe:
            for (cluster, plural), count in shares.items():
                pipe.lpop(jobs.queue_key(cluster, plural), count)
            ids_by_queue = zip(shares, pipe.execute(), strict=True)
        return [(jobs.queue_name(*queue), id_) for queue, ids in ids_by_queue for id_ in ids or ()]

    def _check(self, popped: Sequence[tuple[str, bytes]]) -> dict[Key, bool]:
        """Keys whose jobs are as we make them, and whether those say that they are queued.

        All others are refused: nothing they name is imported, nothing they hold unpickled.
        """
        tokens: dict[Key, bool] = {}
        refused: list[tuple[str, str, bytes, str]] = []
        with self._redis.pipeline(transaction=False) as pipe:
            for _, token in popped:
                pipe.hmget(Job.redis_job_namespace_prefix.encode() + token, "data", "status")
            answers = pipe.execute(raise_on_error=False)
        for (name, token), answer in zip(popped, answers, strict=True):
            id_ = token.decode(errors="replace")
            key = jobs.key_of(id_)
            payload, status = answer if isinstance(answer, list) else (b"", b"")
            if why := jobs.objection(key, name, payload):
                refused.append((name, id_, payload or b"", why))
            elif key is not None:
                tokens[key] = status == b"queued"
        self._refuse(refused)
        return tokens

    def _refuse(self, refused: Sequence[tuple[str, str, bytes, str]]) -> None:
        if not refused:
            return
        with self._redis.pipeline() as pipe:
            for name, id_, payload, why in refused:
                _log.warning("job refused", extra={"queue": name, "job": id_, "why": why})
                jobs.refuse(self._redis, pipe, name, id_, payload, why)
            pipe.execute()
