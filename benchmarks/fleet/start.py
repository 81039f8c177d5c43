"""Starting with many objects in sync: with an empty Redis, and with what it knew before.

Cold: all processes end, Redis is flushed, all start. Quiet is when every stream is listed and no
key waits. Nothing may be written by then. Warm: all processes end in an orderly way and start.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks import plots
from benchmarks.fleet.load import create, fill, pod_names
from benchmarks.fleet.part import Folders, Section, median, runs_of, shown, verdict
from benchmarks.fleet.place import Place, names, place
from benchmarks.fleet.rest import at_rest, held
from benchmarks.fleet.sightings import host_names, on_host, sightings
from benchmarks.fleet.team import Team, team
from benchmarks.fleet.writes import host_requests, virtual_writes
from benchmarks.load import PODS
from benchmarks.report import Table, conditions, image
from benchmarks.spread import spread

TITLE = "Start"
_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Sizes:
    """`pods`: in each virtual cluster. `repeats`: of both starts, on the same objects."""

    clusters: int = 100
    pods: int = 100
    watchers: int = 1
    workers: int = 1
    repeats: int = 3
    timeout_s: float = 600.0


@dataclass(slots=True)
class Cold:
    """`writes`: in the host and in all virtual clusters. `changed`: host pods that are others, or
    have another version, than before."""

    ready_s: float
    quiet_s: float
    cpu_s: float
    writes: tuple[int, int]
    changed: int
    requests: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Warm:
    """Seconds from the start of the processes. `watched_s`: until they had every stream;
    `change_s`: until a pod created in each virtual cluster meanwhile was on the host."""

    ready_s: float
    watched_s: float
    change_s: float
    lists: int


async def run(sizes: Sizes, folders: Folders) -> Section:
    colds, warms = [], []
    async with place(folders.work / "start", names(sizes.clusters)) as ground:
        config = ground.write_config()
        async with team(config, ground.directory, sizes.watchers, sizes.workers) as fleet:
            await _fill(sizes, ground)
            for number in range(sizes.repeats):
                colds.append(await _cold(sizes, ground, fleet))
                warms.append(await _warm(sizes, ground, fleet, f"meanwhile-{number}"))
    return _section(sizes, colds, warms, ground, folders)


async def _fill(sizes: Sizes, ground: Place) -> None:
    await at_rest(ground.redis, ground.virtual, ground.streams(), sizes.timeout_s)
    await fill(ground.virtual.values(), pod_names(sizes.pods, "web"))
    await at_rest(ground.redis, ground.virtual, timeout_s=sizes.timeout_s)


async def _cold(sizes: Sizes, ground: Place, fleet: Team) -> Cold:
    await fleet.stop()
    pods, asked = await _versions(ground), await host_requests(ground)
    written = await virtual_writes(ground)
    ground.redis.flushall()
    redis_s = fleet.cpu_s(ground.redis)["Redis"]
    began = _start(sizes, fleet)
    ready_s = await fleet.ready() - began
    streams = ground.streams()
    quiet_s = await at_rest(ground.redis, ground.virtual, streams, sizes.timeout_s) - began
    used_s = sum(fleet.cpu_s(ground.redis).values()) - redis_s
    requests = await host_requests(ground)
    requests.subtract(asked)
    in_virtual = await virtual_writes(ground) - written
    changed = len(set((await _versions(ground)).items()) ^ set(pods.items()))
    return Cold(ready_s, quiet_s, used_s, (requests["writes"], in_virtual), changed, requests)


async def _warm(sizes: Sizes, ground: Place, fleet: Team, name: str) -> Warm:
    await fleet.stop()
    asked = await host_requests(ground)
    wanted = set[str]().union(*(host_names(each, [name]) for each in ground.virtual))
    async with sightings(ground.host, PODS, name=on_host) as seen:
        began = _start(sizes, fleet)
        await asyncio.gather(*(create(each, name) for each in ground.virtual.values()))
        watched = asyncio.create_task(_all_held(ground, fleet))
        ready_s = await fleet.ready() - began
        await seen.all_of(wanted, sizes.timeout_s)
        change_s = max(seen.at[each] for each in wanted) - began
    watched_s = await watched - began
    lists = (await host_requests(ground))["LIST"] - asked["LIST"]
    await at_rest(ground.redis, ground.virtual, timeout_s=sizes.timeout_s)
    return Warm(ready_s, watched_s, change_s, lists)


def _start(sizes: Sizes, fleet: Team) -> float:
    began = time.perf_counter()
    fleet.start("watchers", sizes.watchers)
    fleet.start("workers", sizes.workers)
    return began


async def _all_held(ground: Place, fleet: Team) -> float:
    pids = [each.process.pid for each in fleet.members if each.part == "watchers"]
    streams = ground.streams()
    while held(ground.redis, pids) < streams:
        await asyncio.sleep(_POLL_S)
    return time.perf_counter()


async def _versions(ground: Place) -> dict[str, str]:
    """Of all pods of the host, by uid."""
    pods = ground.host.list_all(PODS)
    return {each["metadata"]["uid"]: each["metadata"]["resourceVersion"] async for each in pods}


def _section(
    sizes: Sizes, colds: Sequence[Cold], warms: Sequence[Warm], ground: Place, folders: Folders
) -> Section:
    words = (
        f"{sizes.clusters * sizes.pods} pods in sync, in {sizes.clusters} virtual clusters with"
        f" {ground.streams()} streams; {sizes.watchers} watcher, {sizes.workers} worker,"
        f" {runs_of(sizes.repeats)}. Seconds are from the start of the processes, their loading of"
        " Python included. *Cold*: Redis is empty; quiet is when all streams are listed and no key"
        " waits. *Warm*: everything but Redis ends in an orderly way and starts."
        f" {conditions(ground.servers)}"
    )
    return Section(
        TITLE, [words], [_cold_table(colds), _warm_table(warms)], [_draw(colds, warms, folders)]
    )


def _cold_table(found: Sequence[Cold]) -> Table:
    host, virtual = (max(each.writes[side] for each in found) for side in (0, 1))
    changed = max(each.changed for each in found)
    rows = [
        ("ready", shown([each.ready_s for each in found], " s"), ""),
        ("quiet", shown([each.quiet_s for each in found], " s"), ""),
        (
            "CPU of all processes and Redis until quiet",
            shown([each.cpu_s for each in found], " s"),
            "",
        ),
        ("writes to the host, the most of any run", str(host), verdict(host, 0)),
        ("host pods changed, the most of any run", str(changed), verdict(changed, 0)),
        ("writes to virtual clusters, the most of any run", str(virtual), ""),
    ]
    rows += [
        (f"{verb} requests to the host", shown([each.requests[verb] for each in found]), "")
        for verb in ("LIST", "GET", "WATCH")
        if any(each.requests[verb] for each in found)
    ]
    return Table("Cold start", ("", "median (lowest..highest)", "wanted"), rows)


def _warm_table(found: Sequence[Warm]) -> Table:
    ready_s = [each.ready_s for each in found]
    rows = [
        ("all processes ready", shown(ready_s, " s"), verdict(median(ready_s), 5.0, " s")),
        ("every stream watched", shown([each.watched_s for each in found], " s"), ""),
        (
            "a pod created in each virtual cluster meanwhile is on the host",
            shown([each.change_s for each in found], " s"),
            "",
        ),
        ("LIST requests to the host", shown([each.lists for each in found]), ""),
    ]
    return Table("Warm restart", ("", "median (lowest..highest)", "wanted"), rows)


def _draw(colds: Sequence[Cold], warms: Sequence[Warm], folders: Folders) -> str:
    file = folders.plots / "fleet-start.png"
    groups = {
        "cold: ready": [each.ready_s for each in colds],
        "cold: quiet": [each.quiet_s for each in colds],
        "warm: ready": [each.ready_s for each in warms],
        "warm: all watched": [each.watched_s for each in warms],
        "warm: changes across": [each.change_s for each in warms],
    }
    series = {"seconds from the start": [spread(values) for values in groups.values()]}
    plots.bars(file, "Start of all processes", "seconds", list(groups), series)
    return image(file.name, "seconds that cold and warm starts take")
