"""What a run came to, as rows of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Figures:
    """`converged_s` after the storm, None if it never did. `struck`: requests and watches that the
    proxies hit, by how."""

    seed: int
    servers: str
    tenants: int
    watchers: int
    workers: int
    storm_s: float
    operations: int = 0
    refused: int = 0
    objects: int = 0
    refused_by_host: int = 0
    writes: int = 0
    strikes: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)
    converged_s: float | None = None
    violations: int = 0


COLUMNS = (
    "seed",
    "servers",
    "virtual clusters",
    "watchers, workers",
    "operations",
    "objects in the end (that the host refuses)",
    "writes",
    "kills",
    "pauses",
    "Redis restarts",
    "flushes",
    "faults",
    "converged in",
    "violations",
)


def row(run: Figures) -> list[str]:
    converged = "never" if run.converged_s is None else f"{run.converged_s:.1f} s"
    return [
        str(run.seed),
        run.servers,
        str(run.tenants),
        f"{run.watchers}, {run.workers}",
        f"{run.operations} in {run.storm_s:.0f} s",
        f"{run.objects} ({run.refused_by_host})",
        str(run.writes),
        str(run.strikes["kill"]),
        str(run.strikes["pause"]),
        str(run.strikes["redis restart"]),
        str(run.strikes["flush"]),
        str(run.struck.total()),
        converged,
        str(run.violations),
    ]


def table(runs: Sequence[Figures]) -> str:
    """Markdown, with a last row that sums up."""
    lines = [list(COLUMNS), ["---"] * len(COLUMNS), *map(row, runs), _sum(runs)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def faults(runs: Sequence[Figures]) -> str:
    """How often each sort of fault struck, over all runs."""
    struck: Counter[str] = Counter()
    for run in runs:
        struck.update(run.struck)
    return ", ".join(f"{sort} {count}" for sort, count in struck.most_common())


def _sum(runs: Sequence[Figures]) -> list[str]:
    times = [run.converged_s for run in runs if run.converged_s is not None]
    slowest = f"at most {max(times):.1f} s" if len(times) == len(runs) and times else "not all"
    strikes: Counter[str] = Counter()
    for run in runs:
        strikes.update(run.strikes)
    return [
        f"{len(runs)} runs",
        "",
        "",
        "",
        str(sum(run.operations for run in runs)),
        str(sum(run.objects for run in runs)),
        str(sum(run.writes for run in runs)),
        str(strikes["kill"]),
        str(strikes["pause"]),
        str(strikes["redis restart"]),
        str(strikes["flush"]),
        str(sum(run.struck.total() for run in runs)),
        slowest,
        str(sum(run.violations for run in runs)),
    ]
