"""Which streams must be listed before a kind is planned.

What the store lacks counts as not existing, so a key planned before its streams are complete
would make tohost create what exists, or delete what is still wanted.
"""

from collections.abc import Iterable, Mapping

from common.kind import Kind

Stream = tuple[str, str]
"""(side, plural)"""


def gates(kinds: Iterable[Kind], active: frozenset[str]) -> Mapping[str, frozenset[Stream]]:
    """By plural, for the active kinds with work of their own. Streams of kinds that are switched
    off never come, so they aren't waited for."""
    return {
        kind.plural: frozenset(stream for stream in _needed(kind) if stream[1] in active)
        for kind in kinds
        if kind.plural in active and kind.worked_on
    }


def _needed(kind: Kind) -> set[Stream]:
    """The streams that a plan of this kind looks at."""
    needed = {("virtual", kind.plural)}
    if kind.host_watched:
        needed.add(("host", kind.plural))
    if "namespace" in kind.needs:
        needed.add(("virtual", "namespaces"))
    if kind.needs & {"services", "service"}:
        needed |= {("virtual", "services"), ("host", "services")}
    if "referrers" in kind.needs:
        needed |= {("virtual", "pods"), ("host", "pods")}
    if "claims" in kind.needs:
        needed.add(("host", "persistentvolumeclaims"))
    return needed
