"""The side of the workqueue that looks for tokens: which queues hold some, whose turn it is, and
whether a token is one of ours.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias

from redis import Redis
from rq.job import Job

from common.keys import Key
from common.process.logs import get_log
from common.workqueue import jobs
from common.workqueue.bell import Bell, ring
from common.workqueue.turns import Admission, Shares, Turns

LOOK_EVERY_S = 2.0

_log = get_log(__name__)

Place: TypeAlias = tuple[str, str]
"""A queue by (cluster, plural)."""
Popped: TypeAlias = list[tuple[str, bytes]]
"""The names of queues and the job ids taken from them."""


class Token(NamedTuple):
    """What a job says of its key. queued: that it is; since: from when on, in Unix seconds by the
    date of who queued it, 0 when that isn't known."""

    queued: bool
    since: float


class Intake:
    """`held_back`: in the last batch was room, but not for all that waits, by its admission."""

    def __init__(self, redis: Redis) -> None:
        self.held_back = False
        self._redis = redis
        self._turns = Turns()
        self._bell = Bell(redis)
        self._open: frozenset[Place] = frozenset()
        self._keys_of: frozenset[Place] = frozenset()
        self._keys: list[str] = []
        self._awake: set[Place] = set()
        self._rung: dict[Place, int] = {}
        self._waits = False
        self._next_look = 0.0

    def wait(self, timeout_s: float) -> None:
        """See WorkQueue.wait."""
        self._waits = True
        left_s = min(timeout_s, self._next_look - time.monotonic())
        self._rung = _places(self._bell.wait(left_s))

    def close(self) -> None:
        """What was not looked at is left to others."""
        ring(self._redis, [jobs.queue_name(*queue) for queue in {*self._awake, *self._rung}])

    def pop(
        self,
        limit: int,
        open_queues: frozenset[Place],
        weights: Mapping[str, int],
        admission: Admission,
        may_take: Callable[[Place], bool],
    ) -> dict[Key, Token]:
        """Take up to `limit` tokens. Answers them by the keys they stand for."""
        self.held_back = False
        if limit <= 0:
            return {}
        queues, rung = self._worth_a_look(open_queues)
        mine = [queue for queue in queues if queue in open_queues and may_take(queue)]
        if len(mine) == 1:
            popped = self._pop_from(mine[0], limit, weights, admission)
        else:
            popped = self._pop_fairly(mine, limit, weights, admission) if mine else []
        left = self._awake if self.held_back else set()
        self._pass_on({q: hops for q, hops in rung.items() if q in left or q not in mine})
        return self._check(popped) if popped else {}

    def _worth_a_look(
        self, open_queues: frozenset[Place]
    ) -> tuple[Collection[Place], Mapping[Place, int]]:
        """The queues that may hold something; they count as asleep until something is seen. And
        those of them that the bell told us of."""
        now, rung = time.monotonic(), self._rung
        if self._awake or rung:  # there may be more; else `wait` hears it
            rung |= _places(self._bell.poll())
        awake, self._awake, self._rung = self._awake | rung.keys(), set(), {}
        new = open_queues is not self._open and not open_queues <= self._open
        self._open = open_queues
        if not self._waits or now >= self._next_look or new:
            self._next_look = now + LOOK_EVERY_S
            awake |= self._of_busy_clusters()
        return awake, rung

    def _of_busy_clusters(self) -> set[Place]:
        """The open queues of virtual clusters of which some queue isn't empty."""
        if not self._any():
            return set()
        by_cluster: dict[str, list[Place]] = defaultdict(list)
        for queue in self._open:
            by_cluster[queue[0]].append(queue)
        with self._redis.pipeline(transaction=False) as pipe:
            for queues in by_cluster.values():
                # As a plain command: on a Redis Cluster redis-py would ask for each key apart.
                keys = [jobs.queue_key(*queue) for queue in queues]
                pipe.execute_command("EXISTS", *keys)  # type: ignore[no-untyped-call]
            counts = pipe.execute() if by_cluster else []
        busy = zip(by_cluster.values(), counts, strict=True)
        return {queue for queues, count in busy if count for queue in queues}

    def _any(self) -> bool:
        """Whether some open queue isn't empty; one command for all, as nearly always none is. All
        of RQ's keys share a slot on a Redis Cluster."""
        if self._keys_of is not self._open:
            self._keys_of, self._keys = self._open, [jobs.queue_key(*each) for each in self._open]
        if not self._keys:
            return False
        return bool(self._redis.execute_command("EXISTS", *self._keys))  # type: ignore[no-untyped-call]

    def _pop_from(
        self, queue: Place, limit: int, weights: Mapping[str, int], admission: Admission
    ) -> Popped:
        """Nobody else waits, so it needn't be known how much there is."""
        cluster, plural = queue
        admits = admission([cluster])
        room = next((n for n in range(limit) if not admits(cluster, n, n)), limit)
        popped = self._pop({queue: room}) if room else []
        self._turns.share(len(popped), {cluster: {plural: len(popped)}}, weights)
        if len(popped) == room:
            self._awake.add(queue)
            self.held_back = room < limit
            if not self.held_back:
                ring(self._redis, [jobs.queue_name(*queue)])
        return popped

    def _pop_fairly(
        self,
        queues: Sequence[Place],
        limit: int,
        weights: Mapping[str, int],
        admission: Admission,
    ) -> Popped:
        """Others hear of what is left because the batch is full."""
        with self._redis.pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.llen(jobs.queue_key(*queue))
            lengths = dict(zip(queues, pipe.execute(), strict=True))
        waiting: dict[str, dict[str, int]] = defaultdict(dict)
        for (cluster, plural), length in lengths.items():
            waiting[cluster][plural] = length
        shares = self._turns.share(limit, waiting, weights, admission)
        more = [queue for queue, length in lengths.items() if length > shares.get(queue, 0)]
        self._awake.update(more)
        self.held_back = bool(more) and sum(shares.values()) < limit
        return self._pop(shares, () if self.held_back else more)

    def _pop(self, shares: Shares, left: Iterable[Place] = ()) -> Popped:
        with self._redis.pipeline(transaction=False) as pipe:
            for queue, count in shares.items():
                pipe.lpop(jobs.queue_key(*queue), count)
            ring(pipe, [jobs.queue_name(*queue) for queue in left])
            ids_by_queue = zip(shares, pipe.execute(), strict=False)
        return [(jobs.queue_name(*queue), id_) for queue, ids in ids_by_queue for id_ in ids or ()]

    def _pass_on(self, rung: Mapping[Place, int]) -> None:
        """What the bell told us of and we may not take, perhaps others may."""
        for queue, hops in rung.items():
            ring(self._redis, [jobs.queue_name(*queue)], hops + 1)

    def _check(self, popped: Iterable[tuple[str, bytes]]) -> dict[Key, Token]:
        """Keys whose jobs are as we make them, and what these say.

        All others are refused: nothing they name is imported, nothing they hold unpickled.
        """
        tokens: dict[Key, Token] = {}
        refused: list[tuple[str, str, bytes, str]] = []
        with self._redis.pipeline(transaction=False) as pipe:
            for _, token in popped:
                name_of_job = Job.redis_job_namespace_prefix.encode() + token
                pipe.hmget(name_of_job, "data", "status", "enqueued_at")
            answers = pipe.execute(raise_on_error=False)
        for (name, token), answer in zip(popped, answers, strict=True):
            id_ = token.decode(errors="replace")
            key = jobs.key_of(id_)
            payload, status, since = answer if isinstance(answer, list) else (b"", b"", b"")
            if why := jobs.objection(key, name, payload):
                refused.append((name, id_, payload or b"", why))
            elif key is not None:
                tokens[key] = Token(status == b"queued", _unix_s(since))
        self._refuse(refused)
        return tokens

    def _refuse(self, refused: Sequence[tuple[str, str, bytes, str]]) -> None:
        if not refused:
            return
        with self._redis.pipeline() as pipe:
            for name, id_, payload, why in refused:
                _log.warning("job refused", queue=name, job=id_, why=why)
                jobs.refuse(self._redis, pipe, name, id_, payload, why)
            pipe.execute()


def _unix_s(date: bytes | None) -> float:
    """What RQ writes, or anybody: 0 for what is no date."""
    try:
        return datetime.fromisoformat((date or b"").decode()).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def _places(rung: Mapping[str, int]) -> dict[Place, int]:
    return {jobs.place_of(name): hops for name, hops in rung.items()}
