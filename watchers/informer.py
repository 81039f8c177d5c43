"""Writes what one stream says into the store, and gives the keys that it wakes a job.

Events gather while a write is under way, so batches grow with the load. A batch, its dirty marks
and the stream's new position are one atomic step; jobs come after it, and when a crash comes
between them the sweeper finds the marks. A list is believed about what it has; what it lacks is
looked for first (`watchers.doubt`).
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from common.errors import PositionError, RetryError
from common.kube.served import Record
from common.objects import Obj, field_of
from common.pace import Pace
from common.store import Change, Mode, Store, complete_until
from common.workqueue import WorkQueue
from watchers.changes import change_of, is_named, is_news, newest
from watchers.doubt import Get, believe, sample
from watchers.history import History
from watchers.odd import Odd
from watchers.reflector import Event
from watchers.streams import Stream
from watchers.turnstile import Turnstile
from watchers.versions import latest, older, version_of

BATCH = 512
CHANGING = "changing"
Result = TypeVar("Result")


class Informer:
    """A sink for a Reflector; `run` does the writing and must run beside it.

    `held` says whether this process still has the stream's lease. `key` is what the virtual
    cluster's Secret digests are made with. `get` reads an object from the stream's server.
    `turnstile` is shared by all streams. `synced`: a full list is in the store.
    """

    def __init__(
        self,
        stream: Stream,
        store: Store,
        queue: WorkQueue,
        key: bytes,
        held: Callable[[], bool],
        get: Get,
        clock: Callable[[], float] = time.monotonic,
        turnstile: Turnstile | None = None,
    ) -> None:
        self.synced = False
        self._stream = stream
        self._where = (stream.cluster.name, stream.side, stream.kind.plural)
        self._store = store
        self._queue = queue
        self._key = key
        self._held = held
        self._get = get
        self._odd = Odd(stream)
        self._history = History(stream.id, clock)
        self._gathered: list[Event] = []
        self._writing = False
        self._turn = asyncio.Condition()
        self._pace = Pace()
        self._turnstile = turnstile or Turnstile({})
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
            await self._pace.wait()
            async with self._turn:
                events, self._gathered = self._gathered, []
                self._writing = True
                self._turn.notify_all()
            self._pace.took(len(events))
            async with self._turnstile.turn(self._where[0], len(events)):
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
        self._history.begin(complete_until(self._position))
        self._listed.clear()

    async def listed(self, objects: list[Obj], version: str) -> None:
        for start in range(0, len(objects), BATCH):
            some = objects[start : start + BATCH]
            async with self._turnstile.turn(self._where[0], len(some)):
                await _finish(partial(self._write_listed, some, version))

    async def list_done(self, version: str) -> bool:
        """See `Sink`."""
        if not version.isdecimal():
            raise RetryError(f"list of {self._stream.id} has no version")
        if not self._history.accepts(version):
            return False
        if not self._stream.optional:
            await believe(self._stream, self._get, await _finish(partial(self._doubted, version)))
        await _finish(partial(self._finish_list, version))
        self._listed.clear()
        self._history.done()
        self.synced = True
        return True

    async def leave(self, record: Record, *, synced: bool) -> None:
        """Note that the server doesn't serve the stream; when it's gone, so are its objects."""
        await _finish(partial(self._leave, record, synced))

    def _resume(self) -> str:
        """What was asked for otherwise, in another API version say, is no position of ours, and
        objects keep their versions in it."""
        self.synced, self._position, self._record, shape = self._store.stream(*self._where)
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
        """What a server tells again, though it told more before, is no way back."""
        for _, obj in events:
            if not is_named(obj) and not version_of([("", obj)]):
                self._odd.skip(obj, "neither an object nor a bookmark")
        known = [event for event in events if is_named(event[1])]
        changes = [
            change
            for kind, obj in newest(known)
            if (change := self._change_of(obj, deleted=kind == "DELETED"))
        ]
        version = latest(self._position, version_of(events))
        if not changes:
            self._advance(version)
            return
        self._must_hold()
        self._put(changes, move_to=version)

    def _change_of(self, obj: Obj, *, deleted: bool = False) -> Change | None:
        """None for what the store doesn't keep, and for what can't be understood."""
        try:
            return change_of(self._stream, obj, deleted, self._key)
        except Exception as error:
            self._odd.skip(obj, error)
            if self._stream.side == "virtual" and is_named(obj):
                self._listed.add(field_of(obj))
            return None

    def _write_listed(self, objects: list[Obj], version: str) -> None:
        changes = [
            replace(change, known_at=version) for obj in objects if (change := self._change_of(obj))
        ]
        self._listed.update(change.field for change in changes)
        now_s = time.time()
        news = (change for change in changes if is_news(self._stream, change, now_s))
        self._put(news, self._mode(version))

    def _mode(self, version: str) -> Mode:
        """How what is listed at this version is stored."""
        if self._history.rebuilds(version):
            return "rebuild"
        return "again" if self._again else ""

    def _lacked(self, version: str) -> list[str]:
        """What the store has and the list hasn't, unless it's newer than the list."""
        any_version = self._history.went_back
        return [
            field
            for field, stored_version in self._store.versions(*self._where).items()
            if field not in self._listed and (any_version or not older(version, stored_version))
        ]

    def _doubted(self, version: str) -> dict[str, Obj]:
        """Some of that, as it is stored."""
        cluster, side, plural = self._where
        fields = sample(self._lacked(version))
        pairs = self._store.pairs(cluster, plural, fields)
        stored = (virtual if side == "virtual" else host for virtual, host in pairs)
        return {field: obj for field, obj in zip(fields, stored, strict=True) if obj}

    def _finish_list(self, version: str) -> None:
        """What the list lacks is gone. From now on an answer as old as the list doesn't bring back
        what isn't stored; else it could, behind our back."""
        if not self._history.went_back:
            self._close_list(version)
        gone = [Change(field, version, None) for field in self._lacked(version)]
        for start in range(0, len(gone), BATCH):
            self._put(gone[start : start + BATCH], self._mode(version))
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

    def _close_list(self, version: str) -> None:
        self._must_hold()
        mark = self._store.close_list(*self._where, self._position, version)
        if not mark:
            raise PositionError(f"stream {self._stream.id}: its position in Redis changed")
        self._position = mark

    def _put(self, changes: Iterable[Change], mode: Mode = "", move_to: str = "") -> None:
        at = self._position
        put = self._store.put(*self._where, list(changes), mode=mode, position=at, move_to=move_to)
        self._position = move_to or at
        self._push(put)

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
    running = asyncio.get_running_loop().run_in_executor(None, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        running.exception()  # else asyncio complains that nobody looked at it
        raise
