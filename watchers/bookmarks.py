"""Withholds bookmarks from the store while they tell little, as each stream gets one a minute.

A bookmark only moves the stream's position. A stored position that is behind costs whoever resumes
there a short replay, of nothing as a rule; too far behind, the server may have forgotten it, and a
new list is needed. How many changes a server remembers is counted, so distance counts here too.
"""

import time
from collections.abc import Callable

from common.objects import Obj
from watchers.reflector import Event, Sink
from watchers.versions import older, version_of

FAR = 100
"""Versions; kube-apiserver's watch cache remembers as many changes of each kind at least."""
LONG_S = 600.0


class Bookmarks:
    """A sink that gives all else to another one at once. `clock` gives seconds, any start."""

    def __init__(
        self, sink: Sink, position: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._stored, self._stored_at = position, clock()

    async def list_started(self) -> None:
        await self._sink.list_started()

    async def listed(self, objects: list[Obj], version: str) -> None:
        await self._sink.listed(objects, version)

    async def list_done(self, version: str) -> bool:
        done = await self._sink.list_done(version)
        if done:
            self._note(version)
        return done

    async def events(self, events: list[Event]) -> None:
        version = version_of(events)
        if any(kind != "BOOKMARK" for kind, _ in events) or self._is_news(version):
            await self._sink.events(events)
            self._note(version)

    def _is_news(self, version: str) -> bool:
        if not older(self._stored, version):
            return not version or not self._stored
        far = int(version) - int(self._stored) >= FAR
        return far or self._clock() - self._stored_at >= LONG_S

    def _note(self, version: str) -> None:
        self._stored, self._stored_at = version or self._stored, self._clock()
