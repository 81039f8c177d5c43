"""Claims, volumes, storage classes and snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tests.chaos.expected.view import View
from tests.chaos.names import cluster_name, host_name, host_namespace
from tests.chaos.objects import Obj, at, namespace_of

_CLASS_FIELDS: Final = (
    "provisioner",
    "parameters",
    "mountOptions",
    "allowVolumeExpansion",
    "reclaimPolicy",
    "volumeBindingMode",
)
_CSI: Final = "csi.storage.k8s.io/"
_SIZE: Final = "spec.resources.requests.storage"


def class_name(view: View, name: str | None) -> str | None:
    """The host's classes go by their own names while ours aren't synced."""
    return cluster_name(view.tenant, name) if name and view.is_on("storageClasses") else name


def storage_class(view: View, virtual: Obj) -> Obj:
    found = class_of(virtual)
    parameters = dict(found["parameters"] or {})
    for key, name in (virtual.get("parameters") or {}).items():
        if key.startswith(_CSI) and key.endswith("-secret-name"):
            place = key.removesuffix("-name") + "-namespace"
            namespace = parameters[place]
            parameters[key] = host_name(view.tenant, namespace, name)
            parameters[place] = host_namespace(view.tenant, namespace)
    return {**found, "parameters": parameters}


def class_of(obj: Obj) -> Obj:
    return {key: obj.get(key) for key in _CLASS_FIELDS}


def claim(view: View, virtual: Obj) -> Obj:
    found = claim_of(virtual)
    return {**found, "storageClassName": class_name(view, found["storageClassName"])}


def claim_of(obj: Obj) -> Obj:
    keys = ("accessModes", "volumeMode", "storageClassName")
    return {key: obj["spec"].get(key) for key in keys}


def claim_size(_view: View, virtual: Obj, host: Obj) -> Iterator[str]:
    """A claim never shrinks; one that was adopted from a predecessor may be larger."""
    wanted, found = gigabytes(at(virtual, _SIZE)), gigabytes(at(host, _SIZE))
    adopted = _made(host) <= _made(virtual)
    if found < wanted or (found > wanted and not adopted):
        yield f"it asks for {found} Gi, not for {wanted} Gi"


def gigabytes(text: str | None) -> int:
    return int((text or "0Gi").removesuffix("Gi"))


def _made(obj: Obj) -> str:
    return str(obj["metadata"].get("creationTimestamp") or "")


def volume(view: View, virtual: Obj) -> Obj:
    found = volume_of(virtual)
    return {**found, "storageClassName": class_name(view, found.get("storageClassName"))}


def volume_of(obj: Obj) -> Obj:
    return {key: each for key, each in obj["spec"].items() if key != "claimRef"}


def snapshot(view: View, virtual: Obj) -> Obj:
    spec, namespace = dict(virtual["spec"]), namespace_of(virtual)
    source = dict(spec["source"])
    if name := source.get("persistentVolumeClaimName"):
        source["persistentVolumeClaimName"] = host_name(view.tenant, namespace, name)
    return {"spec": {**spec, "source": source}}


def content(view: View, virtual: Obj) -> Obj:
    spec, tenant = dict(virtual["spec"]), view.tenant
    reference = spec["volumeSnapshotRef"]
    there = host_namespace(tenant, reference["namespace"])
    name = host_name(tenant, reference["namespace"], reference["name"])
    spec["volumeSnapshotRef"] = {**reference, "namespace": there, "name": name}
    return {"spec": spec}
