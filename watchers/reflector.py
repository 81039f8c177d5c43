"""Keeps one stream flowing: lists, watches, reconnects, for as long as it isn't cancelled.

`watchers.machine` decides; this file does the I/O. It hands objects and events to a sink in
order, and waits for the sink (back-pressure). It knows nothing of what they mean.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Protocol, TypeAlias

from common.clock import running_s
from common.errors import ApiError, NotFoundError, NotServedError, RetryError
from common.kube.api import status_error
from common.kube.client import Page
from common.objects import Obj
from common.process.logs import get_log
from watchers.machine import GONE, List, Machine, Step, Watch
from watchers.versions import version_of

SILENCE_S = 90.0
A_FEW = 10
log = get_log(__name__)

Event: TypeAlias = tuple[str, Obj]
Sleep: TypeAlias = Callable[[float], Awaitable[None]]
Verify: TypeAlias = Callable[[], Awaitable[None]]


class Source(Protocol):
    """The API server, as `common.kube.client.KubeClient` shows it."""

    async def list_page(self, path: str, params: Mapping[str, str]) -> Page: ...

    def watch_batches(
        self, path: str, params: Mapping[str, str]
    ) -> AsyncGenerator[list[Event]]: ...


class Sink(Protocol):
    """Who takes what the stream says."""

    async def list_started(self) -> None:
        """Forget what an unfinished list said."""

    async def listed(self, objects: list[Obj], version: str) -> None:
        """A part of the list that stands at `version`."""

    async def list_done(self, version: str) -> bool:
        """All objects at `version` were given to `listed`; return when that is stored. False when
        another list is needed at once; raises RetryError when it can't be believed, so that another
        is fetched after a while."""

    async def events(self, events: list[Event]) -> None:
        """BOOKMARK included, ERROR not."""


async def no_check() -> None:
    """Any server will do."""


class Reflector:
    """`verify` raises when the server isn't the right cluster; it's asked at every (re)connection
    and before a list may delete what it lacks. `trouble` says what is wrong now, "" if nothing;
    `heard_at` when the server last said anything, by `common.clock.running_s`."""

    def __init__(
        self,
        name: str,
        source: Source,
        sink: Sink,
        path: str,
        params: Mapping[str, str],
        position: str = "",
        *,
        verify: Verify = no_check,
        silence_s: float = SILENCE_S,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        machine: Machine | None = None,
    ) -> None:
        self.trouble = ""
        self.heard_at = float("-inf")
        self._name = name
        self._source = source
        self._sink = sink
        self._path = path
        self._params = params
        self._verify = verify
        self._silence_s = silence_s
        self._sleep = sleep
        self._clock = clock
        self._machine = machine or Machine(position)
        self._empty = True

    async def run(self) -> None:
        """Never returns. Raises what the sink raises, IdentityError, and NotServedError when the
        server has no such path."""
        step = self._machine.start()
        while True:
            if step.delay_s:
                await self._sleep(step.delay_s)
            try:
                step = await (self._list(step) if isinstance(step, List) else self._watch(step))
            except (ApiError, RetryError) as error:
                if isinstance(error, NotFoundError) and not error.details:
                    raise NotServedError(str(error)) from error
                step = self._machine.failed(error)
                self._report(error, step)

    async def _list(self, step: List) -> Step:
        if not step.token:
            await self._verify()
            await self._sink.list_started()
            self._empty = True
        params = {**self._params}
        if step.limit:
            params["limit"] = str(step.limit)
        if step.token:
            params["continue"] = step.token
        page = await self._source.list_page(self._path, params)
        self.heard_at = running_s()
        version = self._machine.list_version if step.token else page.resource_version
        await self._sink.listed(page.items, version)
        self._empty = self._empty and not page.items
        following = self._machine.page(page.resource_version, page.next)
        if following:
            return following
        await self._verify()
        complete = await self._sink.list_done(self._machine.list_version)
        self.trouble = ""
        return self._machine.listed(empty=self._empty) if complete else self._machine.unlisted()

    async def _watch(self, step: Watch) -> Step:
        await self._verify()
        if step.doubtful and (following := await self._doubt()):
            return following
        params = {
            **self._params,
            "resourceVersion": step.position,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(step.timeout_s),
        }
        began = self._clock()
        async with aclosing(self._source.watch_batches(self._path, params)) as batches:
            while True:
                try:
                    async with asyncio.timeout(self._silence_s):
                        batch = await anext(batches)
                except StopAsyncIteration:
                    return self._machine.closed(self._clock() - began)
                except TimeoutError:
                    log.info("watch is silent, reconnecting", stream=self._name)
                    return self._machine.silent()
                await self._deliver(batch)

    async def _doubt(self) -> Step | None:
        """Asks for as good as nothing, to learn at which version the server stands."""
        page = await self._source.list_page(self._path, {**self._params, "limit": str(A_FEW)})
        self.heard_at = running_s()
        shown = [version_of([("", each)]) for each in page.items]
        following = self._machine.stands_at(page.resource_version, shown)
        if following:
            log.warning(
                "server doesn't stand by what it said before, listing again",
                stream=self._name,
                stands_at=page.resource_version,
                position=self._machine.position,
            )
        return following

    async def _deliver(self, batch: list[Event]) -> None:
        """Hand on the events before an ERROR, then raise that."""
        self.heard_at = running_s()
        at = next((i for i, event in enumerate(batch) if event[0] == "ERROR"), len(batch))
        good = batch[:at] if at < len(batch) else batch
        if good:
            await self._sink.events(good)
            self._machine.seen(version_of(good))
            self.trouble = ""
        if at < len(batch):
            status = batch[at][1] if isinstance(batch[at][1], dict) else {}
            raise status_error(f"{self._name}: {status.get('message')}", status)

    def _report(self, error: Exception, step: Step) -> None:
        """A forgotten version is everyday; anything else is trouble until something comes."""
        expired = isinstance(error, ApiError) and error.status == GONE
        if not expired:
            self.trouble = str(error)
        log.warning(
            "stream expired, listing again" if expired else "stream failed, trying again",
            stream=self._name,
            error=str(error),
            failures=self._machine.failures,
            delay_s=round(step.delay_s, 2),
        )
