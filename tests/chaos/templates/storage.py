"""Claims, volumes, storage classes and snapshots."""

from __future__ import annotations

from random import Random

from tests.chaos.objects import Obj, at
from tests.chaos.templates.template import (
    NAMES,
    STEADY,
    Patch,
    Place,
    Template,
    named,
    relabel,
    spoil_labels,
)

_SIZES = ("1Gi", "2Gi", "3Gi")
_SNAPSHOTS = "snapshot.storage.k8s.io/v1"


def _claim(chance: Random, place: Place) -> Obj:
    """Its class follows from its name, and it begins small: the host's claim may outlive a tenant's
    that comes again, and can neither change its class nor always grow."""
    requests = {"storage": _SIZES[0]}
    spec: Obj = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": requests}}
    if place.name != "n3":
        spec["storageClassName"] = {"n1": "n0", "n2": "n1"}.get(place.name, STEADY)
    return named(chance, place, spec=spec)


def _edit_claim(chance: Random, claim: Obj) -> Patch:
    """Grows, if it may. API servers also let it shrink as long as nothing has grown yet; but what
    the host has been asked for by then it keeps."""
    spec = claim["spec"]
    if spec.get("storageClassName") == STEADY and at(claim, "status.phase") == "Bound":
        size = int(spec["resources"]["requests"]["storage"].removesuffix("Gi"))
        requests = {"storage": f"{size + chance.randrange(1, 4)}Gi"}
        return Patch({"spec": {"resources": {"requests": requests}}})
    return relabel(chance, claim)


def _class(chance: Random, place: Place) -> Obj:
    parameters = {"tier": chance.choice(("fast", "slow"))}
    if chance.random() < 0.3:
        prefix = "csi.storage.k8s.io/provisioner-secret-"
        parameters[f"{prefix}name"] = chance.choice(NAMES)
        parameters[f"{prefix}namespace"] = "a"
    return named(chance, place, provisioner="example.com/disk", parameters=parameters)


def _edit_class(chance: Random, obj: Obj) -> Patch:
    return Patch({"mountOptions": chance.choice((None, ["ro"], ["noatime"]))})


def _volume(chance: Random, place: Place) -> Obj:
    spec = {
        "capacity": {"storage": chance.choice(_SIZES)},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "hostPath": {"path": f"/data/{place.name}"},
    }
    if chance.random() < 0.5:
        spec["storageClassName"] = chance.choice((STEADY, "n0"))
    return named(chance, place, spec=spec)


def _edit_volume(chance: Random, obj: Obj) -> Patch:
    if chance.random() < 0.5:
        return relabel(chance, obj)
    return Patch({"spec": {"mountOptions": chance.choice((None, ["ro"], ["noatime"]))}})


def _report_volume(chance: Random, volume: Obj) -> Patch:
    return Patch({"status": {"phase": chance.choice(("Available", "Released"))}}, "status")


def _snapshot(chance: Random, place: Place) -> Obj:
    spec = {
        "source": {"persistentVolumeClaimName": chance.choice(NAMES)},
        "volumeSnapshotClassName": "fast",
    }
    found = named(chance, place, spec=spec)
    return {"apiVersion": _SNAPSHOTS, "kind": "VolumeSnapshot", **found}


def _report_snapshot(chance: Random, _obj: Obj) -> Patch:
    ready = {"readyToUse": chance.random() < 0.7, "restoreSize": chance.choice(_SIZES)}
    return Patch({"status": ready}, "status")


def _content(chance: Random, place: Place) -> Obj:
    spec = {
        "deletionPolicy": "Retain",
        "driver": "example.com",
        "source": {"snapshotHandle": f"handle-{chance.randrange(1000)}"},
        "volumeSnapshotClassName": "fast",
        "volumeSnapshotRef": {"name": chance.choice(NAMES), "namespace": "a"},
    }
    found = named(chance, place, spec=spec)
    return {"apiVersion": _SNAPSHOTS, "kind": "VolumeSnapshotContent", **found}


def _report_content(chance: Random, _obj: Obj) -> Patch:
    return Patch({"status": {"readyToUse": chance.random() < 0.7}}, "status")


TEMPLATES = (
    Template("persistentvolumeclaims", _claim, _edit_claim, spoil_labels, weight=1.5),
    Template("storageclasses", _class, _edit_class, spoil_labels, weight=0.6),
    Template("persistentvolumes", _volume, _edit_volume, spoil_labels, _report_volume, weight=0.6),
    Template("volumesnapshots", _snapshot, relabel, spoil_labels, _report_snapshot, weight=0.8),
    Template(
        "volumesnapshotcontents", _content, relabel, spoil_labels, _report_content, weight=0.5
    ),
)
