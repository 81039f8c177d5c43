"""What is refused of claims, volumes and storage classes, new or changed."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from sandbox.errors import Cause
from sandbox.kinds.quantity import amount
from sandbox.kinds.reasons import IMMUTABLE, refused, required, wrong
from sandbox.kinds.schema import fields

Object = dict[str, Any]

_CLAIM: Final = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName "
    "for bound claims\n"
)
_NO_SOURCE: Final = frozenset(
    {
        "accessModes",
        "capacity",
        "claimRef",
        "mountOptions",
        "nodeAffinity",
        "persistentVolumeReclaimPolicy",
        "storageClassName",
        "volumeAttributesClassName",
        "volumeMode",
    }
)
_SOURCES: Final = frozenset(fields("core.v1.PersistentVolumeSpec")) - _NO_SOURCE


def validate_claim(claim: Object) -> Iterator[Cause]:
    spec = claim["spec"]
    if not spec.get("accessModes"):
        yield required("spec.accessModes", "at least 1 access mode is required")
    if "storage" not in ((spec.get("resources") or {}).get("requests") or {}):
        yield required("spec.resources[storage]")


def check_claim(new: Object, old: Object) -> Iterator[Cause]:
    """A volume may be set once.

    Requests and the attributes class may change when the claim is bound.
    """
    frozen = dict(old["spec"])
    if not frozen.get("volumeName") and new["spec"].get("volumeName"):
        frozen["volumeName"] = new["spec"]["volumeName"]
    if (old.get("status") or {}).get("phase") == "Bound":
        for field in ("resources", "volumeAttributesClassName"):
            if field in new["spec"]:
                frozen[field] = new["spec"][field]
    if new["spec"] != frozen:
        yield refused("spec", _CLAIM)
    capacity = ((old.get("status") or {}).get("capacity") or {}).get("storage")
    asked = requested_storage(new)
    if capacity and asked < amount(capacity) and asked < requested_storage(old):
        yield refused(
            "spec.resources.requests.storage", "field can not be less than status.capacity"
        )


def requested_storage(claim: Object) -> Fraction:
    """In bytes."""
    return amount(claim["spec"]["resources"]["requests"]["storage"])


def validate_volume(volume: Object) -> Iterator[Cause]:
    spec = volume["spec"]
    if not spec.get("accessModes"):
        yield required("spec.accessModes")
    if not spec.get("capacity"):
        yield required("spec.capacity")
    sources = sorted(_SOURCES & spec.keys())
    if not sources:
        yield required("spec", "must specify a volume type")
    for extra in sources[:-1]:
        yield refused(f"spec.{extra}", "may not specify more than 1 volume type")


def check_volume(new: Object, old: Object) -> Iterator[Cause]:
    """Where the data is can't change; who may claim it can."""
    spec, was = new["spec"], old["spec"]
    if any(spec.get(field) != was.get(field) for field in _SOURCES):
        why = "spec.persistentvolumesource is immutable after creation\n"
        yield refused("spec.persistentvolumesource", why)
    if spec.get("volumeMode") != was.get("volumeMode"):
        yield wrong("volumeMode", spec.get("volumeMode"), IMMUTABLE)
    if was.get("nodeAffinity") and spec.get("nodeAffinity") != was["nodeAffinity"]:
        why = f"{IMMUTABLE}, except for updating from beta label to GA"
        yield wrong("nodeAffinity", spec.get("nodeAffinity"), why)


def validate_storage_class(storage_class: Object) -> Iterator[Cause]:
    if not storage_class.get("provisioner"):
        yield required("provisioner")
