"""What the standard "restricted" asks for beyond "baseline": that a pod binds itself."""

from collections.abc import Callable, Iterator

from common.objects import Obj, get_path
from common.pod.security.baseline import SECCOMP_TYPES, capabilities, unmasked
from common.pod.security.parts import (
    Control,
    container_list,
    container_setters,
    containers,
    in_user_namespace,
    items,
    on_windows,
    quoted,
    security,
    setters,
    volume_list,
)

_VOLUMES = frozenset(
    "configMap csi downwardAPI emptyDir ephemeral image persistentVolumeClaim projected"
    " secret".split()
)
_PORTS_BELOW_1024 = "NET_BIND_SERVICE"


def _on_linux(broken: Callable[[Obj], str]) -> Callable[[Obj], str]:
    """Pods for Windows can't say such things."""
    return lambda pod: "" if on_windows(pod) else broken(pod)


def _as_root(broken: Callable[[Obj], str]) -> Callable[[Obj], str]:
    return lambda pod: "" if in_user_namespace(pod) else broken(pod)


def _escalation(pod: Obj) -> str:
    def open_to_it(container: Obj) -> bool:
        return security(container).get("allowPrivilegeEscalation") is not False

    named = container_setters(pod, open_to_it)
    return f"{container_list(named)} must set it to false" if named else ""


def _capabilities(pod: Obj) -> str:
    return "; ".join(_capability_faults(pod))


def _capability_faults(pod: Obj) -> Iterator[str]:
    def added(container: Obj) -> set[str]:
        return {str(each) for each in capabilities(container, "add")} - {_PORTS_BELOW_1024}

    def keeps(container: Obj) -> bool:
        return "ALL" not in capabilities(container, "drop")

    if named := container_setters(pod, keeps):
        yield f"{container_list(named)} must drop ALL"
    if named := container_setters(pod, added):
        found = {each for container in containers(pod) for each in added(container)}
        yield f"{container_list(named)} must not add {quoted(found)}"


def _volumes(pod: Obj) -> str:
    wrong = {
        str(each.get("name")): kinds - _VOLUMES
        for each in items(pod, "spec.volumes")
        if (kinds := _kinds_of(each)) and not kinds & _VOLUMES
    }
    found = {kind for kinds in wrong.values() for kind in kinds}
    return f"{volume_list(wrong)} must not be of type {quoted(found)}" if wrong else ""


def _kinds_of(volume: Obj) -> set[str]:
    """Without any an API server makes an emptyDir of it."""
    return {key for key, value in volume.items() if key != "name" and value is not None}


def _non_root(pod: Obj) -> str:
    def denies(context: Obj) -> bool:
        return context.get("runAsNonRoot") is False

    if who := setters(pod, denies):
        return f"{who} must not set it to false"
    if get_path(pod, "spec.securityContext.runAsNonRoot"):
        return ""
    silent = container_setters(pod, lambda each: security(each).get("runAsNonRoot") is None)
    return f"the pod or {container_list(silent)} must set it to true" if silent else ""


def _user(pod: Obj) -> str:
    def is_root(context: Obj) -> bool:
        return context.get("runAsUser") == 0 and context["runAsUser"] is not False

    who = setters(pod, is_root)
    return f"{who} must not be root" if who else ""


def _seccomp(pod: Obj) -> str:
    def wrong(context: Obj) -> bool:
        return isinstance(context.get("seccompProfile"), dict) and not _has_profile(context)

    types = " or ".join(SECCOMP_TYPES)
    if who := setters(pod, wrong):
        return f"{who} must have the profile {types}"
    if _has_profile(get_path(pod, "spec.securityContext")):
        return ""
    silent = container_setters(pod, lambda each: not _has_profile(security(each)))
    return f"the pod or {container_list(silent)} must have the profile {types}" if silent else ""


def _has_profile(context: Obj | None) -> bool:
    return get_path(context or {}, "seccompProfile.type") in SECCOMP_TYPES


PRIVILEGE_ESCALATION = Control("allowPrivilegeEscalation != false", _on_linux(_escalation))
CAPABILITIES = Control("unrestricted capabilities", _on_linux(_capabilities))
PROC_MOUNT = Control("procMount", unmasked)
VOLUMES = Control("restricted volume types", _volumes)
NON_ROOT = Control("runAsNonRoot != true", _as_root(_non_root))
USER = Control("runAsUser=0", _as_root(_user))
SECCOMP = Control("seccompProfile", _on_linux(_seccomp))
