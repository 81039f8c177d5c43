"""How throughput grows with worker processes when the host is far away.

Pods of some virtual clusters are created faster than they can be brought across, so many for each
worker, and the host gets each request 50 ms late. What counts is the rate between the last creation
and the last few pods, while every worker has as much as it can take.
"""

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks import plots
from benchmarks.fleet.load import fill, pod_names
from benchmarks.fleet.part import Folders, Section, median, runs_of, shown, verdict
from benchmarks.fleet.place import HOST, Place, longer_way, names, place
from benchmarks.fleet.rest import at_rest
from benchmarks.fleet.sightings import host_names, on_host, sightings
from benchmarks.fleet.team import Team, difference, team
from benchmarks.load import PODS
from benchmarks.report import Table, conditions, image

TITLE = "Scale-out"
_STEADY_UNTIL = 0.95


@dataclass(frozen=True, slots=True)
class Sizes:
    """`counts`: of workers; `pods`: for each of them; `concurrency`: reconciles that one worker
    does at once."""

    counts: tuple[int, ...] = (1, 2, 4, 8)
    pods: int = 150
    concurrency: int = 1
    delay_s: float = 0.05
    clusters: int = 8
    watchers: int = 1
    repeats: int = 3
    timeout_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Found:
    """Of one number of workers: pods a second, and CPU seconds of all processes for each second."""

    rate: float
    cores: float


async def run(sizes: Sizes, folders: Folders) -> Section:
    found: dict[int, list[Found]] = defaultdict(list)
    async with place(folders.work / "scale", names(sizes.clusters)) as ground:
        with longer_way(ground.files[HOST], sizes.delay_s) as host:
            limit = {"workers": {"concurrency": sizes.concurrency}}
            config = ground.write_config(host, limit)
            async with team(config, ground.directory, sizes.watchers, 0) as fleet:
                for repeat in range(sizes.repeats):
                    for workers in sizes.counts:
                        start = f"p{repeat}-{workers}"
                        found[workers].append(await _once(sizes, ground, fleet, workers, start))
    return _section(sizes, found, ground.servers, folders)


async def _once(sizes: Sizes, ground: Place, fleet: Team, workers: int, start: str) -> Found:
    """The workers are started anew; what is there already stays."""
    fleet.start("workers", workers)
    await fleet.ready()
    await at_rest(ground.redis, ground.virtual, ground.streams())
    wanted = pod_names(sizes.pods * workers // len(ground.virtual), start)
    everything = set[str]().union(*(host_names(each, wanted) for each in ground.virtual))
    before, began = fleet.cpu_s(ground.redis), time.perf_counter()
    async with sightings(ground.host, PODS, name=on_host) as seen:
        await fill(ground.virtual.values(), wanted)
        created_at = time.perf_counter()
        await seen.all_of(everything, sizes.timeout_s)
    used, seconds = difference(fleet.cpu_s(ground.redis), before), time.perf_counter() - began
    rate = _steady_rate([seen.at[each] for each in everything], created_at)
    await fleet.stop("workers")
    return Found(rate, sum(used.values()) / seconds)


def _steady_rate(times: Sequence[float], created_at: float) -> float:
    """From when all had been created until few were left."""
    ordered = sorted(times)
    last = ordered[int(len(ordered) * _STEADY_UNTIL) - 1]
    steady = [at for at in ordered if created_at < at <= last]
    if len(steady) < 2:
        raise RuntimeError("all were on the host before the last was created: give it more pods")
    return (len(steady) - 1) / (steady[-1] - steady[0])


def _section(
    sizes: Sizes, found: Mapping[int, Sequence[Found]], servers: str, folders: Folders
) -> Section:
    fewest, most = sizes.counts[0], sizes.counts[-1]
    words = (
        f"The host gets every request {1000 * sizes.delay_s:.0f} ms late; {sizes.pods} pods for"
        f" each worker in {sizes.clusters} virtual clusters, {sizes.watchers} watcher,"
        f" {runs_of(sizes.repeats)}. A worker does many reconciles at once, so that the cores"
        " of one machine would be all that is measured. Here each worker does only"
        f" {sizes.concurrency} at once (`workers.concurrency`): what is measured is whether workers"
        " share the work without standing in each other's way. Speed-up is of the run's own rate"
        f" with {fewest}. {conditions(servers)}"
    )
    speed_up = {count: _speed_up(found[count], found[fewest]) for count in sizes.counts}
    wanted = verdict(median(speed_up[most]), 7 / 8 * most / fewest, least=True)
    rows = [
        (
            str(count),
            shown([each.rate for each in found[count]]),
            shown(speed_up[count]),
            shown([each.cores for each in found[count]]),
            wanted if count == most else "",
        )
        for count in sizes.counts
    ]
    columns = ("workers", "pods a second", "speed-up", "cores used by our processes", "wanted")
    return Section(TITLE, [words], [Table("", columns, rows)], [_draw(speed_up, folders)])


def _speed_up(found: Sequence[Found], alone: Sequence[Found]) -> list[float]:
    """Of each repeat."""
    return [each.rate / one.rate for each, one in zip(found, alone, strict=True)]


def _draw(speed_up: Mapping[int, Sequence[float]], folders: Folders) -> str:
    file = folders.plots / "fleet-scale.png"
    measured = [(float(count), median(values)) for count, values in speed_up.items()]
    fewest = min(speed_up)
    series = {
        "measured": measured,
        "as many times as there are workers": [(each, each / fewest) for each, _ in measured],
    }
    plots.lines(file, "Throughput by workers, far host", ("workers", "times that of one"), series)
    return image(file.name, "speed-up by number of worker processes")
