"""When objects were seen on a cluster, by name, on the clock of this process."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from common.kind import Kind
from common.kube import KubeClient, object_path
from common.objects import Obj, annotations, name_of


class Arrivals:
    """`at`: when each object was first seen to fulfil the condition."""

    def __init__(self, name: Callable[[Obj], str], fulfils: Callable[[Obj], bool]) -> None:
        self.at: dict[str, float] = {}
        self.seen_twice: set[str] = set()
        self._name = name
        self._fulfils = fulfils
        self._uids: dict[str, str] = {}
        self._news = asyncio.Condition()

    async def note(self, type_: str, obj: Obj) -> None:
        if type_ not in ("ADDED", "MODIFIED") or not self._fulfils(obj):
            return
        name, uid = self._name(obj), str(obj["metadata"]["uid"])
        async with self._news:
            if self._uids.setdefault(name, uid) != uid:
                self.seen_twice.add(name)
            self.at.setdefault(name, time.perf_counter())
            self._news.notify_all()

    async def at_least(self, count: int, timeout_s: float) -> None:
        """Until so many were seen. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s), self._news:
            await self._news.wait_for(lambda: len(self.at) >= count)

    async def all_of(self, names: set[str], timeout_s: float) -> None:
        """Until each was seen. Raises TimeoutError, which says how many are missing."""
        try:
            async with asyncio.timeout(timeout_s), self._news:
                await self._news.wait_for(lambda: names <= self.at.keys())
        except TimeoutError:
            missing = sorted(names - self.at.keys())
            raise TimeoutError(f"{len(missing)} not seen, such as {missing[:3]}") from None


@asynccontextmanager
async def arrivals(
    client: KubeClient,
    kind: Kind,
    namespace: str,
    name: Callable[[Obj], str] = name_of,
    fulfils: Callable[[Obj], bool] = lambda _: True,
) -> AsyncIterator[Arrivals]:
    """Watches while the context lasts, from now on."""
    seen = Arrivals(name, fulfils)
    path = object_path(kind, namespace)
    position = (await client.list_page(path, {"limit": "1"})).resource_version

    async def follow() -> None:
        nonlocal position
        while True:
            async for type_, obj in client.watch(path, {"resourceVersion": position}):
                if type_ == "ERROR":
                    raise RuntimeError(f"the benchmark's own watch broke: {obj.get('message')}")
                await seen.note(type_, obj)
                position = str(obj["metadata"]["resourceVersion"])

    task = asyncio.create_task(follow())
    try:
        yield seen
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def virtual_name(host: Obj) -> str:
    """The virtual object's name, as the host object tells it."""
    return annotations(host).get("vcluster.loft.sh/name", name_of(host))
