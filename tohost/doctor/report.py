"""How `tohost doctor` reads: pure."""

from collections.abc import Iterator, Sequence

from common.objects import Obj
from tohost.doctor.finding import HOST, Finding
from tohost.documents import write_yaml
from tohost.output import plain

_LABELS = {"ok": "ok", "warning": "WARNING", "problem": "PROBLEM", "skipped": "skipped"}


def line(finding: Finding) -> str:
    """One finding, with what to do below it."""
    head = f"{_LABELS[finding.level]:<8} {finding.where}: {finding.check}: {plain(finding.words)}"
    parts = [head]
    if finding.remedy:
        parts.append(f"         do: {plain(finding.remedy)}")
    if finding.manifest:
        parts.append(f"         {_apply(finding.where)}")
    return "\n".join(parts) + "\n"


def _apply(where: str) -> str:
    side = "host" if where == HOST else where
    return f"manifest: tohost doctor --manifests {side} | kubectl --context {side} apply -f -"


def summary(found: Sequence[Finding]) -> str:
    problems, warnings = (_count(found, level) for level in ("problem", "warning"))
    if not problems and not warnings:
        return f"all is well: {len(found)} checks"
    parts = [f"{n} {word}{'' if n == 1 else 's'}" for n, word in _named(problems, warnings) if n]
    return f"{' and '.join(parts)} in {len(found)} checks"


def _named(problems: int, warnings: int) -> Iterator[tuple[int, str]]:
    yield problems, "problem"
    yield warnings, "warning"


def _count(found: Sequence[Finding], level: str) -> int:
    return sum(each.level == level for each in found)


def is_well(found: Sequence[Finding]) -> bool:
    """Warnings are for people to judge."""
    return not _count(found, "problem")


def manifests(found: Sequence[Finding], where: str) -> str:
    """What is to be applied in one cluster, each once."""
    wanted: list[Obj] = []
    for each in found:
        if each.where == where:
            wanted += [obj for obj in each.manifest if obj not in wanted]
    return write_yaml(wanted)


def as_data(found: Sequence[Finding]) -> Obj:
    return {"ok": is_well(found), "checks": [_data(each) for each in found]}


def _data(finding: Finding) -> Obj:
    return {
        "where": finding.where,
        "check": finding.check,
        "result": finding.level,
        "message": finding.words,
        "remedy": finding.remedy,
        "manifests": list(finding.manifest),
    }
