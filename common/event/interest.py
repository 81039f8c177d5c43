"""Which events of the host may be about an object of ours: most are not, so this is quick.

Whoever handles an event proves it; here only what can't be ours is sorted out.
"""

from collections.abc import Set as AbstractSet

from common.cluster import Cluster
from common.event.names import may_be_ours
from common.kind import Kind
from common.kinds import REGISTRY
from common.objects import Obj, meta, timestamp_s

STALE_S = 600.0
"""What is older when a full list shows it for the first time is history, not news."""

_KINDS = {(kind.group, kind.kind): kind for kind in REGISTRY.values()}


def may_concern(cluster: Cluster, active: AbstractSet[str], event: Obj) -> bool:
    """Whether a host Event may be about a host object of ours. `active`: the plurals that are
    watched for this virtual cluster."""
    about: Obj = event.get("involvedObject") or {}
    name, namespace = str(about.get("name") or ""), str(about.get("namespace") or "")
    if not name or not about.get("uid") or not _synced(cluster, active, about):
        return False
    return not namespace or may_be_ours(cluster, namespace, name)


def _synced(cluster: Cluster, active: AbstractSet[str], about: Obj) -> bool:
    group = group_of(about)
    kind: Kind | None = _KINDS.get((group, str(about.get("kind"))))
    if kind is not None:
        return {"virtual", "host"} <= set(kind.sides(cluster))
    return bool(group) and any(plural.endswith(f".{group}") for plural in active)


def group_of(about: Obj) -> str:
    """The API group in an object reference's apiVersion."""
    return str(about.get("apiVersion") or "").rpartition("/")[0]


def stale(event: Obj, now_s: float) -> bool:
    """Whether it last happened long ago. `now_s` is a Unix time."""
    series: Obj = event.get("series") or {}
    times = (
        event.get("lastTimestamp"),
        series.get("lastObservedTime"),
        event.get("eventTime"),
        meta(event).get("creationTimestamp"),
    )
    return max(timestamp_s(str(each or "")) for each in times) < now_s - STALE_S
