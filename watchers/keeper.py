"""Keeps one stream flowing for as long as this process holds its lease, whatever comes.

Where the servers may lack the kind, it finds out what they serve, watches that, and looks again;
while the kind is missing the stream is left, in a way that nothing else waits for it in vain.
"""

import asyncio
import time
from collections.abc import Callable, MutableMapping
from random import random

from redis import RedisError

from common.backoff import delay_s
from common.clock import running_s
from common.errors import ApiError, NotServedError, RetryError, TohostError
from common.kind import Kind
from common.kube.discovery import Discovery
from common.kube.link import Link
from common.kube.served import Offer, Record, Served, choose, full_name, may_be_custom, problem
from common.objects import Side
from common.process.logs import get_log
from common.redis.trouble import Troubles
from common.store import Store
from common.workqueue import WorkQueue
from watchers.bookmarks import Bookmarks
from watchers.informer import Informer
from watchers.reflector import Reflector
from watchers.streams import Stream
from watchers.turnstile import Turnstile

STEADY_S = 60.0
MISSING_S = 5.0
SERVED_S = 120.0
Told = MutableMapping[tuple[str, str], str]
"""By virtual cluster and plural, or stream: what was said last, so that it's said once."""
log = get_log(__name__)


class Keeper:
    """`held` says whether this process still has the lease; `told`, `troubles` and `turnstile` are
    shared by all streams.

    `missing`: the server doesn't serve the stream, so nobody should wait for it.
    """

    def __init__(
        self,
        stream: Stream,
        link: Link,
        host: Discovery,
        store: Store,
        queue: WorkQueue,
        held: Callable[[], bool],
        told: Told,
        troubles: Troubles,
        turnstile: Turnstile,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.missing = False
        self._stream = stream
        self._link = link
        self._host = host
        self._store = store
        self._queue = queue
        self._held = held
        self._told = told
        self._troubles = troubles
        self._turnstile = turnstile
        self._clock = clock
        self._heard_at = running_s()
        self._trouble = ""
        self._doubtful = False
        self._proven = False
        self._informer: Informer | None = None
        self._reflector: Reflector | None = None

    @property
    def synced(self) -> bool:
        return self._informer is not None and self._informer.synced

    @property
    def wrong(self) -> str:
        """What people should know of the stream, "" for nothing."""
        flow = self._reflector.trouble if self._reflector else ""
        return self._trouble or flow or (self._told and self._told.get(self._topic, "")) or ""

    @property
    def silent_s(self) -> float:
        """How long ago the server last said anything in this stream, whoever asked."""
        flow = self._reflector
        return running_s() - (max(self._heard_at, flow.heard_at) if flow else self._heard_at)

    @property
    def _topic(self) -> tuple[str, str]:
        return self._stream.cluster.name, self._stream.kind.plural

    async def run(self) -> None:
        """Never returns; a fault of any sort costs a pause, not the process."""
        failures = 0
        while True:
            began = self._clock()
            try:
                await self._serve()
                continue
            except NotServedError as error:
                self._doubtful = True
                log.info("stream is not served as before", stream=self._stream.id, error=str(error))
            except RedisError as error:
                self._trouble = self._troubles.met(str(self._stream.id), error)
            except TohostError as error:
                if str(error) != self._trouble and not self._link.trouble:
                    log.warning(
                        "stream stopped, starting again", stream=self._stream.id, error=error
                    )
                self._trouble = str(error)
            except Exception as error:
                log.exception("stream crashed, starting again", stream=self._stream.id)
                self._trouble = repr(error)
            failures = 1 if self._clock() - began > STEADY_S else failures + 1
            await asyncio.sleep(delay_s(failures, None, random))

    async def _serve(self) -> None:
        """Returns after a while if the stream isn't served. Raises NotServedError when what is
        served changes, and whatever goes wrong."""
        _, identity = await self._link.open()
        stream = self._stream
        if stream.kind.discovered or self._doubtful:
            offers = await self._offers(0 if self._doubtful else MISSING_S / 2)
            self._tell(problem(stream.kind, stream.cluster, offers))
            served = self._chosen(offers)
            if served is None:
                await self._leave(self._informer_of(stream, identity.key), offers)
                await asyncio.sleep(MISSING_S)
                return
            if stream.kind.discovered:
                stream = stream.as_served(served)
        self.missing = self._doubtful = self._proven = False
        await self._flow(stream, self._informer_of(stream, identity.key))

    async def _flow(self, stream: Stream, informer: Informer) -> None:
        virtual = stream.side == "virtual"
        position = await informer.resume()
        reflector = Reflector(
            str(stream.id),
            self._discovery(stream.side).client,
            Bookmarks(informer, position),
            stream.path,
            stream.params,
            position,
            verify=self._link.verify if virtual else self._link.verify_host,
        )
        self._heard_at = running_s() - self.silent_s
        self._informer, self._reflector, self._trouble = informer, reflector, ""
        self._troubles.over(str(self._stream.id))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(informer.run())
                group.create_task(reflector.run())
                if stream.served:
                    group.create_task(self._look_again(stream.served))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from errors

    def _informer_of(self, stream: Stream, key: bytes) -> Informer:
        get = self._discovery(stream.side).client.get
        return Informer(
            stream, self._store, self._queue, key, self._held, get, turnstile=self._turnstile
        )

    async def _look_again(self, served: Served) -> None:
        """Raises NotServedError when the servers offer something else by now."""
        kind, cluster = self._stream.kind, self._stream.cluster
        while True:
            pause_s = MISSING_S if self._told.get(self._topic) else SERVED_S
            await asyncio.sleep(pause_s)
            try:
                offers = await self._offers(pause_s / 2)
            except (ApiError, RetryError) as error:
                log.debug("discovery failed", stream=self._stream.id, error=str(error))
                continue
            self._tell(problem(kind, cluster, offers))
            if self._chosen(offers) != served:
                raise NotServedError(
                    f"{full_name(kind)}/{served.version} is not the one to watch now"
                )

    async def _leave(self, informer: Informer, offers: dict[Side, Offer]) -> None:
        """Nothing waits for objects that can't exist, or that the configuration doesn't fit."""
        side, kind = self._stream.side, self._stream.kind
        unproven = "" if offers[side] or self._proven else await self._unproven(kind)
        gone = not offers[side] and not unproven and may_be_custom(kind.group)
        if kind.discovered or not unproven:
            known = await self._known()
            served = known.served if known else None
            await informer.leave(Record("gone" if gone else "away", served), synced=not unproven)
        self._heard_at = running_s()
        self._informer, self._reflector, self.missing = informer, None, True
        self._proven = not offers[side] and not unproven
        self._trouble = ""
        refers = kind.refers if side == "virtual" else kind.host_refers
        if unproven and refers and kind.plural in self._stream.cluster.enabled:
            self._trouble = (
                f"{self._told.get(self._topic)}; what its objects may refer to waits, since it"
                f" isn't certain that there are none: {unproven}"
            )

    async def _unproven(self, kind: Kind) -> str:
        """Why it isn't certain that there are no such objects, "" if it is."""
        try:
            reason = await self._discovery(self._stream.side).absence(kind)
            await self._link.verify()
        except (ApiError, RetryError) as error:
            return str(error)
        return reason

    async def _known(self) -> Record | None:
        where = self._stream.cluster.name, self._stream.side, self._stream.kind.plural
        return await asyncio.to_thread(self._store.record, *where)

    def _discovery(self, side: Side) -> Discovery:
        return self._link.discovery if side == "virtual" else self._host

    def _chosen(self, offers: dict[Side, Offer]) -> Served | None:
        """What to watch, None when there's nothing that suits."""
        side: Side = self._stream.side
        other: Side = "host" if side == "virtual" else "virtual"
        return choose(self._stream.kind, offers[side], offers[other])

    async def _offers(self, max_age_s: float) -> dict[Side, Offer]:
        """What both servers offer; while the other one can't say, what this stream had of it. Of
        a kind that every server should have that is taken for granted."""
        side, kind = self._stream.side, self._stream.kind
        other: Side = "host" if side == "virtual" else "virtual"
        own = await self._discovery(side).offer(kind, max_age_s)
        if not kind.discovered:
            granted = Served(kind.version, kind.kind, kind.namespaced, kind.has_status)
            return {side: own, other: {kind.version: granted}}
        try:
            theirs = await self._discovery(other).offer(kind, max_age_s)
        except (ApiError, RetryError):
            known = await self._known()
            if known is None or known.served is None:
                raise
            theirs = {known.served.version: known.served}
        return {side: own, other: theirs}

    def _tell(self, message: str) -> None:
        """Log what changed for this kind, once for all of its streams here."""
        before = self._told.get(self._topic, "")
        if message == before:
            return
        self._told[self._topic] = message
        cluster = self._stream.cluster.name
        if message:
            log.warning("kind can't be synced", cluster=cluster, problem=message)
        else:
            log.info("kind is served now", cluster=cluster, kind=self._stream.kind.plural)
