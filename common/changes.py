"""From an object that a server showed to what the store keeps of it: pure.

On the host only objects that prove to be ours count, and Events that may be about one; they are
kept under the virtual object's name, Events under their own. Nothing secret passes: `Kind.stored`
sees to the kinds that have secrets.
"""

import re
from collections.abc import Iterable

from common.cluster import Cluster
from common.context import Ref
from common.event.interest import may_concern
from common.kind import Kind
from common.kinds.namespaces import without_identity
from common.metadata import UID, ours, without_last_applied
from common.objects import Obj, Side, annotations, field_of, meta, namespace_of
from common.store import Change

_OBJECT_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def change_of(
    kind: Kind,
    side: Side,
    cluster: Cluster,
    active: frozenset[str],
    obj: Obj,
    deleted: bool,
    key: bytes,
) -> Change | None:
    """The change that an object stands for; None when it's on the host and not ours.

    Takes the object over. `deleted`: a watch showed that it is. `active`: the plurals that workers
    handle in this virtual cluster. `key` is what Secret digests are made with.
    """
    virtual = side == "virtual"
    field = field_of(obj) if virtual else _host_field(kind, cluster, active, obj)
    if field is None:
        return None
    if virtual and kind.plural == "namespaces":
        obj = without_identity(obj)
    version = str(meta(obj)["resourceVersion"])
    owner = "" if virtual else str(annotations(obj).get(UID) or "")
    if deleted:
        return Change(field, version, None, (), owner, seen=True)
    obj["metadata"].pop("managedFields", None)
    obj.setdefault("apiVersion", kind.api_version)
    obj.setdefault("kind", kind.kind)
    refs = _references(kind, virtual, active, obj)
    if virtual:
        obj = without_last_applied(obj)
    return Change(field, version, kind.stored(obj, key), refs, owner)


def _host_field(kind: Kind, cluster: Cluster, active: frozenset[str], obj: Obj) -> str | None:
    """Under what a host object is kept: an Event bears its own name, all others the virtual one."""
    if kind.plural == "events":
        return field_of(obj) if may_concern(cluster, active, obj) else None
    return ours(kind, obj, cluster)


def _references(kind: Kind, virtual: bool, active: frozenset[str], obj: Obj) -> tuple[Ref, ...]:
    """The kind's refs, less those to kinds that no worker handles here, plus the namespace's."""
    if not virtual:
        return tuple(_handled(kind.host_references(obj), active))
    refs = tuple(_handled(kind.references(obj), active))
    if "namespace" in kind.needs:
        refs += (Ref("namespaces", "", namespace_of(obj), "referrer"),)
    return refs


def _handled(refs: Iterable[Ref], active: frozenset[str]) -> Iterable[Ref]:
    """Without those to names that no object can have: API servers let a pod's volumes name
    anything, and a line feed in such a name would forge references in the store."""
    return (
        ref
        for ref in refs
        if (ref.wakes == "referrer" or ref.plural in active)
        and _OBJECT_NAME.fullmatch(ref.name)
        and (not ref.namespace or _OBJECT_NAME.fullmatch(ref.namespace))
    )


def active_plurals(kinds: Iterable[Kind], cluster: Cluster) -> frozenset[str]:
    """The kinds that are watched somewhere for this virtual cluster."""
    return frozenset(kind.plural for kind in kinds if kind.sides(cluster))
