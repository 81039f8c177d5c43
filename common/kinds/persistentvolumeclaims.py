"""PersistentVolumeClaims: the host provisions; status and volume come up."""

from collections.abc import Iterable
from typing import Any

from common.actions import Action, Patch
from common.kind import Context, Kind, Ref
from common.naming import host_name_cluster
from common.objects import (
    Obj,
    annotations,
    get_path,
    merge_diff,
    name_of,
    namespace_of,
    uid,
)
from common.quantity import number

_BINDER = "pv.kubernetes.io/"
_BOUND_BY_CONTROLLER = f"{_BINDER}bound-by-controller"
_PROVISIONERS = (
    "volume.kubernetes.io/storage-provisioner",
    "volume.beta.kubernetes.io/storage-provisioner",
)
_SOURCE_PLURALS = {
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "VolumeSnapshot": "volumesnapshots",
}


def _translate(virtual: Obj, context: Context) -> Obj:
    own: Obj = virtual.get("spec") or {}
    spec = dict(own)
    for key in ("dataSource", "dataSourceRef"):
        if own.get(key):
            spec[key] = _translate_source(own[key], namespace_of(virtual), context)
    if "persistentvolumes" not in context.cluster.enabled:
        spec.pop("selector", None)
        spec.pop("volumeName", None)
    elif annotations(virtual).get(_BOUND_BY_CONTROLLER):
        spec.pop("volumeName", None)  # the host's binder chose it for a claim that is gone
    elif volume := own.get("volumeName"):
        spec["volumeName"] = _volume_name(volume, context)
    return {"spec": spec}


def _named(virtual: Obj) -> Iterable[Ref]:
    """The claims whose data it starts from."""
    own: Obj = virtual.get("spec") or {}
    for key in ("dataSource", "dataSourceRef"):
        source = own.get(key) or {}
        if plural := _SOURCE_PLURALS.get(source.get("kind") or ""):
            namespace = source.get("namespace") or namespace_of(virtual)
            yield Ref(plural, namespace, source.get("name") or "")


def _wait(virtual: Obj, context: Context) -> str:
    member = context.unresolved(_named(virtual))
    return f"waits for {member}, whose host name another object may bear" if member else ""


def _translate_source(source: Obj, own_namespace: str, context: Context) -> Obj:
    """A data source of a kind that we sync; all of them share one host namespace."""
    plural = _SOURCE_PLURALS.get(source.get("kind") or "")
    if plural != "persistentvolumeclaims" and plural not in context.cluster.enabled:
        return source
    namespace = source.get("namespace") or own_namespace
    result = {key: value for key, value in source.items() if key != "namespace"}
    return {**result, "name": context.host_name(plural, namespace, source.get("name") or "")}


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


def _patch_down(_virtual: Obj, translated: Obj, host: Obj, _context: Context) -> Obj:
    """Requests only grow; the rest of a claim's spec never changes."""
    desired, current = translated.get("spec") or {}, host.get("spec") or {}
    spec: Obj = {}
    wanted = get_path(desired, "resources.requests") or {}
    found = get_path(current, "resources.requests") or {}
    grown = {key: value for key, value in wanted.items() if _is_more(value, found.get(key))}
    if grown:
        spec["resources"] = {"requests": grown}
    attributes = desired.get("volumeAttributesClassName")
    if attributes and attributes != current.get("volumeAttributesClassName"):
        spec["volumeAttributesClassName"] = attributes
    return {"spec": spec} if spec else {}


def _is_more(wanted: Any, found: Any) -> bool:
    asked, given = number(wanted), number(found)
    return asked is not None and (given is None or asked > given)


def _up(virtual: Obj, host: Obj, _context: Context) -> list[Action]:
    actions: list[Action] = []
    patch: Obj = {}
    if notes := _binder_notes(virtual, host):
        patch["metadata"] = {"annotations": notes}
    volume = get_path(host, "spec.volumeName")
    if volume and not get_path(virtual, "spec.volumeName"):
        patch["spec"] = {"volumeName": volume}
    if patch:
        actions.append(_patch_up(virtual, patch))
    current = virtual.get("status") or {}
    status = {key: value for key, value in (host.get("status") or {}).items() if value is not None}
    if "phase" in current:
        status.setdefault("phase", current["phase"])
    if changes := merge_diff(current, status):
        actions.append(_patch_up(virtual, {"status": changes}, "status"))
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


def _host_references(host: Obj) -> Iterable[Ref]:
    volume = get_path(host, "spec.volumeName")
    return (Ref("persistentvolumes", "", volume),) if volume else ()


KIND = Kind(
    plural="persistentvolumeclaims",
    kind="PersistentVolumeClaim",
    option="persistentVolumeClaims",
    default=True,
    translate=_translate,
    named=_named,
    wait=_wait,
    annotation_down=_annotation_down,
    patch_down=_patch_down,
    up=_up,
    host_references=_host_references,
    adopt=True,
)
