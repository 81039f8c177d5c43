"""Runs the streams that this watcher holds the leases of, and nothing else.

A stream that fails is started again with back-off, alone: no stream and no virtual cluster can
stop another one.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from redis import Redis, RedisError

from common.discovery import Discovery
from common.health import Readiness
from common.link import Link
from common.logs import get_log
from common.redis_trouble import Troubles
from common.store import Store
from common.workqueue import WorkQueue
from watchers.keeper import Keeper, Told
from watchers.leases import RENEW_S, Leases, server_run
from watchers.streams import Stream, StreamId

TICK_S = 1.0
STOP_S = 4.0
log = get_log(__name__)


@dataclass(slots=True)
class Running:
    """A stream that this process holds."""

    keeper: Keeper
    task: "asyncio.Task[None]"


class Supervisor:
    """`links` has one Link for each virtual cluster, by name."""

    def __init__(
        self,
        streams: Sequence[Stream],
        links: Mapping[str, Link],
        host: Discovery,
        redis: Redis,
        store: Store,
        queue: WorkQueue,
        leases: Leases,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._streams = {stream.id: stream for stream in streams}
        self._links = links
        self._host = host
        self._redis = redis
        self._store = store
        self._queue = queue
        self._leases = leases
        self._clock = clock
        self._running: dict[StreamId, Running] = {}
        self._told: Told = {}
        self._renewed_at = float("-inf")
        self._server = ""
        self._begun = False
        self._troubles = Troubles()

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop` is set; then stops every stream and gives the leases back."""
        try:
            while not stop.is_set():
                await self._try_tick()
                try:
                    await asyncio.wait_for(stop.wait(), TICK_S)
                except TimeoutError:
                    continue
        finally:
            await self._stop(set(self._running))
            await self._leave()

    def readiness(self) -> Readiness:
        """Ready when every stream held is synced, except those of clusters that can't be used,
        of kinds that they lack, and those that are optional (the rights to an installation's
        Events may come later): that must not hold up a rollout. It's noted instead."""
        waiting, notes = {}, {}
        if self._troubles.words or not self._begun:
            waiting["redis"] = self._troubles.words or "starting"
        for name, link in self._links.items():
            if link.trouble:
                notes[name] = link.trouble
        for stream, running in self._running.items():
            keeper = running.keeper
            optional = self._streams[stream].optional
            if keeper.synced or keeper.missing or optional or stream.cluster in notes:
                if keeper.wrong:
                    notes[str(stream)] = keeper.wrong
            else:
                waiting[str(stream)] = keeper.wrong or "listing"
        return Readiness(waiting, notes)

    async def _try_tick(self) -> None:
        try:
            await self._tick()
        except RedisError as error:
            self._troubles.met("leases", error)
            return
        self._troubles.over("leases")
        if not self._begun:
            log.info("watching", streams=len(self._running))
        self._begun = True

    async def _tick(self) -> None:
        """Keep the leases, give back what is too much, take what is free."""
        if self._clock() - self._renewed_at >= RENEW_S:
            await self._notice_restart()
            lost = await asyncio.to_thread(self._leases.renew)
            if lost:
                # Also those that are free to be taken again: Redis may have forgotten everything,
                # and only a stream that starts anew asks it where it was.
                log.warning("leases lost", streams=len(lost))
                await self._stop(lost)
            self._renewed_at = self._clock()
        share = await asyncio.to_thread(self._leases.share)
        surplus = self._leases.surplus(share)
        await self._stop(surplus)
        await asyncio.to_thread(self._leases.release, surplus)
        await asyncio.to_thread(self._leases.acquire, share)
        held = self._leases.held
        await self._stop(self._running.keys() - held)
        for stream in sorted(held - self._running.keys(), key=str):
            self._start(self._streams[stream])

    async def _notice_restart(self) -> None:
        """A Redis that restarted may have lost its last writes: go back to its own positions."""
        server = await asyncio.to_thread(server_run, self._redis)
        if self._server not in ("", server):
            log.warning("Redis restarted, streams resume from what it knows")
            await self._stop(set(self._running))
        self._server = server

    def _start(self, stream: Stream) -> None:
        log.debug("stream started", stream=stream.id)
        keeper = Keeper(
            stream,
            self._links[stream.cluster.name],
            self._host,
            self._store,
            self._queue,
            lambda: self._leases.holds(stream.id),
            self._told,
            self._troubles,
        )
        task = asyncio.create_task(keeper.run(), name=str(stream.id))
        self._running[stream.id] = Running(keeper, task)

    async def _stop(self, streams: Collection[StreamId]) -> None:
        tasks = [self._running.pop(stream).task for stream in streams if stream in self._running]
        for task in tasks:
            task.cancel()
        for stream in streams:
            self._troubles.over(str(stream))
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)

    async def _leave(self) -> None:
        try:
            await asyncio.wait_for(asyncio.to_thread(self._leases.leave), 2)
        except (RedisError, TimeoutError) as error:
            log.warning("leases not given back, they run out", error=str(error))
