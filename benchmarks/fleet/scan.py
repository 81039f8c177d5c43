"""The periodic scan of many pairs that agree; see `benchmarks.scan`."""

import gc
from collections.abc import Sequence
from dataclasses import dataclass

from redis import Redis

from benchmarks.fleet.part import Folders, Section, median, runs_of, shown, verdict
from benchmarks.report import Table, conditions
from benchmarks.scan import counting, fill, measure
from sandbox.redis import RedisServer

TITLE = "Scan"


@dataclass(frozen=True, slots=True)
class Sizes:
    pods: int = 10_000
    repeats: int = 3


@dataclass(frozen=True, slots=True)
class Found:
    cpu_s: float
    seconds: float
    woken: int
    calls: int


async def run(sizes: Sizes, folders: Folders) -> Section:
    _collect_as_workers_do()
    with RedisServer(folders.work / "scan") as server:
        redis = Redis.from_url(server.url)
        fill(redis, {"pods": sizes.pods})
        async with counting(folders.work) as (client, seen):
            found = []
            for _ in range(sizes.repeats):
                calls = seen.total()
                report, _ = await measure(redis, client)
                woken, pairs = report.findings.woken, report.findings.pairs
                if pairs < sizes.pods:
                    raise RuntimeError(f"only {pairs} of {sizes.pods} pairs were looked at")
                found.append(Found(report.cpu_s, report.seconds, woken, seen.total() - calls))
    return _section(sizes, found)


def _collect_as_workers_do() -> None:
    """See `common.process.main`; else what other parts left behind would be walked each time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 10, 10)


def _section(sizes: Sizes, found: Sequence[Found]) -> Section:
    words = (
        f"All of {sizes.pods} pairs of Running pods that agree, each with a token, compared once;"
        f" {runs_of(sizes.repeats)}. CPU is the scanning thread's, seconds are with the pauses that"
        f" it makes for others. {conditions('a server that counts requests')}"
    )
    cpu_s = [each.cpu_s for each in found]
    wanted = 2.0 * sizes.pods / 10_000
    calls, woken = max(each.calls for each in found), max(each.woken for each in found)
    rows = [
        ("CPU", shown(cpu_s, " s"), verdict(median(cpu_s), wanted, " s")),
        ("seconds", shown([each.seconds for each in found], " s"), ""),
        ("API calls, the most of any run", str(calls), verdict(calls, 0)),
        ("pairs woken, the most of any run", str(woken), verdict(woken, 0)),
    ]
    return Section(TITLE, [words], [Table("", ("", "median (lowest..highest)", "wanted"), rows)])
