"""PersistentVolumeClaims: the host provisions; status and volume come up."""

from collections.abc import Iterable

from common.actions import Action, EmitEvent, Patch, RequeueAfter
from common.context import Context, Ref
from common.kind import Doc, Kind
from common.metadata import translate_selector
from common.naming import host_name_cluster, host_namespace
from common.objects import (
    Obj,
    annotations,
    get_path,
    is_deleting,
    merge_diff,
    name_of,
    namespace_of,
    uid,
)
from common.quantity import grown
from common.volume.bound_name import bound_name, name_to_read
from common.volume.data_source import foreign_source, source_refs, translate_sources
from common.volume.stand_in import ASKED_CLASS
from common.volume.storage_class import (
    CLASS_ANNOTATION,
    class_of,
    follow_class,
    storage_class_name,
)

_VOLUMES = "persistentvolumes"
_BINDER = "pv.kubernetes.io/"
_BOUND_BY_CONTROLLER = f"{_BINDER}bound-by-controller"
_PROVISIONERS = (
    "volume.kubernetes.io/storage-provisioner",
    "volume.beta.kubernetes.io/storage-provisioner",
)
# Before the volume that the host bound is looked at again.
_AGAIN_S = 30.0


def _translate(virtual: Obj, context: Context) -> Obj:
    own: Obj = virtual.get("spec") or {}
    spec = {**own, **translate_sources(virtual, context)}
    if own.get("storageClassName"):
        spec["storageClassName"] = storage_class_name(context.cluster, own["storageClassName"])
    if _VOLUMES not in context.cluster.enabled:
        spec.pop("selector", None)
        spec.pop("volumeName", None)
        return {"spec": spec}
    if own.get("selector"):
        spec["selector"] = translate_selector(context.cluster, own["selector"])
    if annotations(virtual).get(_BOUND_BY_CONTROLLER):
        spec.pop("volumeName", None)  # the host's binder chose it for a claim that is gone
    elif volume := own.get("volumeName"):
        spec["volumeName"] = _volume_name(volume, context)
    return {"spec": spec}


def _named(virtual: Obj) -> Iterable[Ref]:
    """What its data starts from."""
    return source_refs(virtual)


def _volume_name(name: str, context: Context) -> str:
    """A name that came up from the host is the host's already."""
    cluster = context.cluster
    ours = name.startswith("vcluster-")
    ours = ours and name.endswith(f"-x-{cluster.host_namespace}-x-{cluster.name}")
    return name if ours else host_name_cluster(cluster, name)


def _annotation_down(key: str) -> bool:
    return not _is_binders(key)


def _is_binders(key: str) -> bool:
    return key.startswith(_BINDER) or key in _PROVISIONERS


def _translate_annotations(notes: dict[str, str], _: Obj, context: Context) -> dict[str, str]:
    return follow_class(notes, context.cluster)


def _decorate(
    virtual: Obj, context: Context, _labels: dict[str, str], notes: dict[str, str]
) -> None:
    asked = class_of(virtual)
    if asked and storage_class_name(context.cluster, asked) != asked:
        notes[ASKED_CLASS] = asked


def _patch_down(_virtual: Obj, translated: Obj, host: Obj, _context: Context) -> Obj:
    """Requests only grow; the rest of a claim's spec never changes."""
    desired, current = translated.get("spec") or {}, host.get("spec") or {}
    spec: Obj = {}
    wanted = get_path(desired, "resources.requests") or {}
    if larger := grown(wanted, get_path(current, "resources.requests") or {}):
        spec["resources"] = {"requests": larger}
    attributes = desired.get("volumeAttributesClassName")
    if attributes and attributes != current.get("volumeAttributesClassName"):
        spec["volumeAttributesClassName"] = attributes
    return {"spec": spec} if spec else {}


def _up(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    patch: Obj = {}
    if notes := _binder_notes(virtual, host):
        patch["metadata"] = {"annotations": notes}
    bound = get_path(host, "spec.volumeName")
    unbound = bound and not get_path(virtual, "spec.volumeName")
    volume = bound_name(bound, _VOLUMES, context) if unbound else ""
    if volume:
        patch["spec"] = {"volumeName": volume}
    actions: list[Action] = [_patch_up(virtual, patch)] if patch else []
    current = virtual.get("status") or {}
    status = {key: value for key, value in (host.get("status") or {}).items() if value is not None}
    if "phase" in current:
        status.setdefault("phase", current["phase"])
    if changes := merge_diff(current, status):
        actions.append(_patch_up(virtual, {"status": changes}, "status"))
    if unbound and not volume:
        actions.append(RequeueAfter(_AGAIN_S, f"the host's volume {bound} can't be read"))
    return actions


def _patch_up(virtual: Obj, patch: Obj, subresource: str = "") -> Patch:
    return Patch(
        side="virtual",
        namespace=namespace_of(virtual),
        name=name_of(virtual),
        patch=patch,
        uid=uid(virtual),
        subresource=subresource,
    )


def _binder_notes(virtual: Obj, host: Obj) -> dict[str, str | None]:
    """What makes the binder's annotations of the virtual claim those of the host's."""
    own = {key: value for key, value in annotations(virtual).items() if _is_binders(key)}
    found = {key: value for key, value in annotations(host).items() if _is_binders(key)}
    changes: dict[str, str | None] = merge_diff(own, found)
    return changes


def _plan(virtual: Obj | None, host: Obj | None, context: Context) -> list[Action] | None:
    """A new claim that can't be filled is told so, and not made."""
    if virtual is None or host is not None or is_deleting(virtual):
        return None
    if not host_namespace(context.cluster, namespace_of(virtual)):
        return None
    reason = foreign_source(virtual, context)
    return [EmitEvent("Warning", "NotSynced", reason)] if reason else None


def _live(virtual: Obj | None, host: Obj | None, context: Context) -> Ref | None:
    """The host's volume, when it may be one of the tenant's own."""
    bound = get_path(host or {}, "spec.volumeName")
    if virtual is None or get_path(virtual, "spec.volumeName"):
        return None
    return name_to_read(bound or "", _VOLUMES, context)


def _host_references(host: Obj) -> Iterable[Ref]:
    volume = get_path(host, "spec.volumeName")
    return (Ref(_VOLUMES, "", volume),) if volume else ()


KIND = Kind(
    plural="persistentvolumeclaims",
    kind="PersistentVolumeClaim",
    option="persistentVolumeClaims",
    default=True,
    translate=_translate,
    decorate=_decorate,
    named=_named,
    annotation_down=_annotation_down,
    translate_annotations=_translate_annotations,
    fixed_annotations=frozenset({CLASS_ANNOTATION}),
    patch_down=_patch_down,
    up=_up,
    host_references=_host_references,
    needs=frozenset({"live_host"}),
    live=_live,
    plan=_plan,
    adopt=True,
    virtual_access=("persistentvolumeclaims: patch", "persistentvolumeclaims/status: patch"),
    host_access=("persistentvolumes: get",),
    doc=Doc(
        down=(
            "the whole spec at creation; later larger requests, the volume attributes class."
            " Selector and volume only with persistentVolumes"
        ),
        up="status, the volume's name, the binder's annotations",
        translated=(
            "class (with storageClasses), volume and selector, claims and snapshots that the data"
            " comes from; a claim with another source is refused. Cleaning up deletes the host's"
            " claims, and data as their volumes' reclaim policy says"
        ),
    ),
)
