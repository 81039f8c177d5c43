"""Gives persistent volume claims their volumes, as a provisioner and the volume binder do."""

from __future__ import annotations

from typing import Any, Final

from sandbox.client import Client, Refused

Object = dict[str, Any]

_BOUND_BY: Final = {
    "pv.kubernetes.io/bind-completed": "yes",
    "pv.kubernetes.io/bound-by-controller": "yes",
}


async def bind_claim(client: Client, claim: Object) -> None:
    """One round: makes the volume if there is none, then binds both, then follows growth."""
    metadata, spec = claim["metadata"], claim["spec"]
    if metadata.get("deletionTimestamp"):
        return
    path = f"/api/v1/namespaces/{metadata['namespace']}/persistentvolumeclaims/{metadata['name']}"
    if not spec.get("volumeName"):
        volume = f"pvc-{metadata['uid']}"
        await _provision(client, volume, claim)
        bound = {"metadata": {"annotations": _BOUND_BY}, "spec": {"volumeName": volume}}
        await client.merge(path, bound)
    elif _status(claim) != claim["status"]:
        await _claim_volume(client, claim)
        await client.merge(f"{path}/status", {"status": _status(claim)})


def _status(claim: Object) -> Object:
    """What the status should be: bound, with what was asked for."""
    spec = claim["spec"]
    given = {"phase": "Bound", "accessModes": spec["accessModes"]}
    capacity = {"storage": spec["resources"]["requests"]["storage"]}
    return (claim.get("status") or {}) | given | {"capacity": capacity}


async def _provision(client: Client, name: str, claim: Object) -> None:
    spec = claim["spec"]
    volume: Object = {
        "metadata": {
            "name": name,
            "annotations": {"pv.kubernetes.io/provisioned-by": "sandbox"},
        },
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            "persistentVolumeReclaimPolicy": "Delete",
            "hostPath": {"path": f"/sandbox/{name}"},
            "claimRef": _reference(claim),
        },
    }
    if spec.get("storageClassName"):
        volume["spec"]["storageClassName"] = spec["storageClassName"]
    try:
        await client.request("POST", "/api/v1/persistentvolumes", volume)
    except Refused as refused:
        if refused.code != 409:
            raise


async def _claim_volume(client: Client, claim: Object) -> None:
    """Notes the claim on the volume; a volume that doesn't exist (yet) raises Refused."""
    path = f"/api/v1/persistentvolumes/{claim['spec']['volumeName']}"
    await client.merge(path, {"spec": {"claimRef": _reference(claim)}})
    await client.merge(f"{path}/status", {"status": {"phase": "Bound"}})


def _reference(claim: Object) -> Object:
    metadata = claim["metadata"]
    identity = {key: metadata[key] for key in ("namespace", "name", "uid")}
    return {"kind": "PersistentVolumeClaim", "apiVersion": "v1"} | identity
