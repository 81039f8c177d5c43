"""What may not change once an object exists, kind by kind, refused in the real server's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sandbox.errors import Cause
from sandbox.kinds.device_validation import check_allocation
from sandbox.kinds.pod_updates import check_ephemeral, check_pod, check_resize
from sandbox.kinds.reasons import IMMUTABLE, refused, wrong
from sandbox.kinds.resources import Resource
from sandbox.kinds.volume_validation import check_claim, check_volume

Object = dict[str, Any]
Check = Callable[[Object, Object], Iterator[Cause]]

_WHEN_SET: Final = "field is immutable when `immutable` is set"


def validate_update(resource: Resource, new: Object, old: Object, part: str = "") -> list[Cause]:
    """Everything that an update of the object, or of a part of it, may not do.

    Empty when it may be stored.
    """
    causes = list(_check_metadata(new["metadata"], old["metadata"]))
    check = _PART_CHECKS.get((resource.collection, part)) if part else None
    if part in ("", "status"):
        check = check or _CHECKS.get(resource.collection)
    return [*causes, *check(new, old)] if check else causes


def _check_metadata(new: Object, old: Object) -> Iterator[Cause]:
    if new["uid"] != old["uid"]:
        yield wrong("metadata.uid", new["uid"], IMMUTABLE)
    if old.get("deletionTimestamp"):
        added = set(new.get("finalizers") or ()) - set(old.get("finalizers") or ())
        if added:
            why = "no new finalizers can be added if the object is being deleted, "
            why += "found new finalizers "
            listed = ", ".join(f'"{name}"' for name in sorted(added))
            yield refused("metadata.finalizers", f"{why}[]string{{{listed}}}")


def _check_fields(*fields: str) -> Check:
    def check(new: Object, old: Object) -> Iterator[Cause]:
        for field in fields:
            if new.get(field) != old.get(field):
                yield wrong(field, new.get(field), IMMUTABLE)

    return check


def _check_service(new: Object, old: Object) -> Iterator[Cause]:
    """An address may not change as long as the type keeps having one."""
    if "ExternalName" in (new["spec"]["type"], old["spec"]["type"]):
        return
    was, now = old["spec"].get("clusterIP"), new["spec"].get("clusterIP")
    if was and now != was:
        yield wrong(
            "spec.clusterIPs[0]", new["spec"].get("clusterIPs") or [now], "may not change once set"
        )


def _check_config_map(new: Object, old: Object) -> Iterator[Cause]:
    if old.get("immutable"):
        if not new.get("immutable"):
            yield refused("immutable", _WHEN_SET)
        for field in ("data", "binaryData"):
            if (new.get(field) or {}) != (old.get(field) or {}):
                yield refused(field, _WHEN_SET)


def _check_secret(new: Object, old: Object) -> Iterator[Cause]:
    if new["type"] != old["type"]:
        yield wrong("type", new["type"], IMMUTABLE)
    yield from _check_config_map(new, old)


def _check_priority_class(new: Object, old: Object) -> Iterator[Cause]:
    if new.get("value") != old.get("value"):
        yield refused("value", "may not be changed in an update.")
    if new.get("preemptionPolicy") != old.get("preemptionPolicy"):
        yield wrong("preemptionPolicy", new.get("preemptionPolicy"), IMMUTABLE)


def _check_selector(new: Object, old: Object) -> Iterator[Cause]:
    if new["spec"].get("selector") != old["spec"].get("selector"):
        yield wrong("spec.selector", new["spec"].get("selector"), IMMUTABLE)


def _check_role_binding(new: Object, old: Object) -> Iterator[Cause]:
    if new.get("roleRef") != old.get("roleRef"):
        yield wrong("roleRef", new.get("roleRef"), "cannot change roleRef")


def _check_spec(new: Object, old: Object) -> Iterator[Cause]:
    if new.get("spec") != old.get("spec"):
        yield wrong("spec", new.get("spec"), IMMUTABLE)


def _check_definition(new: Object, old: Object) -> Iterator[Cause]:
    for field in ("group", "scope"):
        if new["spec"].get(field) != old["spec"].get(field):
            yield wrong(f"spec.{field}", new["spec"].get(field), IMMUTABLE)


_PART_CHECKS: Final[Mapping[tuple[str, str], Check]] = {
    ("pods", "ephemeralcontainers"): check_ephemeral,
    ("pods", "resize"): check_resize,
    ("resourceclaims.resource.k8s.io", "status"): check_allocation,
}
_CHECKS: Final[Mapping[str, Check]] = {
    "pods": check_pod,
    "services": _check_service,
    "configmaps": _check_config_map,
    "secrets": _check_secret,
    "persistentvolumeclaims": check_claim,
    "persistentvolumes": check_volume,
    "customresourcedefinitions.apiextensions.k8s.io": _check_definition,
    "deployments.apps": _check_selector,
    "replicasets.apps": _check_selector,
    "daemonsets.apps": _check_selector,
    "statefulsets.apps": _check_selector,
    "endpointslices.discovery.k8s.io": _check_fields("addressType"),
    "ipaddresses.networking.k8s.io": _check_spec,
    "rolebindings.rbac.authorization.k8s.io": _check_role_binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _check_role_binding,
    "resourceclaims.resource.k8s.io": _check_spec,
    "resourceclaimtemplates.resource.k8s.io": _check_spec,
    "priorityclasses.scheduling.k8s.io": _check_priority_class,
    "storageclasses.storage.k8s.io": _check_fields(
        "parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"
    ),
}
