"""Many virtual clusters beside one host, filled with pods all at once; then nothing changes."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from benchmarks import plots
from benchmarks.fleet.load import NAMESPACE, create_all, fill, pod_names
from benchmarks.fleet.part import Folders, Section, median, runs_of, shown, verdict
from benchmarks.fleet.place import DIRECT_NAMESPACE, Place, host_namespace, names, place
from benchmarks.fleet.rest import at_rest
from benchmarks.fleet.sightings import Sightings, host_names, on_host, sightings
from benchmarks.fleet.team import Team, difference, team
from benchmarks.load import PODS
from benchmarks.report import Table, conditions, image
from benchmarks.spread import spread
from common.kube import KubeClient

TITLE = "Many virtual clusters"
_POINTS = 200


@dataclass(frozen=True, slots=True)
class Sizes:
    """`pods`: in each virtual cluster; `direct`: written straight to the host, to compare;
    `settle_s`: before memory is looked at."""

    clusters: int = 100
    pods: int = 100
    direct: int = 1000
    watchers: int = 1
    workers: int = 1
    settle_s: float = 5.0
    idle_s: float = 60.0
    repeats: int = 1
    timeout_s: float = 600.0


@dataclass(slots=True)
class Found:
    """Of one run. `cpu_s`: while all came; `idle`: in percent of a core, by process;
    `course`: seconds, and how many were on the host."""

    direct_rate: float = 0.0
    seconds: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)
    idle: dict[str, float] = field(default_factory=dict)
    watchers_mib: tuple[float, float] = (0.0, 0.0)
    workers_mib: tuple[float, float] = (0.0, 0.0)
    redis_bytes: float = 0.0
    json_bytes: float = 0.0
    course: Sequence[tuple[float, float]] = ()
    created: Sequence[tuple[float, float]] = ()


async def run(sizes: Sizes, folders: Folders) -> Section:
    runs = []
    for number in range(sizes.repeats):
        async with place(folders.work / f"many-{number}", names(sizes.clusters)) as ground:
            runs.append(await _once(sizes, ground))
    return _section(sizes, runs, ground.servers, folders)


async def _once(sizes: Sizes, ground: Place) -> Found:
    found = Found(direct_rate=await _direct(sizes, ground.host))
    config = ground.write_config()
    async with team(config, ground.directory, sizes.watchers, sizes.workers) as fleet:
        await at_rest(ground.redis, ground.virtual, ground.streams())
        await asyncio.sleep(sizes.settle_s)
        before, bytes_before = _mib(fleet), _redis_bytes(ground)
        await _fill(sizes, ground, fleet, found)
        await at_rest(ground.redis, ground.virtual)
        await asyncio.sleep(sizes.settle_s)
        after = _mib(fleet)
        found.watchers_mib = before[0], after[0]
        found.workers_mib = before[1], after[1]
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
    async with sightings(ground.host, PODS, name=on_host) as seen:
        began = time.perf_counter()
        created = await fill(ground.virtual.values(), wanted)
        await seen.all_of(everything, sizes.timeout_s)
    _refuse_doubles(seen)
    found.cpu_s = difference(fleet.cpu_s(ground.redis), cpu_before)
    found.seconds = max(seen.at[each] for each in everything) - began
    found.created = _course(created, began)
    found.course = _course([seen.at[each] for each in everything], began)


def _refuse_doubles(seen: Sightings) -> None:
    if seen.twice:
        raise RuntimeError(f"created twice on the host: {sorted(seen.twice)[:5]}")


def _course(times: Sequence[float], began: float) -> list[tuple[float, float]]:
    """How many by when, thinned out."""
    ordered = sorted(times)
    step = max(1, len(ordered) // _POINTS)
    return [(at - began, float(place + 1)) for place, at in enumerate(ordered)][::step]


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


def _section(sizes: Sizes, runs: Sequence[Found], servers: str, folders: Folders) -> Section:
    pods = sizes.clusters * sizes.pods
    words = (
        f"{sizes.pods} pods in each of {sizes.clusters} virtual clusters, created all at once:"
        f" {pods} pods; {sizes.watchers} watcher, {sizes.workers} worker,"
        f" {runs_of(sizes.repeats)}. Each virtual cluster has a namespace of its own on the host."
        " The virtual clusters' API servers are small ones in one process, since that many real"
        f" control planes need more machines. {conditions(servers)}"
    )
    idle = [sum(each.idle.values()) for each in runs]
    ratios = [each.redis_bytes / each.json_bytes for each in runs]
    return Section(
        TITLE,
        [words],
        [_table(sizes, runs, pods), _idle_table(sizes, runs, idle), _memory_table(runs, ratios)],
        [_draw(runs, folders), _draw_idle(runs, folders)],
    )


def _table(sizes: Sizes, runs: Sequence[Found], pods: int) -> Table:
    rates = [pods / each.seconds for each in runs]
    ratios = [rate / each.direct_rate for rate, each in zip(rates, runs, strict=True)]
    rows = [
        ("until all are on the host", shown([each.seconds for each in runs], " s")),
        ("pods a second", shown(rates)),
        (f"of direct writes ({sizes.direct} in the same run)", shown(ratios)),
    ]
    rows += [
        (f"CPU of {name}", f"{shown(used, ' s')}, {median(used) / pods * 1000:.2f} ms for a pod")
        for name, used in _by_process([each.cpu_s for each in runs]).items()
    ]
    return Table("Until all are on the host", ("", "median (lowest..highest)"), rows)


def _idle_table(sizes: Sizes, runs: Sequence[Found], idle: Sequence[float]) -> Table:
    rows = [
        (name, shown(values, " %"), "")
        for name, values in _by_process([each.idle for each in runs]).items()
    ]
    rows.append(("all", shown(idle, " %"), verdict(median(idle), 2.0, " %")))
    title = f"CPU of {sizes.idle_s:.0f} s in which nothing changes, in percent of one core"
    return Table(title, ("", "median (lowest..highest)", "wanted"), rows)


def _memory_table(runs: Sequence[Found], ratios: Sequence[float]) -> Table:
    def grown(pairs: Sequence[tuple[float, float]]) -> tuple[str, str]:
        return shown([each[0] for each in pairs]), shown([each[1] for each in pairs])

    rows = [
        ("watchers, MiB resident", *grown([each.watchers_mib for each in runs]), "flat"),
        ("workers, MiB resident", *grown([each.workers_mib for each in runs]), ""),
        ("Redis, bytes for each object", "", shown([each.redis_bytes for each in runs]), ""),
        ("JSON of an object, bytes", "", shown([each.json_bytes for each in runs]), ""),
        ("Redis for JSON", "", shown(ratios), verdict(median(ratios), 1.5)),
    ]
    return Table("Memory", ("", "without a pod", "with all", "wanted"), rows)


def _by_process(runs: Sequence[dict[str, float]]) -> dict[str, list[float]]:
    return {name: [each[name] for each in runs] for name in runs[0]}


def _draw(runs: Sequence[Found], folders: Folders) -> str:
    file, last = folders.plots / "fleet-many.png", runs[-1]
    series = {"created in virtual clusters": last.created, "on the host": last.course}
    plots.lines(file, "Many virtual clusters filled at once", ("seconds", "pods"), series)
    return image(file.name, "pods created and pods on the host over time")


def _draw_idle(runs: Sequence[Found], folders: Folders) -> str:
    file = folders.plots / "fleet-idle.png"
    by_process = _by_process([each.idle for each in runs])
    series = {"nothing changes": [spread(values) for values in by_process.values()]}
    plots.bars(file, "CPU when nothing changes", "percent of a core", list(by_process), series)
    return image(file.name, "CPU of watchers, workers and Redis when nothing changes")
