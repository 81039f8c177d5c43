"""What may not change once an object exists, kind by kind, refused in the real server's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from sandbox.errors import Cause
from sandbox.kinds.quantity import amount
from sandbox.kinds.resources import Resource
from sandbox.kinds.validation import refused, wrong

Object = dict[str, Any]
Check = Callable[[Object, Object], Iterator[Cause]]

FIELD: Final = "field is immutable"
_WHEN_SET: Final = "field is immutable when `immutable` is set"
_POD: Final = (
    "pod updates may not change fields other than "
    "`spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
)
_TOLERATIONS: Final = "existing toleration can not be modified except its tolerationSeconds"
_CLAIM: Final = (
    "spec is immutable after creation except resources.requests and volumeAttributesClassName "
    "for bound claims\n"
)


def validate_update(resource: Resource, new: Object, old: Object, part: str = "") -> list[Cause]:
    """Everything that an update of the object, or of a part of it, may not do.

    Empty when it may be stored.
    """
    causes = list(_check_metadata(new["metadata"], old["metadata"]))
    check = (
        _PART_CHECKS.get(part) if part not in ("", "status") else _CHECKS.get(resource.collection)
    )
    return [*causes, *check(new, old)] if check else causes


def _check_metadata(new: Object, old: Object) -> Iterator[Cause]:
    if new["uid"] != old["uid"]:
        yield wrong("metadata.uid", new["uid"], FIELD)
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
                yield wrong(field, new.get(field), FIELD)

    return check


def _check_pod(new: Object, old: Object) -> Iterator[Cause]:
    deadline, before = (
        new["spec"].get("activeDeadlineSeconds"),
        old["spec"].get("activeDeadlineSeconds"),
    )
    if before is not None and (deadline is None or deadline > before):
        why = "must be less than or equal to previous value"
        yield wrong("spec.activeDeadlineSeconds", deadline, why)
    if not _tolerates_as_before(new["spec"], old["spec"]):
        yield refused("spec.tolerations", _TOLERATIONS)
    if (new.get("status") or {}).get("qosClass") != old["status"].get("qosClass"):
        yield wrong("status.qosClass", new["status"].get("qosClass"), FIELD)
    allowed = _with_allowed_changes(new["spec"], old["spec"])
    if new["spec"] != allowed:
        yield refused("spec", _POD)


def _tolerates_as_before(new: Object, old: Object) -> bool:
    """Tolerations may be added, and of those that are there the seconds changed."""
    now = [part | {"tolerationSeconds": None} for part in new.get("tolerations") or ()]
    return all(part | {"tolerationSeconds": None} in now for part in old.get("tolerations") or ())


def _with_allowed_changes(new: Object, old: Object) -> Object:
    """The old pod spec with those changes of the new one that a running pod can follow."""
    allowed = dict(old)
    for field in ("containers", "initContainers"):
        pairs = zip(old.get(field) or (), new.get(field) or (), strict=False)
        if field in old and len(new.get(field) or ()) == len(old[field]):
            allowed[field] = [was | {"image": now.get("image")} for was, now in pairs]
    for field in (
        "activeDeadlineSeconds",
        "tolerations",
        "schedulingGates",
        "terminationGracePeriodSeconds",
    ):
        if field in new and _may_change(field, new[field], old.get(field)):
            allowed[field] = new[field]
    if "schedulingGates" not in new:
        allowed.pop("schedulingGates", None)
    return allowed


def _may_change(field: str, new: Any, old: Any) -> bool:
    match field:
        case "schedulingGates":
            return all(gate in (old or ()) for gate in new)
        case "terminationGracePeriodSeconds":
            return bool(new == 1 and old < 0)
    return True


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
        yield wrong("type", new["type"], FIELD)
    yield from _check_config_map(new, old)


def _check_claim(new: Object, old: Object) -> Iterator[Cause]:
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


def _check_priority_class(new: Object, old: Object) -> Iterator[Cause]:
    if new.get("value") != old.get("value"):
        yield refused("value", "may not be changed in an update.")
    if new.get("preemptionPolicy") != old.get("preemptionPolicy"):
        yield wrong("preemptionPolicy", new.get("preemptionPolicy"), FIELD)


def _check_selector(new: Object, old: Object) -> Iterator[Cause]:
    if new["spec"].get("selector") != old["spec"].get("selector"):
        yield wrong("spec.selector", new["spec"].get("selector"), FIELD)


def _check_role_binding(new: Object, old: Object) -> Iterator[Cause]:
    if new.get("roleRef") != old.get("roleRef"):
        yield wrong("roleRef", new.get("roleRef"), "cannot change roleRef")


def _check_spec(new: Object, old: Object) -> Iterator[Cause]:
    if new.get("spec") != old.get("spec"):
        yield wrong("spec", new.get("spec"), FIELD)


def _check_ephemeral(new: Object, old: Object) -> Iterator[Cause]:
    now = {part["name"]: part for part in new["spec"].get("ephemeralContainers") or ()}
    for part in old["spec"].get("ephemeralContainers") or ():
        if part["name"] not in now:
            why = f'existing ephemeral containers "{part["name"]}" may not be removed\n'
            yield refused("spec.ephemeralContainers", why)
        elif now[part["name"]] != part:
            why = f'existing ephemeral containers "{part["name"]}" may not be changed\n'
            yield refused("spec.ephemeralContainers", why)


_PART_CHECKS: Final[Mapping[str, Check]] = {"ephemeralcontainers": _check_ephemeral}
_CHECKS: Final[Mapping[str, Check]] = {
    "pods": _check_pod,
    "services": _check_service,
    "configmaps": _check_config_map,
    "secrets": _check_secret,
    "persistentvolumeclaims": _check_claim,
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
