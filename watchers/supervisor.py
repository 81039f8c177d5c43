"""Runs the streams that this watcher holds the leases of, and nothing else.

A stream that fails is started again with back-off, alone: no stream and no virtual cluster can
stop another one.
"""

import asyncio
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from random import random

from redis import Redis, RedisError

from common.backoff import delay_s
from common.errors import TohostError
from common.health import Readiness
from common.kube import KubeClient
from common.logs import get_log
from common.store import Store
from common.workqueue import WorkQueue
from watchers.informer import Informer
from watchers.leases import RENEW_S, Leases, server_run
from watchers.links import Link
from watchers.reflector import Reflector, no_check
from watchers.streams import Stream, StreamId

TICK_S = 1.0
STOP_S = 4.0
MAX_DELAY_S = 30.0
STEADY_S = 60.0
log = get_log(__name__)


@dataclass(slots=True)
class Running:
    """A stream that this process holds. `trouble`: why it isn't flowing, "" if it is."""

    task: "asyncio.Task[None]"
    informer: Informer | None = None
    reflector: Reflector | None = None
    trouble: str = ""


class Supervisor:
    """`links` has one Link for each virtual cluster, by name; `host` is the host's client."""

    def __init__(
        self,
        streams: Sequence[Stream],
        links: Mapping[str, Link],
        host: KubeClient,
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
        self._renewed_at = float("-inf")
        self._server = ""
        self._trouble = "starting"

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
        """Ready when every stream held is synced, except those of clusters that can't be used:
        one tenant's outage must not hold up a rollout. It's noted instead."""
        waiting, notes = {}, {}
        if self._trouble:
            waiting["redis"] = self._trouble
        for name, link in self._links.items():
            if link.trouble:
                notes[name] = link.trouble
        for stream, running in self._running.items():
            synced = running.informer is not None and running.informer.synced
            trouble = running.trouble or (running.reflector.trouble if running.reflector else "")
            if synced or stream.cluster in notes:
                if trouble:
                    notes[str(stream)] = trouble
            else:
                waiting[str(stream)] = trouble or "listing"
        return Readiness(waiting, notes)

    async def _try_tick(self) -> None:
        try:
            await self._tick()
        except RedisError as error:
            if not self._trouble:
                log.error("Redis not usable", error=str(error))
            self._trouble = f"not usable: {error}"
            return
        if self._trouble:
            log.info("watching", streams=len(self._running))
        self._trouble = ""

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
        task = asyncio.create_task(self._keep(stream), name=str(stream.id))
        self._running[stream.id] = Running(task)

    async def _stop(self, streams: Collection[StreamId]) -> None:
        tasks = [self._running.pop(stream).task for stream in streams if stream in self._running]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)

    async def _leave(self) -> None:
        try:
            await asyncio.wait_for(asyncio.to_thread(self._leases.leave), 2)
        except (RedisError, TimeoutError) as error:
            log.warning("leases not given back, they run out", error=str(error))

    async def _keep(self, stream: Stream) -> None:
        """Serve the stream for ever; a fault of any sort costs a pause, not the process."""
        failures = 0
        while True:
            began = self._clock()
            running = self._running[stream.id]
            try:
                await self._serve(stream, running)
            except (TohostError, RedisError) as error:
                if str(error) != running.trouble and not self._links[stream.cluster.name].trouble:
                    log.warning("stream stopped, starting again", stream=stream.id, error=error)
                running.trouble = str(error)
            except Exception as error:
                log.exception("stream crashed, starting again", stream=stream.id)
                running.trouble = repr(error)
            failures = 1 if self._clock() - began > STEADY_S else failures + 1
            await asyncio.sleep(min(delay_s(failures, None, random), MAX_DELAY_S))

    async def _serve(self, stream: Stream, running: Running) -> None:
        link = self._links[stream.cluster.name]
        client, identity = await link.open()
        informer = Informer(
            stream, self._store, self._queue, identity.key, lambda: self._leases.holds(stream.id)
        )
        virtual = stream.side == "virtual"
        reflector = Reflector(
            str(stream.id),
            client if virtual else self._host,
            informer,
            stream.path,
            stream.params,
            await informer.resume(),
            verify=link.verify if virtual else no_check,
        )
        running.informer, running.reflector, running.trouble = informer, reflector, ""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(informer.run())
                group.create_task(reflector.run())
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors
