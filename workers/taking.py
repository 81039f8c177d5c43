"""Takes keys from the workqueue, in batches, as long as there is room for them; see `Room`."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from redis.exceptions import RedisError

from common.keys import Key
from common.pace import Pace
from common.redis.trouble import Troubles
from common.workqueue import Taken, WorkQueue
from workers.room import Room
from workers.snapshots import Snapshot, SnapshotReader

BATCH = 64
WAIT_S = 2.0
CLOSED_WAIT_S = 0.5
HELD_BACK_S = 0.025
PAUSE_S = 1.0
TAKING = "taking"


class Taking:
    """`run` takes keys of the `open` queues, unless `may_take` has one wait, reads what their plans
    look at, and calls `begin` with both. Whoever works on a key says with `ended` that it's given
    back. Queues are (cluster, plural)."""

    def __init__(
        self,
        queue: WorkQueue,
        reader: SnapshotReader,
        room: Room,
        may_take: Callable[[tuple[str, str]], bool],
        begin: Callable[[Taken, Snapshot | Exception], None],
        troubles: Troubles,
    ) -> None:
        self.open: frozenset[tuple[str, str]] = frozenset()
        self._queue = queue
        self._reader = reader
        self._room = room
        self._may_take = may_take
        self._begin = begin
        self._troubles = troubles
        self._held: dict[Key, Taken] = {}
        self._freed = asyncio.Event()
        self._pace = Pace(room.pace)

    @property
    def held(self) -> Sequence[Taken]:
        """What is in hand."""
        return list(self._held.values())

    def ended(self, taken: Iterable[Taken]) -> None:
        for one in taken:
            if self._held.pop(one.key, None):
                self._room.leave(one.key.cluster)
        self._freed.set()

    async def all_ended(self) -> None:
        while self._held:
            self._freed.clear()
            await self._freed.wait()

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping` is set; what is in hand then stays there."""
        rest_s = 0.0
        while not stopping.is_set():
            wait_s, rest_s = rest_s, 0.0
            if self._troubles.besides(TAKING):
                await asyncio.sleep(PAUSE_S)  # what is taken now could not be brought to an end
                continue
            self._freed.clear()
            try:
                if self._room.free <= 0:
                    await self._freed.wait()
                elif not await self._take(wait_s, stopping):
                    rest_s = await self._rest_s()
                self._troubles.over(TAKING)
            except RedisError as error:
                self._troubles.met(TAKING, error)
                await asyncio.sleep(PAUSE_S)

    async def _take(self, wait_s: float, stopping: asyncio.Event) -> int:
        """How many were taken, after a wait for the bell of at most `wait_s`."""
        await self._pace.wait()
        limit = min(BATCH, self._room.free)
        taken, snapshots = await asyncio.to_thread(self._take_and_read, limit, wait_s, stopping)
        self._pace.took(len(taken))
        self._room.enter([one.key.cluster for one in taken])
        for one, snapshot in zip(taken, snapshots, strict=True):
            self._held[one.key] = one
            self._begin(one, snapshot)
        return len(taken)

    def _take_and_read(
        self, limit: int, wait_s: float, stopping: asyncio.Event
    ) -> tuple[list[Taken], list[Snapshot | Exception]]:
        """In one thread with the wait, as each change of threads delays what just came. Meanwhile
        there can only be more room."""
        if wait_s:
            self._queue.wait(wait_s)
            if stopping.is_set() or self._troubles.besides(TAKING):
                return [], []
        taken = self._queue.take(limit, self.open, self._room.admission, self._may_take)
        try:
            return taken, self._reader.read_for(taken)
        except RedisError:
            self._queue.hand_back(taken)
            raise

    async def _rest_s(self) -> float:
        """How long to wait for the bell, now that there was nothing to take. While something is
        held back it's not waited for: whoever it calls should have room."""
        if not self._queue.held_back:
            return WAIT_S if self.open else CLOSED_WAIT_S
        with suppress(TimeoutError):
            async with asyncio.timeout(HELD_BACK_S):
                await self._freed.wait()
        return 0.0
