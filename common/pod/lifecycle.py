"""When a pod may be created on the host, and what of it may change afterwards."""

from common.actions import Action, EmitEvent
from common.context import Context
from common.objects import Obj, annotations, get_path, meta, name_of, namespace_of, timestamp_s
from common.pod.claims import unsynced_claim, wait_for_claims
from common.pod.env_from import env_sources
from common.pod.environment import linked
from common.pod.images import translate_image
from common.pod.tolerations import enforced, with_missing
from common.pod.volumes import certificate_volume
from common.service import HOST_CLUSTER_IP, skip_service

# How long a pod waits for the addresses of services that are older than itself.
SERVICES_WAIT_S = 5.0
_GRACE = "terminationGracePeriodSeconds"
_IMAGE_LISTS = ("initContainers", "containers")
_GATED = "it waits for its scheduling gates to be removed"


def skip(virtual: Obj, context: Context) -> str:
    """Why the pod is not on the host."""
    return kept_back(virtual) or unsynced_claim(virtual, context.cluster)


def kept_back(virtual: Obj) -> str:
    """Why the pod is not on any host, whatever is switched on."""
    if (virtual.get("spec") or {}).get("schedulingGates"):
        return _GATED
    if volume := certificate_volume(virtual):
        return f"its volume {volume} asks for a certificate, which would be that of a host pod"
    return ""


def untold(_virtual: Obj, reason: str) -> list[Action]:
    """Whoever sets gates knows of them."""
    return [] if reason == _GATED else [EmitEvent("Warning", "NotSynced", reason)]


def wait(virtual: Obj, context: Context) -> str:
    """Why the pod should not be created just yet: it would name a claim that isn't there yet, or
    its variables would lack a service."""
    if reason := wait_for_claims(virtual, context):
        return reason
    if (virtual.get("spec") or {}).get("enableServiceLinks") is False:
        return ""
    created = str(meta(virtual).get("creationTimestamp") or "")
    if not created or context.now_s - timestamp_s(created) >= SERVICES_WAIT_S:
        return ""
    for service in context.related.services:
        before = str(meta(service).get("creationTimestamp") or "") <= created
        if before and not _settled(service, context):
            return f"waits for service {name_of(service)}"
    return _wait_for_keys(virtual, context)


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


def mutable(virtual: Obj, context: Context) -> Obj:
    """What of the translation may change after the pod was created."""
    own, options = virtual.get("spec") or {}, context.cluster.pods
    spec: Obj = {key: own[key] for key in ("activeDeadlineSeconds", _GRACE) if key in own}
    for key in _IMAGE_LISTS:
        spec[key] = [
            {"name": each.get("name"), "image": translate_image(each.get("image"), options.images)}
            for each in own.get(key) or ()
        ]
    spec["tolerations"] = enforced(own.get("tolerations"), options.tolerations)
    return {"spec": spec}


def patch_down(virtual: Obj, translated: Obj, host: Obj, _context: Context) -> Obj:
    """The changes of a pod's spec that Kubernetes allows; lists are sent whole."""
    own, desired, current = (each.get("spec") or {} for each in (virtual, translated, host))
    spec: Obj = {}
    for key in _IMAGE_LISTS:
        names = {each.get("name") for each in own.get(key) or ()}
        wanted = [each for each in desired.get(key) or () if each.get("name") in names]
        if (changed := _images(wanted, current.get(key) or [])) is not None:
            spec[key] = changed
    tolerations = current.get("tolerations") or [], desired.get("tolerations") or []
    if (changed := with_missing(*tolerations)) is not None:
        spec["tolerations"] = changed
    deadline, present = desired.get("activeDeadlineSeconds"), current.get("activeDeadlineSeconds")
    if deadline is not None and (present is None or deadline < present):
        spec["activeDeadlineSeconds"] = deadline
    if _grace_is_mended(desired, current):
        spec[_GRACE] = desired[_GRACE]
    return {"spec": spec} if spec else {}


def _wait_for_keys(virtual: Obj, context: Context) -> str:
    """Kubelets wait for these, so nothing is lost: only then it shows whether their variables are
    named like those of services."""
    if not context.related.services:
        return ""
    for ref in env_sources(virtual, required=True):
        if ref.plural in context.cluster.enabled and ref.member not in context.related.env_keys:
            return f"waits for {ref.member}"
    return ""


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


def _grace_is_mended(desired: Obj, current: Obj) -> bool:
    """The API allows one change of the grace period: from a negative number to 1."""
    return desired.get(_GRACE) == 1 and (current.get(_GRACE) or 0) < 0
