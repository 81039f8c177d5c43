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
        kind.plural: frozenset(_needed(kind, kinds, cluster)) & watched
        for kind in kinds
        if kind.sides(cluster)
    }


def _needed(kind: Kind, kinds: Collection[Kind], cluster: Cluster) -> Iterator[Stream]:
    """The streams that a plan of this kind looks at."""
    yield "virtual", kind.plural
    yield "host", kind.plural
    if kind.plural in cluster.draining and kind.plan is None:
        return  # whatever is there goes
    if kind.needs & {"namespace", "namespaces"}:
        yield "virtual", "namespaces"
    if kind.needs & {"services", "service"}:
        yield "virtual", "services"
        yield "host", "services"
    if "env_keys" in kind.needs:
        yield "virtual", "configmaps"
        yield "virtual", "secrets"
    if kind.needs & {"referrers", "host_referrers"}:
        yield from _referring(kind, kinds, cluster)
    if "host_referrers" in kind.needs:
        yield from (("host", each.plural) for each in kinds if each.refers and not each.discovered)


def _referring(kind: Kind, kinds: Collection[Kind], cluster: Cluster) -> Iterator[Stream]:
    """Whatever may refer to objects of this kind.

    Of a kind that is off only what we made ourselves is watched, which refers to nothing that is
    synced. Host objects know virtual names of cluster-scoped objects only; those of a kind that
    the host may lack refer to none beyond their own group, so that nothing else waits for it.
    """
    for each in kinds:
        on = each.plural in cluster.enabled if each.option else each.on(cluster)
        if each.refers and on:
            yield "virtual", each.plural
        near = not each.discovered or each.group == kind.group
        if each.host_refers and near and not kind.namespaced:
            yield "host", each.plural
