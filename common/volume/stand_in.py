"""A virtual volume for each host volume that a synced claim is bound to, unless tohost made that.

Nothing ever mounts it: pods run elsewhere.
"""

from typing import Final

from common.actions import Action
from common.cluster import Cluster
from common.context import Context, Ref
from common.metadata import NAME, NAMESPACE, UID
from common.naming import PREFIX
from common.objects import Obj, annotations, get_path, name_of, namespace_of, uid
from common.quantity import grown
from common.standin import is_standin, keep_standin, remove_standin, standin_labels
from common.volume.bound_name import bound_name
from common.volume.storage_class import class_of

_PLURAL: Final = "persistentvolumes"
DRIVER: Final = f"{PREFIX}stand-in"
# On a host claim: the storage class that the virtual one asked for, where the host's has another
# name.
ASKED_CLASS: Final = f"{PREFIX}storage-class"


def is_volume_stand_in(volume: Obj, cluster: Cluster) -> bool:
    return is_standin(volume, cluster) and stands_for_host(volume)


def stands_for_host(volume: Obj) -> bool:
    """Whether a virtual volume has no data of its own, whoever made it."""
    return bool(get_path(volume, "spec.flexVolume.driver") == DRIVER)


def plan_stand_in(virtual: Obj | None, context: Context) -> list[Action]:
    claims = _claims(context)
    if not claims or context.related.live_field:
        return remove_standin(virtual, context.cluster)
    if virtual is None and not bound_name(context.name, _PLURAL, context):
        return []  # it may be our own
    host_volume = _host_volume(claims[0], context)
    desired = stand_in(context.name, claims[0], host_volume, context)
    if virtual is not None and not host_volume:
        del desired["spec"]["persistentVolumeReclaimPolicy"]  # what was read earlier stays
        desired["spec"]["capacity"] |= _beyond(virtual, desired["spec"]["capacity"])
    return keep_standin(virtual, desired, context.cluster)


def volume_to_read(virtual: Obj | None, context: Context) -> Ref | None:
    """The host volume, when it may tell what the stand-in doesn't have yet."""
    claims = _claims(context)
    if not claims:
        return None
    shown = get_path(virtual or {}, "spec.capacity")
    return None if shown == _capacity(claims[0]) else Ref(_PLURAL, "", context.name)


def stand_in(name: str, claim: Obj, host_volume: Obj, context: Context) -> Obj:
    """Told from the host claim, and from the host volume as far as that could be read."""
    spec, told = claim.get("spec") or {}, host_volume.get("spec") or {}
    capacity = _capacity(claim)
    volume: Obj = {
        "accessModes": told.get("accessModes") or _modes(claim),
        "capacity": {**capacity, **grown(told.get("capacity") or {}, capacity)},
        "claimRef": _claim_ref(claim),
        "flexVolume": {"driver": DRIVER},
        "persistentVolumeReclaimPolicy": told.get("persistentVolumeReclaimPolicy") or "Retain",
        "volumeMode": spec.get("volumeMode") or "Filesystem",
    }
    if asked := annotations(claim).get(ASKED_CLASS) or class_of(claim):
        volume["storageClassName"] = asked
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": standin_labels(context.cluster)},
        "spec": volume,
        "status": {"phase": "Bound"},
    }


def _claims(context: Context) -> list[Obj]:
    """The host claims that are bound to the volume of the key's name: one, or for a moment more."""
    found = context.related.host_referrers
    bound = [claim for claim in found if get_path(claim, "spec.volumeName") == context.name]
    return sorted(bound, key=lambda claim: (annotations(claim).get(NAME, ""), name_of(claim)))


def _host_volume(claim: Obj, context: Context) -> Obj:
    """What was read of the host volume, {} unless it too says that it is the claim's."""
    live = context.related.live_host or {}
    ref = get_path(live, "spec.claimRef") or {}
    same = (ref.get("namespace"), ref.get("name")) == (namespace_of(claim), name_of(claim))
    return live if same and ref.get("uid") in (None, uid(claim)) else {}


def _claim_ref(claim: Obj) -> Obj:
    notes = annotations(claim)
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": notes.get(NAMESPACE, ""),
        "name": notes.get(NAME, ""),
        "uid": notes.get(UID, ""),
    }


def _capacity(claim: Obj) -> Obj:
    found = get_path(claim, "status.capacity") or get_path(claim, "spec.resources.requests")
    return dict(found or {})


def _modes(claim: Obj) -> list[str]:
    return get_path(claim, "status.accessModes") or get_path(claim, "spec.accessModes") or []


def _beyond(virtual: Obj, capacity: Obj) -> Obj:
    """What the stand-in already shows more of."""
    return grown(get_path(virtual, "spec.capacity") or {}, capacity)
