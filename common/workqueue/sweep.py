"""The sweeper: queues again what is due, what dead workers left, and what lost its job.

It knows beforehand when there is something to do: keys that are put off here, and what the last
sweep of a virtual cluster told of the next one. Before that it asks Redis nothing. What other
workers know, who may be dead, one of all asks for every few seconds. So a virtual cluster where
nothing happens costs hardly anything, however many workers there are.
"""

import random
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from redis import Redis
from rq.utils import as_text

from common.clock import running_s
from common.keys import redis_prefix
from common.workqueue.heal import Healer, push
from common.workqueue.records import clear, drop_runs, keys_of
from common.workqueue.state import Scripts
from common.workqueue.turn import Turn

SWEEP_EVERY_S = 2.0
"""Shorter than what counts as a leap of Redis' clock (see lua/state.lua)."""
SOON_S = 0.2
ALL_EVERY = 3
"""Every so many turns keys that are put off are asked for everywhere."""
RUNNING_EVERY_S = 1.0
CLEAR_EVERY_S = 10.0
CLOSELY_EVERY_S = 120.0
LIMIT = 1000
"""Keys moved per cluster and sweep, so that no sweep blocks Redis for long."""


class Sweeper:
    """Of `clusters`. Each worker has one and calls it every 200 ms. `clock` gives seconds, any
    start; `chance` draws from [0, 1)."""

    def __init__(
        self,
        redis: Redis,
        scripts: Scripts,
        clusters: Collection[str],
        clock: Callable[[], float] = running_s,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._redis = redis
        self._scripts = scripts
        self._clusters = list(clusters)
        self._clock = clock
        self._chance = chance
        self._times = _Times()
        self._turn = Turn(redis, "sweep", clusters, SWEEP_EVERY_S)
        self._clear = Turn(redis, "clear", clusters, CLEAR_EVERY_S)
        self._healer = Healer(redis, scripts)
        self._suspicious: set[str] = set()
        self._turns = -1

    @property
    def due(self) -> bool:
        """Whether `sweep` has anything to ask."""
        return self._turn.due or self._times.first <= self._clock()

    def expect(self, cluster: str, wait_s: float) -> None:
        """A key was put off here for so long."""
        self._times.add(cluster, self._clock() + max(wait_s, SOON_S))

    def sweep(self, force: bool = False) -> int:
        """Returns how many keys were queued again. `force`: whatever is done now and then is done
        now, for tests."""
        mine = force or self._turn.take()
        moved = self._queue_overdue(self._whom(mine, force))
        if mine:
            healed = self._healer.heal(self._worth_a_look(force), force)
            self._suspicious |= healed.keys()
            moved += sum(healed.values())
        if force or (mine and self._clear.take()):
            clear(self._redis, self._scripts, self._clusters)
        return moved

    def _whom(self, mine: bool, force: bool) -> Collection[str]:
        """The virtual clusters to sweep now: those where something is known to be due; where keys
        run, of workers that may be dead; and all of them every few seconds."""
        self._turns += mine
        if force or (mine and self._turns % ALL_EVERY == 0):
            self._times.take(float("inf"))
            return self._clusters
        known = self._times.take(self._clock())
        return {*known, *self._running()} if mine else known

    def _running(self) -> list[str]:
        with self._redis.pipeline(transaction=False) as pipe:
            for cluster in self._clusters:
                pipe.zcard(f"{redis_prefix(cluster)}:running")
            counts = pipe.execute()
        return [cluster for cluster, count in zip(self._clusters, counts, strict=True) if count]

    def _worth_a_look(self, force: bool) -> list[str]:
        """Virtual clusters where keys ought to be in a queue by now; and each one now and then."""
        part = 1 if force else SWEEP_EVERY_S / CLOSELY_EVERY_S
        return [c for c in self._clusters if c in self._suspicious or self._chance() < part]

    def _queue_overdue(self, clusters: Collection[str]) -> int:
        if not clusters:
            return 0
        with self._redis.pipeline(transaction=False) as pipe:
            for cluster in clusters:
                self._scripts.sweep(pipe, cluster, LIMIT)
            answers = pipe.execute()
        overdue = {}
        for cluster, answer in zip(clusters, answers, strict=True):
            swept = _Swept.read(answer)
            self._note(cluster, swept)
            if swept.expired or swept.due:
                overdue[cluster] = swept
        return self._push(overdue) if overdue else 0

    def _note(self, cluster: str, swept: "_Swept") -> None:
        """When to sweep it next, and whether to look for lost jobs."""
        now = self._clock()
        if swept.next_s is not None:
            self._times.add(cluster, now + max(swept.next_s, SOON_S))
        if swept.running:
            self._times.add(cluster, now + RUNNING_EVERY_S)
        if swept.queued:
            self._suspicious.add(cluster)
        else:
            self._suspicious.discard(cluster)

    def _push(self, overdue: "dict[str, _Swept]") -> int:
        with self._redis.pipeline(transaction=False) as pipe:
            for cluster, swept in overdue.items():
                drop_runs(self._redis, pipe, keys_of(cluster, swept.expired))
                push(self._redis, pipe, cluster, [*swept.expired, *swept.due])
            pipe.execute()
        return sum(len(swept.expired) + len(swept.due) for swept in overdue.values())


@dataclass(frozen=True, slots=True)
class _Swept:
    """What lua/sweep.lua answers for a virtual cluster: members whose lease expired, and whose
    delay is over; in how many seconds the next one's is; whether any run; whether any key ought to
    be in a queue."""

    expired: list[str]
    due: list[str]
    next_s: float | None
    running: bool
    queued: bool

    @classmethod
    def read(cls, answer: Sequence[Any]) -> "_Swept":
        expired, due, next_s, running, queued = answer
        wait_s = float(next_s) if next_s else None
        return cls(
            [as_text(each) for each in expired],
            [as_text(each) for each in due],
            wait_s,
            bool(running),
            bool(queued),
        )


class _Times:
    """When to sweep which virtual cluster. Safe for threads: runs end in others than sweeps."""

    def __init__(self) -> None:
        self.first = float("inf")
        self._at: dict[str, float] = {}
        self._lock = Lock()

    def add(self, cluster: str, at: float) -> None:
        with self._lock:
            self._at[cluster] = min(at, self._at.get(cluster, float("inf")))
            self.first = min(at, self.first)

    def take(self, now: float) -> list[str]:
        """Those whose time has come."""
        with self._lock:
            found = [cluster for cluster, at in self._at.items() if at <= now]
            for cluster in found:
                del self._at[cluster]
            self.first = min(self._at.values(), default=float("inf"))
            return found
