"""Which queues may be worked on: those whose streams are listed.

What the store lacks counts as not existing, so a key planned before its streams are complete
would make tohost create what exists, or delete what is still wanted.
"""

from collections.abc import Collection, Iterable

from common.cluster import Cluster
from common.kind import Kind

Stream = tuple[str, str]


def needed_streams(kind: Kind) -> frozenset[Stream]:
    """The (side, plural) that a plan of this kind looks at."""
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
    return frozenset(needed)


def synced_plurals(kinds: Iterable[Kind], cluster: Cluster) -> list[Kind]:
    """The kinds with work of their own: those switched on, and those that follow others."""
    return [
        kind
        for kind in kinds
        if kind.plural in cluster.enabled or (not kind.option and kind.plan is not None)
    ]


def open_plurals(
    kinds: Iterable[Kind], cluster: Cluster, synced: Collection[Stream]
) -> frozenset[str]:
    """The kinds whose queues may be worked on. Streams of kinds that are off don't count."""
    return frozenset(
        kind.plural
        for kind in synced_plurals(kinds, cluster)
        if all(
            stream in synced
            for stream in needed_streams(kind)
            if stream[1] in cluster.enabled or not _has_option(stream[1], kinds)
        )
    )


def _has_option(plural: str, kinds: Iterable[Kind]) -> bool:
    return any(kind.plural == plural and kind.option for kind in kinds)
