"""Many virtual clusters beside one host, filled with pods all at once; then nothing changes."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import orjson

from benchmarks.fleet.load import NAMESPACE, create_all, fill, pod_names
from benchmarks.fleet.many_told import TITLE, Found, Sizes, section
from benchmarks.fleet.part import Folders, Section
from benchmarks.fleet.place import DIRECT_NAMESPACE, Place, host_namespace, names, place
from benchmarks.fleet.rest import at_rest
from benchmarks.fleet.sightings import Sightings, host_names, on_host, sightings
from benchmarks.fleet.team import Team, difference, team
from benchmarks.load import PODS
from common.kube.client import KubeClient

__all__ = ["TITLE", "Found", "Sizes", "run"]
_POINTS = 200
_SAMPLE_S = 0.5


async def run(sizes: Sizes, folders: Folders) -> Section:
    runs = []
    for number in range(sizes.repeats):
        async with place(folders.work / f"many-{number}", names(sizes.clusters)) as ground:
            runs.append(await _once(sizes, ground))
    return section(sizes, runs, ground.servers, folders)


async def _once(sizes: Sizes, ground: Place) -> Found:
    found = Found(direct_rate=await _direct(sizes, ground.host))
    config = ground.write_config()
    async with team(config, ground.directory, sizes.watchers, sizes.workers) as fleet:
        await at_rest(ground.redis, ground.virtual, ground.streams())
        await asyncio.sleep(sizes.settle_s)
        bytes_before = _redis_bytes(ground)
        await _fill(sizes, ground, fleet, found)
        await at_rest(ground.redis, ground.virtual)
        await asyncio.sleep(sizes.settle_s)
        found.grown.append((_objects(sizes) // 2, *_mib(fleet)))
        found.redis_bytes = (_redis_bytes(ground) - bytes_before) / _objects(sizes)
        found.json_bytes = await _json_bytes(ground)
        found.idle = await _idle(sizes, ground, fleet)
    return found


async def _direct(sizes: Sizes, host: KubeClient) -> float:
    began = time.perf_counter()
    await create_all(host, pod_names(sizes.direct, "direct"), DIRECT_NAMESPACE)
    return sizes.direct / (time.perf_counter() - began)


async def _fill(sizes: Sizes, ground: Place, fleet: Team, found: Found) -> None:
    wanted = pod_names(sizes.pods, "web")
    everything = set[str]().union(*(host_names(each, wanted) for each in ground.virtual))
    cpu_before = fleet.cpu_s(ground.redis)
    async with sightings(ground.host, PODS, name=on_host) as seen, _sampled(fleet, seen, found):
        began = time.perf_counter()
        created = await fill(ground.virtual.values(), wanted)
        await seen.all_of(everything, sizes.timeout_s)
    _refuse_doubles(seen)
    found.cpu_s = difference(fleet.cpu_s(ground.redis), cpu_before)
    found.seconds = max(seen.at[each] for each in everything) - began
    found.created = _course(created, began)
    found.course = _course([seen.at[each] for each in everything], began)


@asynccontextmanager
async def _sampled(fleet: Team, seen: Sightings, found: Found) -> AsyncIterator[None]:
    """Memory, while more and more pods are on the host."""

    async def sample() -> None:
        while True:
            found.grown.append((len(seen.at), *_mib(fleet)))
            await asyncio.sleep(_SAMPLE_S)

    task = asyncio.create_task(sample())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _refuse_doubles(seen: Sightings) -> None:
    if seen.twice:
        raise RuntimeError(f"created twice on the host: {sorted(seen.twice)[:5]}")


def _course(times: Sequence[float], began: float) -> list[tuple[float, float]]:
    """How many by when, thinned out."""
    ordered = sorted(times)
    step = max(1, len(ordered) // _POINTS)
    points = [(at - began, float(place + 1)) for place, at in enumerate(ordered)]
    return [*points[::step], points[-1]]


async def _idle(sizes: Sizes, ground: Place, fleet: Team) -> dict[str, float]:
    before, began = fleet.cpu_s(ground.redis), time.perf_counter()
    await asyncio.sleep(sizes.idle_s)
    used, seconds = fleet.cpu_s(ground.redis), time.perf_counter() - began
    return {name: 100 * each / seconds for name, each in difference(used, before).items()}


async def _json_bytes(ground: Place) -> float:
    """The JSON of an object without managedFields, on average of both sides."""
    name, virtual = next(iter(ground.virtual.items()))
    sizes = []
    for client, namespace in ((virtual, NAMESPACE), (ground.host, host_namespace(name))):
        async for obj in client.list_all(PODS, namespace):
            obj["metadata"].pop("managedFields", None)
            sizes.append(len(orjson.dumps(obj)))
    return sum(sizes) / len(sizes)


def _objects(sizes: Sizes) -> int:
    """In Redis, which has them of both sides."""
    return 2 * sizes.clusters * sizes.pods


def _redis_bytes(ground: Place) -> int:
    return int(ground.redis.info("memory")["used_memory"])


def _mib(fleet: Team) -> tuple[float, float]:
    return fleet.rss_mib("watchers"), fleet.rss_mib("workers")
