"""A virtual snapshot content for each that the host made for a synced snapshot.

Nothing ever acts on it: snapshots are taken, and deleted, by the host's controllers alone.
"""

from common.actions import Action
from common.cluster import Cluster
from common.context import Context, Ref
from common.metadata import NAME, NAMESPACE, UID
from common.objects import Obj, annotations, get_path, name_of, namespace_of, uid
from common.standin import is_standin, keep_standin, remove_standin, standin_labels
from common.volume.bound_name import bound_name
from common.volume.stand_in import DRIVER

_PLURAL = "volumesnapshotcontents"
# What the API never lets change.
_FIXED = ("driver", "source", "sourceVolumeMode")


def is_content_stand_in(content: Obj, cluster: Cluster) -> bool:
    """A copy that a user made of one, to keep the snapshot by another name, is none."""
    return is_standin(content, cluster) and annotations(content).get(NAME) == name_of(content)


def plan_stand_in(virtual: Obj | None, context: Context) -> list[Action]:
    snapshots = bound_snapshots(context)
    if not snapshots or context.related.live_field:
        return remove_standin(virtual, context.cluster)
    if virtual is None and not bound_name(context.name, _PLURAL, context):
        return []  # it may be our own
    snapshot = snapshots[0]
    host_content = _host_content(snapshot, context)
    desired = stand_in(context.name, snapshot, host_content, context)
    if virtual is not None:
        kept = _FIXED if host_content else (*_FIXED, "deletionPolicy")
        desired["spec"] = {key: each for key, each in desired["spec"].items() if key not in kept}
    return keep_standin(virtual, desired, context.cluster)


def content_to_read(virtual: Obj | None, context: Context) -> Ref | None:
    """The host content, as long as the stand-in doesn't say that the snapshot is ready."""
    ready = get_path(virtual or {}, "status.readyToUse") is True
    if ready or not bound_snapshots(context):
        return None
    return Ref(_PLURAL, "", context.name)


def stand_in(name: str, snapshot: Obj, content: Obj, context: Context) -> Obj:
    """Told from the host content, or what can be said without if that couldn't be read."""
    told: Obj = content.get("spec") or {}
    spec = {
        "deletionPolicy": told.get("deletionPolicy") or "Retain",
        "driver": told.get("driver") or DRIVER,
        "source": told.get("source") or {"snapshotHandle": name},
        "volumeSnapshotRef": _snapshot_ref(snapshot),
    }
    for key in ("sourceVolumeMode", "volumeSnapshotClassName"):
        if told.get(key):
            spec[key] = told[key]
    ready = get_path(snapshot, "status.readyToUse")
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotContent",
        "metadata": {
            "name": name,
            "labels": standin_labels(context.cluster),
            "annotations": {NAME: name},
        },
        "spec": spec,
        "status": content.get("status") or ({} if ready is None else {"readyToUse": ready}),
    }


def bound_snapshots(context: Context) -> list[Obj]:
    """The host snapshots that are bound to the content of the key's name: one, or none."""
    found = context.related.host_referrers
    path = "status.boundVolumeSnapshotContentName"
    bound = [snapshot for snapshot in found if get_path(snapshot, path) == context.name]
    return sorted(bound, key=lambda snapshot: (annotations(snapshot)[NAME], name_of(snapshot)))


def _host_content(snapshot: Obj, context: Context) -> Obj:
    """What was read of the host content, {} unless it too says that it is the snapshot's."""
    live = context.related.live_host or {}
    ref = get_path(live, "spec.volumeSnapshotRef") or {}
    same = (ref.get("namespace"), ref.get("name")) == (namespace_of(snapshot), name_of(snapshot))
    return live if same and ref.get("uid") in (None, uid(snapshot)) else {}


def _snapshot_ref(snapshot: Obj) -> Obj:
    notes = annotations(snapshot)
    return {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshot",
        "namespace": notes.get(NAMESPACE, ""),
        "name": notes.get(NAME, ""),
        "uid": notes.get(UID, ""),
    }
