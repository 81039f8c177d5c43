"""Samples as tables: each figure the median of the runs, with the lowest and the highest."""

from collections.abc import Iterable, Iterator

from benchmarks import known
from benchmarks.load import PODS
from benchmarks.meter import PARTS
from benchmarks.report import Table
from benchmarks.samples import Samples
from benchmarks.spread import number, spread


def tables(samples: Samples) -> Iterator[Table]:
    yield throughput(samples)
    yield waiting(samples)
    yield cost(samples)
    yield latency(samples)
    yield memory(samples)
    yield resident(samples)


def throughput(samples: Samples) -> Table:
    """Ours, direct, and vCluster's beside its own direct."""
    columns = ["", "objects/s", "direct/s", "ratio", "vCluster/s", "its direct/s", "its ratio"]
    rows = []
    for name, runs in samples.bursts.items():
        theirs = known.BURSTS[name]
        row = [name, told(each.rate for each in runs), told(each.direct for each in runs)]
        row += [told(each.ratio for each in runs), between(theirs.rate)]
        rows.append([*row, number(theirs.direct), between(theirs.ratio)])
    return Table("Throughput", columns, rows)


def waiting(samples: Samples) -> Table:
    """In the same bursts: each object's wait, and the rate until nothing was left to do."""
    rows = []
    for name, runs in samples.bursts.items():
        row = [name, told(each.waits.p50_ms for each in runs)]
        row += [told(each.waits.p99_ms for each in runs), told(each.settled for each in runs)]
        rows.append(row)
    return Table("In these bursts", ["", "p50 ms", "p99 ms", "settled/s"], rows)


def cost(samples: Samples) -> Table:
    """CPU by part and together, and of a pod's whole life."""
    rows = [
        [name, *_by_part([each.cpu_ms for each in runs]), between(known.BURSTS[name].cpu_ms)]
        for name, runs in samples.bursts.items()
    ]
    if life := samples.life_ms(PODS.plural):
        rows.append([f"{PODS.plural}, whole life", *_by_part(life), between(known.pod_life_ms())])
    return Table("CPU, ms per object", ["", *PARTS, "together", "vCluster's syncer"], rows)


def _by_part(runs: Iterable[dict[str, float]]) -> Iterator[str]:
    used = list(runs)
    for part in PARTS:
        yield told(each[part] for each in used)
    yield told(sum(each.values()) for each in used)


def latency(samples: Samples) -> Table:
    rows = []
    for name, runs in samples.idle.items():
        row = [name, told(each.waits.p50_ms for each in runs)]
        row += [told(each.waits.p99_ms for each in runs), told(each.write_p50_ms for each in runs)]
        p50, p99 = known.IDLE.get(name, (None, None))
        rows.append([*row, number(p50) if p50 else "", number(p99) if p99 else ""])
    columns = ["", "p50 ms", "p99 ms", "the write itself, p50 ms", "vCluster p50", "vCluster p99"]
    return Table("Latency at 20 changes a second", columns, rows)


def memory(samples: Samples) -> Table:
    rows = []
    for plural, runs in samples.memory.items():
        row = [plural, told(each.redis_bytes for each in runs)]
        row += [told(each.virtual_json_bytes for each in runs)]
        row += [told(each.host_json_bytes for each in runs), told(each.ratio for each in runs)]
        rows.append(row)
    columns = ["", "Redis B/object", "virtual JSON B", "host JSON B", "ratio to both"]
    return Table("Redis memory", columns, rows)


def resident(samples: Samples) -> Table:
    """Before the pods of each run, and with all of them Running."""
    runs = samples.memory[PODS.plural]
    rows = []
    for what, found, theirs in (
        ("before", [each.rss_before_mib for each in runs], known.RSS_MIB[0]),
        ("with all pods Running", [each.rss_mib for each in runs], known.RSS_MIB[1]),
    ):
        rows.append([what, *_by_part(found), number(theirs)])
    columns = ["", *PARTS, "together", "vCluster's syncer"]
    return Table("Resident memory, MiB", columns, rows)


def told(values: Iterable[float]) -> str:
    found = spread(values)
    return str(found) if found else ""


def between(ends: tuple[float, float]) -> str:
    low, high = (number(each) for each in ends)
    return low if low == high else f"{low} to {high}"
