"""What `tohost cleanup` shows: what would go, what stays and why, what became of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.objects import uid
from tohost.cleanup.memory import Forgotten
from tohost.cleanup.proof import Doubt, Found, Sorted, place
from tohost.cleanup.removal import POLICIES, Result, what

_HEAD = ("KIND", "HOST OBJECT", "VIRTUAL OBJECT", "")
_GAP = "  "


@dataclass(slots=True)
class Report:
    """All that one run found and did. results, forgotten: None before, and with --dry-run."""

    name: str
    things: Sorted
    problems: Sequence[str]
    notes: Sequence[str]
    redis_keys: int | None
    results: Sequence[Result] | None = None
    forgotten: Forgotten | None = None
    more: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[str]:
        """What could not be removed, or looked at."""
        results = [each for each in self.results or () if each.problem]
        lines = [f"{each.found.kind.plural} {each.found.place}: {each.problem}" for each in results]
        return [*self.problems, *lines, *self.more]

    @property
    def empty(self) -> bool:
        return not self.things.found and not self.redis_keys


def table(found: Sequence[Found]) -> str:
    rows = [_HEAD, *((e.kind.plural, e.place, e.virtual, what(e)) for e in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "".join(
        _GAP.join([*(cell.ljust(w) for cell, w in zip(row, widths, strict=False)), row[3]]).rstrip()
        + "\n"
        for row in rows
    )


def plan(report: Report) -> Iterator[str]:
    """Lines about what is going to happen, beside the table."""
    counts = Counter(each.kind.plural for each in report.things.found)
    if any(e.kind.plural == "namespaces" and what(e) == "delete" for e in report.things.found):
        yield "namespaces that are deleted go with all that is in them"
    if claims := counts["persistentvolumeclaims"]:
        yield (
            f"{claims} persistentvolumeclaims: what becomes of data in volumes of the host's own is"
            " up to the reclaim policy of these"
        )
    if any(counts[plural] for plural in POLICIES):
        yield "volumes and snapshots of this virtual cluster's own keep their data"
    for doubt in report.things.doubts:
        yield f"left alone: {_named(doubt)}: {doubt.why}"
    if follows := report.things.follows:
        yield f"{len(follows)} more are the host's own copies or parts of these, and go with them"
    yield from report.notes
    yield from (f"problem: {each}" for each in report.problems)
    if report.redis_keys is None:
        yield "no Redis to forget it"
    else:
        yield f"{report.redis_keys} keys in Redis"


def as_data(report: Report) -> Mapping[str, Any]:
    """The same for programs."""
    results = {uid(each.found.obj): each for each in report.results or ()}
    return {
        "virtualCluster": report.name,
        "objects": [_found(each, results.get(uid(each.obj))) for each in report.things.found],
        "leftAlone": [_doubt(each) for each in report.things.doubts],
        "follow": [_doubt(each) for each in report.things.follows],
        "problems": report.failed,
        "notes": list(report.notes),
        "redis": _redis(report),
    }


def _found(found: Found, result: Result | None) -> Mapping[str, Any]:
    said = {**_place(found), "virtual": found.virtual, "action": what(found)}
    return said if result is None else {**said, "done": not result.problem}


def _doubt(doubt: Doubt) -> Mapping[str, Any]:
    return {**_place(doubt), "why": doubt.why}


def _place(each: Found | Doubt) -> Mapping[str, Any]:
    metadata = each.obj.get("metadata") or {}
    namespace = metadata.get("namespace", "")
    return {"kind": each.kind.plural, "namespace": namespace, "name": metadata.get("name", "")}


def _redis(report: Report) -> Mapping[str, Any]:
    if report.forgotten is None:
        return {"keys": report.redis_keys, "removed": 0, "queues": []}
    gone = report.forgotten
    return {"keys": report.redis_keys, "removed": gone.keys, "queues": list(gone.queues)}


def _named(doubt: Doubt) -> str:
    return f"{doubt.kind.plural} {place(doubt.obj)}"


def in_order(found: Iterable[Found]) -> list[Found]:
    return sorted(found, key=lambda each: (each.kind.plural, each.place))
