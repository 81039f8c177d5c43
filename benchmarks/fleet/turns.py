"""Changes of regular virtual clusters, one after another, and how long each takes to come across.

Downward a change is a new pod, upward a host pod that becomes Running.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from benchmarks.fleet.load import NAMESPACE, create, run_pod
from benchmarks.fleet.place import DIRECT_NAMESPACE, Place, host_namespace
from benchmarks.fleet.sightings import Sightings, sightings
from benchmarks.load import PODS
from common.metadata import NAME
from common.objects import Obj, annotations, get_path, name_of

PROBE_EVERY_S = 0.05
Turn = Callable[[str, str], Awaitable[float]]
"""Change the object of that name in a virtual cluster; seconds from the API server's answer until
it was seen on the other side."""


async def take_turns(turn: Turn, clusters: Iterable[str], names: Iterable[str]) -> list[float]:
    """All virtual clusters at once; in each, one change after another."""

    async def one_after_another(cluster: str) -> list[float]:
        return [await turn(cluster, name) for name in wanted]

    wanted = list(names)
    taken = await asyncio.gather(*map(one_after_another, clusters))
    return [seconds for some in taken for seconds in some]


def down(ground: Place, seen: Sightings) -> Turn:
    """`seen`: on the host, as `on_host` names them."""

    async def turn(cluster: str, name: str) -> float:
        await create(ground.virtual[cluster], name)
        answered = time.perf_counter()
        return max(0.0, await seen.one(f"{host_namespace(cluster)}/{name}") - answered)

    return turn


@asynccontextmanager
async def up(ground: Place, clusters: Iterable[str]) -> AsyncIterator[Turn]:
    """Of pods that are on the host already."""
    seen: dict[str, Sightings] = {}
    on_host: dict[str, Mapping[str, str]] = {}
    async with AsyncExitStack() as stack:
        for cluster in clusters:
            watch = sightings(ground.virtual[cluster], PODS, NAMESPACE, fulfils=_running)
            seen[cluster] = await stack.enter_async_context(watch)
            on_host[cluster] = await _names_on_host(ground, cluster)

        async def turn(cluster: str, name: str) -> float:
            await run_pod(ground.host, host_namespace(cluster), on_host[cluster][name])
            answered = time.perf_counter()
            return max(0.0, await seen[cluster].one(f"{NAMESPACE}/{name}") - answered)

        yield turn


async def _names_on_host(ground: Place, cluster: str) -> dict[str, str]:
    """By virtual name."""
    pods = ground.host.list_all(PODS, host_namespace(cluster))
    return {annotations(each)[NAME]: name_of(each) async for each in pods}


def _running(obj: Obj) -> bool:
    return bool(get_path(obj, "status.phase") == "Running")


@asynccontextmanager
async def probing(ground: Place, seen: Sightings, start: str) -> AsyncIterator[list[float]]:
    """Pods written straight to the host while the block lasts, and the seconds from each request
    to its watch event: what machine and API server make of the load, whoever brings it across."""
    waits: list[float] = []

    async def probe() -> None:
        while True:
            name = f"{start}-{len(waits)}"
            asked = time.perf_counter()
            await create(ground.host, name, DIRECT_NAMESPACE)
            waits.append(await seen.one(f"{DIRECT_NAMESPACE}/{name}") - asked)
            await asyncio.sleep(PROBE_EVERY_S)

    task = asyncio.create_task(probe())
    try:
        yield waits
        if task.done():
            task.result()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
