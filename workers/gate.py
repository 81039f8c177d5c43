"""Which streams must be listed before a kind is planned.

What the store lacks counts as not existing, so a key planned before its streams are complete
would make tohost create what exists, or delete what is still wanted.
"""

from collections.abc import Collection, Iterator, Mapping

from common.cluster import Cluster
from common.kind import Kind

Stream = tuple[str, str]
"""(side, plural)"""


def gates(kinds: Collection[Kind], cluster: Cluster) -> Mapping[str, frozenset[Stream]]:
    """By plural, for the kinds that are watched. Streams that never come aren't waited for."""
    watched = {(side, kind.plural) for kind in kinds for side in kind.sides(cluster)}
    return {
        kind.plural: frozenset(_needed(kind, kinds)) & watched
        for kind in kinds
        if kind.sides(cluster)
    }


def _needed(kind: Kind, kinds: Collection[Kind]) -> Iterator[Stream]:
    """The streams that a plan of this kind looks at."""
    yield "virtual", kind.plural
    yield "host", kind.plural
    if kind.needs & {"namespace", "namespaces"}:
        yield "virtual", "namespaces"
    if kind.needs & {"services", "service"}:
        yield "virtual", "services"
        yield "host", "services"
    if kind.needs & {"referrers", "host_referrers"}:
        yield from _referring(kinds)


def _referring(kinds: Collection[Kind]) -> Iterator[Stream]:
    """Whatever may refer to something."""
    for kind in kinds:
        if kind.refers:
            yield "virtual", kind.plural
        if kind.host_refers or (kind.refers and kind.host_watched):
            yield "host", kind.plural
