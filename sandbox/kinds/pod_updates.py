"""What of a pod may change, through the pod itself and through its parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox.errors import Cause
from sandbox.kinds.pod_defaults import qos_class
from sandbox.kinds.reasons import IMMUTABLE, refused, wrong

Object = dict[str, Any]

_POD: Final = (
    "pod updates may not change fields other than "
    "`spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n"
)
_TOLERATIONS: Final = "existing toleration can not be modified except its tolerationSeconds"
_RESIZABLE: Final = ("cpu", "memory")


def check_pod(new: Object, old: Object) -> Iterator[Cause]:
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
        yield wrong("status.qosClass", new["status"].get("qosClass"), IMMUTABLE)
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


def check_ephemeral(new: Object, old: Object) -> Iterator[Cause]:
    now = {part.get("name"): part for part in new["spec"].get("ephemeralContainers") or ()}
    for part in old["spec"].get("ephemeralContainers") or ():
        if now.get(part["name"]) != part:
            done = "changed" if part["name"] in now else "removed"
            why = f'existing ephemeral containers "{part["name"]}" may not be {done}\n'
            yield refused("spec.ephemeralContainers", why)


def check_resize(new: Object, old: Object) -> Iterator[Cause]:
    spec, was = new["spec"], old["spec"]
    for field in ("containers", "initContainers"):
        if [part["name"] for part in spec.get(field) or ()] != [
            part["name"] for part in was.get(field) or ()
        ]:
            yield refused(f"spec.{field}", "containers may not be added or removed on resize")
            return
    if qos_class(spec) != qos_class(was):
        why = "Pod QOS Class may not change as a result of resizing"
        yield wrong("spec", qos_class(was), why)
    for field in ("containers", "initContainers"):
        pairs = zip(spec.get(field) or (), was.get(field) or (), strict=True)
        for index, (now, before) in enumerate(pairs):
            yield from _check_removed(f"spec.{field}[{index}].resources", now, before)
    if _without_sizes(spec) != _without_sizes(was):
        yield refused("spec", "only cpu and memory resources are mutable")


def _check_removed(path: str, new: Object, old: Object) -> Iterator[Cause]:
    for kind in ("requests", "limits"):
        had, has = ((part.get("resources") or {}).get(kind) or {} for part in (old, new))
        if any(name in had and name not in has for name in _RESIZABLE):
            yield refused(f"{path}.{kind}", f"resource {kind} cannot be removed")


def _without_sizes(spec: Object) -> Object:
    stripped = dict(spec)
    for field in ("containers", "initContainers"):
        stripped[field] = [_unsized(part) for part in spec.get(field) or ()]
    return stripped


def _unsized(container: Object) -> Object:
    resources = dict(container.get("resources") or {})
    for kind in ("requests", "limits"):
        quantities = resources.pop(kind, None) or {}
        resources[kind] = {key: quantities[key] for key in quantities if key not in _RESIZABLE}
    return container | {"resources": resources}
