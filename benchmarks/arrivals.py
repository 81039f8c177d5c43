"""When objects were seen on a cluster, by name, on the clock of this process."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from common.kind import Kind
from common.kube.client import KubeClient, object_path
from common.objects import Obj, annotations, name_of

PRESENT = frozenset({"ADDED", "MODIFIED"})
GONE = frozenset({"DELETED"})


class Arrivals:
    """`at`: when each object was first seen to fulfil the condition."""

    def __init__(
        self, name: Callable[[Obj], str], fulfils: Callable[[Obj], bool], types: Collection[str]
    ) -> None:
        self.at: dict[str, float] = {}
        self.seen_twice: set[str] = set()
        self._name = name
        self._fulfils = fulfils
        self._types = types
        self._uids: dict[str, str] = {}
        self._awaited: list[tuple[Callable[[], bool], asyncio.Event]] = []
        self._trouble: BaseException | None = None

    def note(self, type_: str, obj: Obj) -> None:
        if type_ not in self._types or not self._fulfils(obj):
            return
        name, uid = self._name(obj), str(obj["metadata"]["uid"])
        if self._uids.setdefault(name, uid) != uid:
            self.seen_twice.add(name)
        if name not in self.at:
            self.at[name] = time.perf_counter()
            for holds, event in self._awaited:
                if holds():
                    event.set()

    def broke(self, watch: asyncio.Task[None]) -> None:
        """Nothing more will be seen: whoever waits gets the watch's error."""
        self._trouble = None if watch.cancelled() else watch.exception()
        for _, event in self._awaited:
            event.set()

    async def at_least(self, count: int, timeout_s: float) -> None:
        """Until so many were seen. Raises TimeoutError."""
        await self._until(lambda: len(self.at) >= count, timeout_s)

    async def all_of(self, names: Collection[str], timeout_s: float) -> None:
        """Until each was seen. Raises TimeoutError, which says how many are missing."""
        wanted = set(names)
        try:
            await self._until(
                lambda: len(self.at) >= len(wanted) and wanted <= self.at.keys(), timeout_s
            )
        except TimeoutError:
            missing = sorted(wanted - self.at.keys())
            raise TimeoutError(f"{len(missing)} not seen, such as {missing[:3]}") from None

    async def _until(self, holds: Callable[[], bool], timeout_s: float) -> None:
        event = asyncio.Event()
        self._awaited.append((holds, event))
        try:
            if not holds():
                async with asyncio.timeout(timeout_s):
                    await event.wait()
            if self._trouble:
                raise self._trouble
        finally:
            self._awaited.remove((holds, event))


@asynccontextmanager
async def arrivals(
    client: KubeClient,
    kind: Kind,
    namespace: str,
    name: Callable[[Obj], str] = name_of,
    fulfils: Callable[[Obj], bool] = lambda _: True,
    types: Collection[str] = PRESENT,
) -> AsyncIterator[Arrivals]:
    """Watches while the context lasts, from now on: events of these types."""
    seen = Arrivals(name, fulfils, types)
    path = object_path(kind, namespace)
    position = (await client.list_page(path, {"limit": "1"})).resource_version

    async def follow() -> None:
        nonlocal position
        while True:
            async for type_, obj in client.watch(path, {"resourceVersion": position}):
                if type_ == "ERROR":
                    raise RuntimeError(f"the benchmark's own watch broke: {obj.get('message')}")
                seen.note(type_, obj)
                position = str(obj["metadata"]["resourceVersion"])

    task = asyncio.create_task(follow())
    task.add_done_callback(seen.broke)
    try:
        yield seen
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def virtual_name(host: Obj) -> str:
    """The virtual object's name, as the host object tells it."""
    return annotations(host).get("vcluster.loft.sh/name", name_of(host))
