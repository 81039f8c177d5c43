"""What is watched: a stream is one kind on one side of one virtual cluster."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from common.api import object_path
from common.changes import active_plurals
from common.cluster import Cluster
from common.kind import Kind
from common.metadata import MANAGED_BY
from common.naming import managed_by
from common.objects import Side

# Objects that we make in the virtual cluster to stand for the host's; the rest isn't ours to see.
_STAND_INS = frozenset({"nodes", "persistentvolumes"})


@dataclass(frozen=True, slots=True)
class StreamId:
    """Names a stream in Redis and in logs; sorts by virtual cluster."""

    cluster: str
    side: Side
    plural: str

    def __str__(self) -> str:
        return f"{self.cluster} {self.side}:{self.plural}"


@dataclass(frozen=True, slots=True)
class Stream:
    """`active` holds the plurals that the workers of this virtual cluster handle."""

    cluster: Cluster
    kind: Kind
    side: Side
    active: frozenset[str]

    @property
    def id(self) -> StreamId:
        return StreamId(self.cluster.name, self.side, self.kind.plural)

    @property
    def wakes_own(self) -> bool:
        return self.kind.worked_on

    @property
    def path(self) -> str:
        return object_path(self.kind, self.cluster.host_namespace if self.side == "host" else "")

    @property
    def params(self) -> Mapping[str, str]:
        """The label selector, if there is one."""
        if self.side == "host":
            owner = managed_by(self.cluster, self.kind.namespaced)
            return {"labelSelector": f"{MANAGED_BY}={owner}"}
        if self.kind.plural in _STAND_INS and not self.kind.host_watched:
            return {"labelSelector": MANAGED_BY}
        return {}


def streams_of(clusters: Iterable[Cluster], kinds: Mapping[str, Kind]) -> Iterator[Stream]:
    """Every stream of these virtual clusters; kinds without an option always belong to them."""
    for cluster in clusters:
        active = active_plurals(kinds.values(), cluster)
        for plural in sorted(active):
            yield Stream(cluster, kinds[plural], "virtual", active)
            if kinds[plural].host_watched:
                yield Stream(cluster, kinds[plural], "host", active)
