"""Whose events are written next, when there are more than can be written at once.

Without it an event of a regular virtual cluster would stand behind a batch of every stream of each
greedy one; so would all else that needs a thread, the renewal of leases too.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

AT_ONCE = 2
"""Python computes for one at a time anyhow; the other one waits for Redis meanwhile."""


class Turnstile:
    """Stride scheduling, as in `common.workqueue.turns`: each event moves its virtual cluster back
    by 1/weight, and the one that is furthest in front is next; one that comes is level with the
    others. `weights` by virtual cluster; without one it's 1. For one event loop."""

    def __init__(self, weights: Mapping[str, int], at_once: int = AT_ONCE) -> None:
        self._weights = weights
        self._free = at_once
        self._passes: dict[str, float] = {}
        self._level = 0.0
        self._waiting: dict[str, deque[tuple[asyncio.Future[None], int]]] = {}

    @asynccontextmanager
    async def turn(self, cluster: str, events: int = 1) -> AsyncIterator[None]:
        """Waits for one, and has it while the context lasts."""
        if self._free:
            self._free -= 1
            self._charge(cluster, events)
        else:
            await self._wait(cluster, events)
        try:
            yield
        finally:
            self._leave()

    async def _wait(self, cluster: str, events: int) -> None:
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(cluster, deque()).append((mine, events))
        try:
            await mine
        except asyncio.CancelledError:
            if not mine.cancelled():
                self._leave()  # it had just become our turn
            raise

    def _leave(self) -> None:
        """Whoever waits and is furthest in front is next."""
        while self._waiting:
            cluster = min(self._waiting, key=self._place)
            future, events = self._waiting[cluster].popleft()
            if not self._waiting[cluster]:
                del self._waiting[cluster]
            if not future.cancelled():
                self._charge(cluster, events)
                future.set_result(None)
                return
        self._free += 1

    def _charge(self, cluster: str, events: int) -> None:
        self._level = self._place(cluster)[0]
        self._passes[cluster] = self._level + events / self._weights.get(cluster, 1)

    def _place(self, cluster: str) -> tuple[float, float]:
        """Of those that are level the one that came last is before those that have been at it."""
        own = self._passes.get(cluster, 0.0)
        return max(own, self._level), own
