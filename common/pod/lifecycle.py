"""When a pod may be created on the host, and what of it may change afterwards."""

from typing import Any

from common.kind import Context
from common.objects import Obj, annotations, get_path, meta, name_of, namespace_of, timestamp_s
from common.pod.environment import linked
from common.references import CONTAINER_LISTS, pod_names
from common.service import HOST_CLUSTER_IP, skip_service

# How long a pod waits for the addresses of services that are older than itself.
SERVICES_WAIT_S = 5.0
_GRACE = "terminationGracePeriodSeconds"


def skip(virtual: Obj, _context: Context) -> str:
    """Why the pod is not on the host."""
    if (virtual.get("spec") or {}).get("schedulingGates"):
        return "it waits for its scheduling gates to be removed"
    return ""


def wait(virtual: Obj, context: Context) -> str:
    """Why the pod should not be created just yet: it would name another's object, or its
    variables would lack a service."""
    if member := context.unresolved(pod_names(virtual)):
        return f"waits for {member}, whose host name another object may bear"
    if (virtual.get("spec") or {}).get("enableServiceLinks") is False:
        return ""
    created = str(meta(virtual).get("creationTimestamp") or "")
    if not created or context.now_s - timestamp_s(created) >= SERVICES_WAIT_S:
        return ""
    for service in context.related.services:
        before = str(meta(service).get("creationTimestamp") or "") <= created
        if before and not _settled(service, context):
            return f"waits for service {name_of(service)}"
    return ""


def already_ran(virtual: Obj) -> bool:
    """Whether the virtual pod shows that the host once had its pod.

    A nodeName alone may have been set by hand; one that came through a binding has the
    PodScheduled condition too.
    """
    status = virtual.get("status") or {}
    if status.get("startTime") or status.get("hostIP") or status.get("podIP"):
        return True
    if status.get("phase") not in (None, "", "Pending"):
        return True
    return bool((virtual.get("spec") or {}).get("nodeName")) and any(
        condition.get("type") == "PodScheduled" and condition.get("status") == "True"
        for condition in status.get("conditions") or ()
    )


def mutable(virtual: Obj, _context: Context) -> Obj:
    """What of the translation may change after the pod was created."""
    spec = virtual.get("spec") or {}
    kept = (*CONTAINER_LISTS, "tolerations", "activeDeadlineSeconds", _GRACE)
    return {"spec": {key: spec[key] for key in kept if key in spec}}


def patch_down(_virtual: Obj, translated: Obj, host: Obj, _context: Context) -> Obj:
    """The changes of a pod's spec that Kubernetes allows; lists are sent whole."""
    desired, current = translated.get("spec") or {}, host.get("spec") or {}
    spec: Obj = {}
    for key in ("containers", "initContainers"):
        if (changed := _images(desired.get(key) or [], current.get(key) or [])) is not None:
            spec[key] = changed
    if (changed := _tolerations(desired, current)) is not None:
        spec["tolerations"] = changed
    deadline, present = desired.get("activeDeadlineSeconds"), current.get("activeDeadlineSeconds")
    if deadline is not None and (present is None or deadline < present):
        spec["activeDeadlineSeconds"] = deadline
    if _grace_is_mended(desired, current):
        spec["terminationGracePeriodSeconds"] = desired["terminationGracePeriodSeconds"]
    return {"spec": spec} if spec else {}


def _settled(service: Obj, context: Context) -> bool:
    if not linked(service) or skip_service(namespace_of(service), name_of(service)):
        return True
    host = context.related.host_services.get(name_of(service))
    address = ((host or {}).get("spec") or {}).get("clusterIP")
    if not address:
        return False
    refused = annotations(service).get(HOST_CLUSTER_IP) == address
    return refused or bool(get_path(service, "spec.clusterIP") == address)


def _images(desired: list[Obj], current: list[Obj]) -> list[Obj] | None:
    """The host's containers with the desired images; None when they have them."""
    wanted = {each.get("name"): each.get("image") for each in desired}
    images = [wanted.get(each.get("name")) or each.get("image") for each in current]
    if images == [each.get("image") for each in current]:
        return None
    return [{**each, "image": image} for each, image in zip(current, images, strict=True)]


def _tolerations(desired: Obj, current: Obj) -> list[Obj] | None:
    """The host's tolerations with the missing ones added; None when there are none."""
    wanted, found = desired.get("tolerations") or [], current.get("tolerations") or []
    if wanted == found:
        return None
    by_match = {_match(each): each for each in wanted}
    kept = [by_match.pop(_match(each), each) for each in found]
    merged = kept + list(by_match.values())
    return None if merged == found else merged


def _match(toleration: Obj) -> tuple[Any, ...]:
    operator = toleration.get("operator") or "Equal"
    keys = (toleration.get(key) or "" for key in ("key", "value", "effect"))
    return (operator, *keys)


def _grace_is_mended(desired: Obj, current: Obj) -> bool:
    """The API allows one change of the grace period: from a negative number to 1."""
    wanted = desired.get("terminationGracePeriodSeconds")
    return wanted == 1 and (current.get("terminationGracePeriodSeconds") or 0) < 0
