"""Runs the streams that this watcher holds the leases of, and nothing else.

A stream that fails is started again with back-off, alone: no stream and no virtual cluster can
stop another one.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

from redis import Redis, RedisError

from common.kube.discovery import Discovery
from common.kube.link import Link
from common.process.health import Readiness
from common.process.logs import get_log
from common.redis.trouble import Troubles
from common.store import Store
from common.workqueue import WorkQueue
from watchers.keeper import Keeper, Told
from watchers.leases import Leases, server_run
from watchers.streams import Stream, StreamId
from watchers.turnstile import Turnstile

TICK_S = 1.0
RESTART_S = 2.0
STOP_S = 4.0
AT_ONCE = 32
Result = TypeVar("Result")
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
        self._followed: frozenset[StreamId] = frozenset()
        self._waiting: dict[StreamId, None] = {}
        self._starting: asyncio.Task[None] | None = None
        self._told: Told = {}
        # Of its own, as all others may be busy for longer than a lease while many streams begin.
        self._thread = ThreadPoolExecutor(1, "leases")
        self._looked_at = float("-inf")
        self._server = ""
        self._begun = False
        self._troubles = Troubles()
        self._turnstile = Turnstile(queue.clusters)

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
            if self._starting:
                self._starting.cancel()
            await self._stop(set(self._running))
            await self._leave()

    def readiness(self) -> Readiness:
        """Ready when every stream held is synced, except those of clusters that can't be used,
        of kinds that they lack, and those that are optional (the rights to an installation's
        Events may come later): that must not hold up a rollout. It's noted instead."""
        waiting, notes = {}, {}
        if self._troubles.words or not self._begun:
            waiting["redis"] = self._troubles.words or "starting"
        if self._waiting:
            waiting["streams"] = f"{len(self._waiting)} are still to be started"
        for name, link in self._links.items():
            if link.trouble:
                notes[name] = link.trouble
        for stream, running in self._running.items():
            keeper, wrong = running.keeper, running.keeper.wrong
            if keeper.synced and not wrong:
                continue  # as nearly all of many
            optional = self._streams[stream].optional
            if keeper.synced or keeper.missing or optional or stream.cluster in notes:
                if wrong:
                    notes[str(stream)] = wrong
            else:
                waiting[str(stream)] = wrong or "listing"
        return Readiness(waiting, notes)

    def keepers(self) -> Mapping[StreamId, Keeper]:
        """What runs here now; may be called in another thread."""
        return {stream: running.keeper for stream, running in dict(self._running).items()}

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
        server, lost = await self._in_thread(self._look)
        if self._server not in ("", server):
            log.warning("Redis restarted, streams resume from what it knows")
            await self._stop(set(self._running))
            self._followed = frozenset()
        self._server = server
        if lost:
            # Also those that are free to be taken again: Redis may have forgotten everything,
            # and only a stream that starts anew asks it where it was.
            log.warning("leases lost", streams=len(lost))
            await self._stop(lost)
        share = self._leases.share()
        if surplus := self._leases.surplus(share):
            await self._stop(surplus)
            await self._in_thread(partial(self._leases.release, surplus))
        if share > len(self._leases.held):
            await self._in_thread(partial(self._leases.acquire, share))
        await self._follow(self._leases.held)

    async def _follow(self, held: frozenset[StreamId]) -> None:
        """Run what is held. Mostly that's what it was, and to compare many streams takes long."""
        if held is self._followed:
            return
        await self._stop(self._running.keys() - held)
        self._waiting = dict.fromkeys(sorted(held - self._running.keys(), key=str))
        self._followed = held
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start_waiting())

    async def _start_waiting(self) -> None:
        """Some at a time, as threads get through with what these do first: so that leases are kept
        meanwhile, and nobody waits for a timeout."""
        while self._waiting:
            for stream in list(islice(self._waiting, AT_ONCE)):
                del self._waiting[stream]
                self._start(self._streams[stream])
            await asyncio.to_thread(time.monotonic)

    def _look(self) -> tuple[str, frozenset[StreamId]]:
        """Which run of Redis this is, and the leases that were lost. One that restarted may have
        lost its last writes: streams go back to its own positions."""
        server = self._server
        if self._clock() - self._looked_at >= RESTART_S:
            server, self._looked_at = server_run(self._redis), self._clock()
        return server, self._leases.renew()

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
            self._turnstile,
        )
        task = asyncio.create_task(keeper.run(), name=str(stream.id))
        self._running[stream.id] = Running(keeper, task)

    async def _stop(self, streams: Collection[StreamId]) -> None:
        tasks = [self._running.pop(stream).task for stream in streams if stream in self._running]
        for task in tasks:
            task.cancel()
        for stream in streams:
            self._waiting.pop(stream, None)
            self._troubles.over(str(stream))
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)

    async def _leave(self) -> None:
        try:
            await asyncio.wait_for(self._in_thread(self._leases.leave), 2)
        except (RedisError, TimeoutError) as error:
            log.warning("leases not given back, they run out", error=str(error))
        self._thread.shutdown(wait=False)

    async def _in_thread(self, call: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)
