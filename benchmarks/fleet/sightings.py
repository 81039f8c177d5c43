"""When objects were first seen on a cluster to be as wanted, on the clock of this process."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import aclosing, asynccontextmanager

from benchmarks.fleet.place import host_namespace
from common.kind import Kind
from common.kube.client import KubeClient, object_path
from common.metadata import NAME
from common.objects import Obj, annotations, name_of, namespace_of

Name = str
"""`<namespace>/<name>` as the benchmark calls it."""


class Sightings:
    """`at`: when each was first seen. `twice`: those that were seen as two objects."""

    def __init__(self, name: Callable[[Obj], Name], fulfils: Callable[[Obj], bool]) -> None:
        self.at: dict[Name, float] = {}
        self.twice: set[Name] = set()
        self._name = name
        self._fulfils = fulfils
        self._uids: dict[Name, str] = {}
        self._awaited: dict[Name, asyncio.Event] = defaultdict(asyncio.Event)

    def note(self, events: Iterable[tuple[str, Obj]]) -> None:
        now = time.perf_counter()
        for type_, obj in events:
            if type_ not in ("ADDED", "MODIFIED") or not self._fulfils(obj):
                continue
            name, uid = self._name(obj), str(obj["metadata"]["uid"])
            if self._uids.setdefault(name, uid) != uid:
                self.twice.add(name)
            self.at.setdefault(name, now)
            if name in self._awaited:
                self._awaited[name].set()

    async def one(self, name: Name, timeout_s: float = 60.0) -> float:
        """When it was seen. Raises TimeoutError, with its name."""
        if name not in self.at:
            try:
                await asyncio.wait_for(self._awaited[name].wait(), timeout_s)
            except TimeoutError:
                raise TimeoutError(f"{name} was not seen within {timeout_s:.0f} s") from None
        self._awaited.pop(name, None)
        return self.at[name]

    async def all_of(self, wanted: set[Name], timeout_s: float) -> None:
        """Until each was seen. Raises TimeoutError, which says how many are missing."""
        deadline = time.perf_counter() + timeout_s
        while missing := wanted - self.at.keys():
            if time.perf_counter() > deadline:
                some = sorted(missing)[:3]
                raise TimeoutError(f"{len(missing)} of {len(wanted)} not seen, such as {some}")
            await asyncio.sleep(0.05)


@asynccontextmanager
async def sightings(
    client: KubeClient,
    kind: Kind,
    namespace: str = "",
    name: Callable[[Obj], Name] = lambda obj: f"{namespace_of(obj)}/{name_of(obj)}",
    fulfils: Callable[[Obj], bool] = lambda _: True,
) -> AsyncIterator[Sightings]:
    """Watches while the block lasts, from now on, in all namespaces without one given."""
    seen = Sightings(name, fulfils)
    path = object_path(kind, namespace)
    position = (await client.list_page(path, {"limit": "1"})).resource_version

    async def follow() -> None:
        nonlocal position
        while True:
            async with aclosing(client.watch_batches(path, {"resourceVersion": position})) as news:
                async for events in news:
                    seen.note(events)
                    position = _last(events)

    task = asyncio.create_task(follow())
    try:
        yield seen
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _last(events: list[tuple[str, Obj]]) -> str:
    for type_, obj in events:
        if type_ == "ERROR":
            raise RuntimeError(f"the benchmark's own watch broke: {obj.get('message')}")
    return str(events[-1][1]["metadata"]["resourceVersion"])


def on_host(obj: Obj) -> Name:
    """The host namespace, and the virtual name if it is of a virtual cluster."""
    return f"{namespace_of(obj)}/{annotations(obj).get(NAME, name_of(obj))}"


def host_names(cluster: str, virtual: Iterable[str]) -> set[Name]:
    """As `on_host` calls the pods of that virtual cluster by these names."""
    return {f"{host_namespace(cluster)}/{name}" for name in virtual}
