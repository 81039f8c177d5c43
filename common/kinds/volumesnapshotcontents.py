"""VolumeSnapshotContents: the tenant's own on the host, and stand-ins for those that the host made.

Without sync only the stand-ins exist, beside volumeSnapshots (`common.volume.content_stand_in`).
"""

from collections.abc import Iterator

from common.actions import Action, Delete
from common.context import Context, Ref
from common.following import certain_namespace
from common.kind import Doc, Kind, in_any_case
from common.objects import Obj, get_path, is_deleting, name_of, uid
from common.upward import status_up
from common.volume.content_stand_in import (
    bound_snapshots,
    content_to_read,
    is_content_stand_in,
    plan_stand_in,
)
from common.volume.deletion_secret import deletion_secret, follow_deletion_secret
from common.volume.reclaim import clean_up, is_lost

_PLURAL = "volumesnapshotcontents"
_SNAPSHOTS = "volumesnapshots"
_POLICY = "deletionPolicy"
_FIELDS = ("driver", "source", "sourceVolumeMode", "volumeSnapshotClassName", _POLICY)
_CHANGEABLE = ("volumeSnapshotClassName", _POLICY)
_SECRET = "snapshot.storage.kubernetes.io/deletion"
# What the host's controllers note for themselves; by the last they delete the snapshot.
_HOSTS_NOTES = (
    "snapshot.storage.kubernetes.io/volumesnapshot-being-created",
    "snapshot.storage.kubernetes.io/volumesnapshot-being-deleted",
)


def _translate(virtual: Obj, context: Context) -> Obj:
    own: Obj = virtual.get("spec") or {}
    spec = {field: own[field] for field in _FIELDS if own.get(field)}
    ref = own.get("volumeSnapshotRef") or {}
    spec["volumeSnapshotRef"] = {key: ref[key] for key in ("apiVersion", "kind") if ref.get(key)}
    if snapshot := _snapshot(virtual):
        namespace, name = snapshot.namespace, snapshot.name
        spec["volumeSnapshotRef"] |= {
            "namespace": certain_namespace(context.cluster, namespace),
            "name": context.host_name(_SNAPSHOTS, namespace, name),
        }
    return {"spec": spec}


def _snapshot(virtual: Obj) -> Ref | None:
    """The snapshot that it is for."""
    ref = get_path(virtual, "spec.volumeSnapshotRef") or {}
    named = ref.get("namespace") and ref.get("name")
    return Ref(_SNAPSHOTS, ref["namespace"], ref["name"]) if named else None


def _translate_annotations(notes: dict[str, str], virtual: Obj, context: Context) -> dict[str, str]:
    return follow_deletion_secret(notes, _SECRET, virtual, context)


def _annotation_down(key: str) -> bool:
    return key not in _HOSTS_NOTES


def _patch_down(_virtual: Obj, translated: Obj, host: Obj, _context: Context) -> Obj:
    wanted, found = translated["spec"], host.get("spec") or {}
    spec = {
        key: wanted[key] for key in _CHANGEABLE if key in wanted and wanted[key] != found.get(key)
    }
    return {"spec": spec} if spec else {}


def _up(virtual: Obj, host: Obj, _context: Context) -> list[Action]:
    return status_up(virtual, host.get("status") or {})


def _plan(virtual: Obj | None, host: Obj | None, context: Context) -> list[Action] | None:
    """Stand-ins, and where the tenant's own contents need more care than other objects."""
    cluster = context.cluster
    if host is None and (virtual is None or is_content_stand_in(virtual, cluster)):
        return plan_stand_in(virtual, context)
    if _PLURAL not in cluster.enabled:
        draining = host is not None and _PLURAL in cluster.draining
        return clean_up(host, _POLICY, in_use=_in_use(host)) if host and draining else []
    if virtual is None or host is not None or is_deleting(virtual):
        return None
    if bound_snapshots(context):
        return []  # it bears the name of a content that the host made, and can only be a copy
    lost = is_lost(virtual, _POLICY, context)
    return [Delete("virtual", "", name_of(virtual), uid(virtual))] if lost else None


def _in_use(host: Obj) -> bool:
    """Bound to a snapshot; where the host is to delete the data it does so with that."""
    bound = get_path(host, "spec.volumeSnapshotRef.uid")
    return bool(bound) and get_path(host, f"spec.{_POLICY}") == "Delete"


def _live(virtual: Obj | None, host: Obj | None, context: Context) -> Ref | None:
    if host is None and (virtual is None or is_content_stand_in(virtual, context.cluster)):
        return content_to_read(virtual, context)
    return None


def _named(virtual: Obj) -> Iterator[Ref]:
    for ref in (_snapshot(virtual), deletion_secret(virtual, _SECRET)):
        if ref:
            yield ref


def _references(virtual: Obj) -> Iterator[Ref]:
    """Also of a stand-in its snapshot: they become ready together."""
    if ref := _snapshot(virtual):
        yield Ref(ref.plural, ref.namespace, ref.name, wakes="referrer")
    if ref := deletion_secret(virtual, _SECRET):
        yield ref


KIND = Kind(
    plural=_PLURAL,
    kind="VolumeSnapshotContent",
    group="snapshot.storage.k8s.io",
    option="volumeSnapshotContents",
    namespaced=False,
    follows=_SNAPSHOTS,
    discovered=True,
    translate=_translate,
    annotation_down=_annotation_down,
    translate_annotations=_translate_annotations,
    patch_down=_patch_down,
    up=_up,
    references=_references,
    named=_named,
    names_later=in_any_case,
    needs=frozenset({"referrers", "host_referrers", "live_host"}),
    live=_live,
    plan=_plan,
    virtual_access=(
        "volumesnapshotcontents.snapshot.storage.k8s.io: create patch delete",
        "volumesnapshotcontents.snapshot.storage.k8s.io/status: patch",
    ),
    doc=Doc(
        down="driver, source, class and deletion policy; later the last two",
        up="status; contents that the host made for synced snapshots appear as stand-ins",
        translated=(
            "the snapshot, the Secret in `deletion-secret` annotations. With deletion policy Delete"
            " it goes once the host has deleted the snapshot; cleaning up keeps snapshots"
        ),
    ),
)
