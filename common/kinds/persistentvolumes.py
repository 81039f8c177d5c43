"""PersistentVolumes: a virtual stand-in for each host volume that a synced claim is bound to."""

from common.actions import Action
from common.kind import Context, Kind
from common.metadata import NAME, NAMESPACE, UID
from common.objects import Obj, annotations, get_path, name_of
from common.standin import keep_standin, remove_standin, standin_labels

_DRIVER = "vcluster.loft.sh/stand-in"


def stand_in(name: str, claim: Obj, context: Context) -> Obj:
    """The virtual volume, told from the host claim. Nothing ever mounts it: pods run elsewhere."""
    spec, status = claim.get("spec") or {}, claim.get("status") or {}
    notes = annotations(claim)
    volume: Obj = {
        "accessModes": status.get("accessModes") or spec.get("accessModes") or [],
        "capacity": status.get("capacity") or get_path(spec, "resources.requests") or {},
        "claimRef": {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "namespace": notes.get(NAMESPACE, ""),
            "name": notes.get(NAME, ""),
            "uid": notes.get(UID, ""),
        },
        "flexVolume": {"driver": _DRIVER},
        "persistentVolumeReclaimPolicy": "Retain",
        "volumeMode": spec.get("volumeMode") or "Filesystem",
    }
    if spec.get("storageClassName"):
        volume["storageClassName"] = spec["storageClassName"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": standin_labels(context.cluster)},
        "spec": volume,
        "status": {"phase": "Bound"},
    }


def _plan(virtual: Obj | None, _host: Obj | None, context: Context) -> list[Action]:
    claims = context.related.host_referrers
    if not claims:
        return remove_standin(virtual, context.cluster)
    first = min(claims, key=lambda claim: (annotations(claim).get(NAME, ""), name_of(claim)))
    name = context.name or str(get_path(first, "spec.volumeName"))
    return keep_standin(virtual, stand_in(name, first, context), context.cluster)


def _translate(_virtual: Obj, _context: Context) -> Obj:
    return {}


KIND = Kind(
    plural="persistentvolumes",
    kind="PersistentVolume",
    option="",
    namespaced=False,
    host_watched=False,
    translate=_translate,
    needs=frozenset({"referrers", "host_referrers"}),
    plan=_plan,
)
