"""Writes what one stream says into the store, and gives the keys that it wakes a job.

Events gather while a write is under way, so batches grow with the load. The order of a write is
store, jobs, position: a crash in between replays, it never skips.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from common.errors import PositionError, RetryError
from common.objects import Obj, meta
from common.store import Change, Store
from common.workqueue import WorkQueue
from watchers.changes import change_of, newest
from watchers.reflector import Event
from watchers.streams import Stream

BATCH = 512
Result = TypeVar("Result")


class Informer:
    """A sink for a Reflector; `run` does the writing and must run beside it.

    `held` says whether this process still has the stream's lease. `key` is what the virtual
    cluster's Secret digests are made with. `synced`: a full list is in the store.
    """

    def __init__(
        self, stream: Stream, store: Store, queue: WorkQueue, key: bytes, held: Callable[[], bool]
    ) -> None:
        self.synced = False
        self._stream = stream
        self._where = (stream.cluster.name, stream.side, stream.kind.plural)
        self._store = store
        self._queue = queue
        self._key = key
        self._held = held
        self._gathered: list[Event] = []
        self._writing = False
        self._turn = asyncio.Condition()
        self._listed: set[str] = set()
        self._position = ""

    async def resume(self) -> str:
        """The position to watch from, "" when a list must come first. Asks the store."""
        return await _finish(self._resume)

    async def run(self) -> None:
        """Write batches for ever. Raises what the store and the queue raise."""
        while True:
            async with self._turn:
                self._writing = False
                self._turn.notify_all()
                await self._turn.wait_for(lambda: self._gathered)
                events, self._gathered = self._gathered, []
                self._writing = True
                self._turn.notify_all()
            await _finish(partial(self._write_events, events))

    async def events(self, events: list[Event]) -> None:
        """Returns at once while there's room, else when the batch under way is written."""
        async with self._turn:
            await self._turn.wait_for(lambda: len(self._gathered) < BATCH)
            self._gathered.extend(events)
            self._turn.notify_all()

    async def list_started(self) -> None:
        """Waits for earlier events, whose position must not come after the list's."""
        async with self._turn:
            await self._turn.wait_for(lambda: not self._gathered and not self._writing)
        self._position = await _finish(partial(self._store.begin_list, *self._where))
        self._listed.clear()

    async def listed(self, objects: list[Obj]) -> None:
        for start in range(0, len(objects), BATCH):
            await _finish(partial(self._write_listed, objects[start : start + BATCH]))

    async def list_done(self, version: str) -> None:
        await _finish(partial(self._finish_list, version))
        self._listed.clear()
        self.synced = True

    def _resume(self) -> str:
        cluster, side, plural = self._where
        self.synced = (side, plural) in self._store.synced(cluster)
        self._position = self._store.position(*self._where)
        return self._position if self.synced else ""

    def _write_events(self, events: list[Event]) -> None:
        self._put(
            change
            for kind, obj in newest(events)
            if (change := change_of(self._stream, obj, kind == "DELETED", self._key))
        )
        self._advance(str(meta(events[-1][1]).get("resourceVersion") or ""))

    def _write_listed(self, objects: list[Obj]) -> None:
        changes = [
            change for obj in objects if (change := change_of(self._stream, obj, False, self._key))
        ]
        self._listed.update(change.field for change in changes)
        self._put(changes)

    def _finish_list(self, version: str) -> None:
        """What the store has and the list hasn't is gone, unless it's newer than the list."""
        stored = self._store.versions(*self._where)
        gone = [
            Change(field, version, None)
            for field, stored_version in stored.items()
            if field not in self._listed and int(stored_version) < int(version)
        ]
        for start in range(0, len(gone), BATCH):
            self._put(gone[start : start + BATCH])
        self._advance(version)
        self._store.set_synced(*self._where)

    def _put(self, changes: Iterable[Change]) -> None:
        cluster, side, plural = self._where
        woken = self._store.put(cluster, side, plural, list(changes))
        if woken:
            self._queue.push(cluster, woken)

    def _advance(self, version: str) -> None:
        if not self._held():
            raise RetryError(f"stream {self._stream.id}: the lease is lost")
        if not version:
            return
        if not self._store.move_position(*self._where, self._position, version):
            raise PositionError(f"stream {self._stream.id}: its position in Redis changed")
        self._position = version


async def _finish(work: Callable[[], Result]) -> Result:
    """Run blocking work in a thread; a cancelled caller waits until the thread is through."""
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
