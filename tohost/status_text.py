"""How `tohost status` reads: pure."""

from collections.abc import Iterable, Sequence

from common.ages import duration
from common.objects import Obj
from common.status.standing import Everything, Row, Scan, Standing
from common.workqueue.overview import Trouble
from tohost.output import plain

SHOWN = 20
"""So many objects of each virtual cluster are named in text, and all in JSON and YAML."""
LINE = 240
_HEADS = ("KIND", "VIRTUAL", "HOST", "PENDING", "LATER", "FAILING", "OLDEST")


def as_text(everything: Everything) -> str:
    running = f"{_count(everything.watchers, 'watcher')}, {_count(everything.workers, 'worker')}"
    parts = [[running, *(f"PROBLEM  {each}" for each in everything.problems)]]
    parts += [list(_cluster(each)) for each in everything.clusters]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _cluster(standing: Standing) -> Iterable[str]:
    yield f"{standing.name}: {'fine' if standing.fine else 'needs a look'}{_scanned(standing.scan)}"
    if standing.rows:
        yield from _table([_HEADS, *map(_cells, standing.rows)])
    yield from (f"PROBLEM  {standing.name} {_line(each)}" for each in standing.problems)
    yield from (f"NOTE  {standing.name} {_line(each)}" for each in standing.notes)
    yield from map(_trouble, standing.troubles[:SHOWN])
    if hidden := len(standing.troubles) - SHOWN:
        yield from [f"... and {hidden} more; -o json shows all"] if hidden > 0 else []


def _scanned(scan: Scan | None) -> str:
    if scan is None:
        return ""
    woken = f", {scan.woken} looked at again" if scan.woken else ""
    return f"; scanned {duration(scan.ago_s)} ago ({scan.pairs} pairs{woken})"


def _cells(row: Row) -> Sequence[str]:
    load = row.load
    numbers = (row.virtual, row.host, load.pending, load.later, load.failing)
    oldest = duration(load.oldest_s) if load.oldest_s >= 1 else "-"
    return (row.plural, *map(str, numbers), oldest)


def _table(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """The first column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join(["  " + first.ljust(widths[0]), *cells])


def _trouble(trouble: Trouble) -> str:
    return f"{trouble.state.upper()}  {trouble.key}  {_line(trouble.words)}  ({_when(trouble)})"


def _when(trouble: Trouble) -> str:
    age = f"for {duration(trouble.since_s)}"
    if trouble.state == "waiting":
        return age
    soon = f"next in {duration(trouble.next_s)}" if trouble.next_s > 0 else "next now"
    return f"{_count(trouble.tries, 'failure')} {age}, {soon}"


def _line(words: str) -> str:
    short = plain(words)
    return short if len(short) <= LINE else f"{short[: LINE - 3]}..."


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def as_data(everything: Everything) -> Obj:
    return {
        "fine": everything.fine,
        "watchers": everything.watchers,
        "workers": everything.workers,
        "problems": list(everything.problems),
        "virtualClusters": [_cluster_data(each) for each in everything.clusters],
    }


def _cluster_data(standing: Standing) -> Obj:
    scan = standing.scan
    return {
        "name": standing.name,
        "fine": standing.fine,
        "kinds": [_row_data(row) for row in standing.rows],
        "objects": [_trouble_data(each) for each in standing.troubles],
        "problems": list(standing.problems),
        "notes": list(standing.notes),
        "lastScan": scan
        and {"agoSeconds": int(scan.ago_s), "pairs": scan.pairs, "woken": scan.woken},
    }


def _row_data(row: Row) -> Obj:
    load = row.load
    return {
        "kind": row.plural,
        "virtual": row.virtual,
        "host": row.host,
        "pending": load.pending,
        "later": load.later,
        "failing": load.failing,
        "oldestSeconds": int(load.oldest_s),
    }


def _trouble_data(trouble: Trouble) -> Obj:
    key = trouble.key
    return {
        "state": trouble.state,
        "kind": key.plural,
        "namespace": key.namespace,
        "name": key.name,
        "message": trouble.words,
        "failures": trouble.tries,
        "sinceSeconds": int(trouble.since_s),
        "nextTrySeconds": round(trouble.next_s, 1),
    }
