"""Writes what one stream says into the store, and gives the keys that it wakes a job.

Events gather while a write is under way, so batches grow with the load. The order of a write is
store, jobs, position: a crash in between replays, it never skips.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TypeVar

from common.errors import PositionError, RetryError
from common.objects import Obj, meta
from common.served import Record
from common.store import Change, Store
from common.workqueue import WorkQueue
from watchers.changes import change_of, is_news, newest
from watchers.reflector import Event
from watchers.streams import Stream

BATCH = 512
CHANGING = "changing"
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
        self._record: Record | None = None
        self._again = self._reshaped = False

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
        self._position = await _finish(self._begin_list)
        self._listed.clear()

    async def listed(self, objects: list[Obj]) -> None:
        for start in range(0, len(objects), BATCH):
            await _finish(partial(self._write_listed, objects[start : start + BATCH]))

    async def list_done(self, version: str) -> None:
        await _finish(partial(self._finish_list, version))
        self._listed.clear()
        self.synced = True

    async def leave(self, record: Record, *, synced: bool) -> None:
        """Note that the server doesn't serve the stream; when it's gone, so are its objects."""
        await _finish(partial(self._leave, record, synced))

    def _resume(self) -> str:
        """What was asked for otherwise, in another API version say, is no position of ours, and
        objects keep their versions in it."""
        cluster, side, plural = self._where
        self.synced = (side, plural) in self._store.synced(cluster)
        self._position = self._store.position(*self._where)
        self._record = self._store.record(*self._where)
        shape = self._store.shape(*self._where)
        self._again = shape != self._stream.shape
        self._reshaped = self._again and shape != ""
        same = not self._again and self._record == self._ready
        return self._position if self.synced and same else ""

    @property
    def _ready(self) -> Record | None:
        """The stream's record while it's complete in the store."""
        served = self._stream.served
        return Record("ready", served) if served else None

    def _begin_list(self) -> str:
        """Until a list of another shape is complete the stream is of none: it may have woken keys
        already when somebody serves it in the shape of before again."""
        if self._reshaped:
            self._store.set_shape(*self._where, CHANGING)
        if self._record != self._ready:
            self._note(Record("away", self._record.served if self._record else None))
        return self._store.begin_list(*self._where)

    def _leave(self, record: Record, synced: bool) -> None:
        self._must_hold()
        if record.standing == "gone":
            cluster, side, plural = self._where
            self._push(self._store.clear_stream(cluster, side, plural))
        self._store.leave_stream(*self._where, record, synced=synced)
        self.synced = self.synced or synced

    def _note(self, record: Record | None) -> None:
        if record != self._record:
            self._store.set_record(*self._where, record)
            self._record = record

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
        now_s = time.time()
        news = (change for change in changes if is_news(self._stream, change, now_s))
        self._put(news, again=self._again)

    def _finish_list(self, version: str) -> None:
        """What the store has and the list hasn't is gone, unless it's newer than the list."""
        stored = self._store.versions(*self._where)
        gone = [
            Change(field, version, None)
            for field, stored_version in stored.items()
            if field not in self._listed and int(stored_version) <= int(version)
        ]
        for start in range(0, len(gone), BATCH):
            self._put(gone[start : start + BATCH])
        if self._reshaped:
            self._wake_virtual()
        self._must_hold()
        self._store.set_shape(*self._where, self._stream.shape)
        self._again = self._reshaped = False
        self._advance(version)
        self._note(self._ready)
        self._store.set_synced(*self._where)

    def _wake_virtual(self) -> None:
        """After a change of shape on the host also what isn't there has to be looked at: it may
        have been removed while nobody watched the virtual objects."""
        cluster, side, plural = self._where
        if side == "host" and "virtual" in self._stream.kind.sides(self._stream.cluster):
            fields = list(self._store.versions(cluster, "virtual", plural))
            for start in range(0, len(fields), BATCH):
                members = [f"{plural} {field}" for field in fields[start : start + BATCH]]
                self._queue.add(cluster, members)

    def _put(self, changes: Iterable[Change], *, again: bool = False) -> None:
        self._push(self._store.put(*self._where, list(changes), again=again))

    def _push(self, woken: list[str]) -> None:
        if woken:
            self._queue.push(self._where[0], woken)

    def _must_hold(self) -> None:
        if not self._held():
            raise RetryError(f"stream {self._stream.id}: the lease is lost")

    def _advance(self, version: str) -> None:
        self._must_hold()
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
