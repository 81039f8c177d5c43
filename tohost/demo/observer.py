"""Follows both clusters and measures how long changes take to get from one to the other."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from common.objects import Obj, name_of, namespace_of
from sandbox.client import Client
from tohost.demo.api import GROUPS, Key, collection, origin

Holds = Callable[[Obj | None], bool]
"""Whether a host object (None: there is none) shows the change."""


@dataclass(slots=True)
class Change:
    """A change in the virtual cluster; `latency_s` until the host showed it, None so far."""

    key: Key
    holds: Holds
    scene: str
    began_s: float
    latency_s: float | None = None


@dataclass(slots=True)
class Row:
    """What is known of one virtual object, and of the host object that says it is for it."""

    virtual: Obj | None = None
    host: Obj | None = None
    changes: list[Change] = field(default_factory=list)


def exists(host: Obj | None) -> bool:
    return host is not None


def gone(host: Obj | None) -> bool:
    return host is None or bool(host["metadata"].get("deletionTimestamp"))


class Observer:
    """`rows` by key, in the order in which they were first seen; `scene` marks new changes."""

    def __init__(self, virtual: Client, host: Client, host_namespace: str) -> None:
        self.rows: dict[Key, Row] = {}
        self.scene = "application"
        self._clients = (virtual, host)
        self._host_namespace = host_namespace
        self._tasks: list[asyncio.Task[None]] = []
        self._moved = asyncio.Event()

    def start(self) -> None:
        virtual, host = self._clients
        for plural in GROUPS:
            self._tasks.append(asyncio.create_task(self._follow_virtual(virtual, plural)))
            self._tasks.append(asyncio.create_task(self._follow_host(host, plural)))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def changes(self) -> list[Change]:
        return [change for row in self.rows.values() for change in row.changes]

    def expect(self, key: Key, holds: Holds) -> Change:
        """Measure from now on until the host object of `key` satisfies `holds`."""
        change = Change(key, holds, self.scene, time.perf_counter())
        row = self.rows.setdefault(key, Row())
        row.changes.append(change)
        return change

    async def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a condition on what is seen; False when it didn't come to hold in time."""
        deadline = time.perf_counter() + timeout_s
        while not condition():
            left_s = deadline - time.perf_counter()
            if left_s <= 0:
                return False
            self._moved.clear()
            # Not wait_for: before Python 3.12 it can lose a cancellation that meets the event.
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left_s, 0.5)):
                    await self._moved.wait()
        return True

    async def settled(self, timeout_s: float) -> bool:
        """Wait until every change so far has been seen on the host."""
        return await self.until(
            lambda: all(change.latency_s is not None for change in self.changes), timeout_s
        )

    async def _follow_virtual(self, client: Client, plural: str) -> None:
        async for kind, obj in client.follow(collection(plural)):
            row = self.rows.setdefault((plural, namespace_of(obj), name_of(obj)), Row())
            row.virtual = None if kind == "DELETED" else obj
            self._moved.set()

    async def _follow_host(self, client: Client, plural: str) -> None:
        async for kind, obj in client.follow(collection(plural, self._host_namespace)):
            key = origin(plural, obj)
            if key is None:
                continue
            row = self.rows.setdefault(key, Row())
            row.host = None if kind == "DELETED" else obj
            self._measure(row)
            self._moved.set()

    def _measure(self, row: Row) -> None:
        now_s = time.perf_counter()
        for change in row.changes:
            if change.latency_s is None and change.holds(row.host):
                change.latency_s = now_s - change.began_s


def percentile_ms(changes: list[Change], fraction: float) -> float:
    """The latency that this fraction of the changes did not exceed; 0 when there are none."""
    latencies = sorted(change.latency_s for change in changes if change.latency_s is not None)
    if not latencies:
        return 0.0
    return 1000 * latencies[min(int(fraction * len(latencies)), len(latencies) - 1)]
