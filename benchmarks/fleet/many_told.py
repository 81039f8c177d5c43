"""What is told of many virtual clusters: tables and plots of what `many` found."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks import plots
from benchmarks.fleet.part import Folders, Section, median, runs_of, shown, verdict
from benchmarks.report import Table, conditions, image
from benchmarks.spread import spread

TITLE = "Many virtual clusters"
_FLAT = 1.1
"""So many times what it is with half of the pods it may be with all."""


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
    """Of one run. `cpu_s`: while all came; `idle`: in percent of a core, by process; `created`,
    `course`: seconds, and how many were created and were on the host; `grown`: how many were there,
    and MiB of the watchers and the workers."""

    direct_rate: float = 0.0
    seconds: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)
    idle: dict[str, float] = field(default_factory=dict)
    grown: list[tuple[int, float, float]] = field(default_factory=list)
    redis_bytes: float = 0.0
    json_bytes: float = 0.0
    course: Sequence[tuple[float, float]] = ()
    created: Sequence[tuple[float, float]] = ()


def section(sizes: Sizes, runs: Sequence[Found], servers: str, folders: Folders) -> Section:
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
        [_draw(runs, folders), _draw_idle(runs, folders), _draw_memory(runs, folders)],
    )


def _table(sizes: Sizes, runs: Sequence[Found], pods: int) -> Table:
    rates = [pods / each.seconds for each in runs]
    ratios = [rate / each.direct_rate for rate, each in zip(rates, runs, strict=True)]
    rows = [
        ("until all are created", shown([each.created[-1][0] for each in runs], " s")),
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
    def row(part: str, place: int) -> list[str]:
        """Of none, half and all."""
        pods = runs[0].grown[-1][0]
        at = [[_at(each.grown, share * pods)[place] for each in runs] for share in (0, 0.5, 1)]
        flat = verdict(median(at[2]) / median(at[1]), _FLAT, " times half")
        return [f"{part}, MiB resident", *map(shown, at), flat]

    rows = [
        row("watchers", 1),
        [*row("workers", 2)[:-1], ""],
        ["Redis, bytes for each object", "", "", shown([each.redis_bytes for each in runs]), ""],
        ["JSON of an object, bytes", "", "", shown([each.json_bytes for each in runs]), ""],
        ["Redis for JSON", "", "", shown(ratios), verdict(median(ratios), 1.5)],
    ]
    return Table("Memory", ("", "without a pod", "with half", "with all", "wanted"), rows)


def _at(grown: Sequence[tuple[int, float, float]], pods: float) -> tuple[int, float, float]:
    """The first sample with so many pods."""
    return next(each for each in grown if each[0] >= pods)


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


def _draw_memory(runs: Sequence[Found], folders: Folders) -> str:
    file, grown = folders.plots / "fleet-memory.png", runs[-1].grown
    series = {
        "watchers": [(float(pods), watchers) for pods, watchers, _ in grown],
        "workers": [(float(pods), workers) for pods, _, workers in grown],
    }
    plots.lines(file, "Resident memory by pods on the host", ("pods", "MiB"), series)
    return image(file.name, "resident memory of watchers and workers by pods on the host")
