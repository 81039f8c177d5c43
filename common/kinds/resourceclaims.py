"""ResourceClaims: the host's scheduler gives devices to host pods; what it decides comes up.

The virtual cluster's controllers strike finished pods off a claim too, which is why those are left
out of what comes up: else each side would undo the other's work.
"""

from common.actions import Action, Patch, RequeueAfter
from common.context import Context
from common.kind import Doc, Kind
from common.metadata import NAME, UID
from common.objects import Obj, annotations, get_path, is_deleting, name_of, namespace_of, uid
from common.upward import status_up

# Before a consumer is looked for again whose host pod isn't in the store yet.
_AGAIN_S = 2.0
_FINISHED = ("Succeeded", "Failed")
_FREED: Obj = {"allocation": None, "reservedFor": None, "devices": None}


def _translate(virtual: Obj, _context: Context) -> Obj:
    return {"spec": virtual.get("spec") or {}}


def _patch_down(_virtual: Obj, _translated: Obj, _host: Obj, _context: Context) -> Obj:
    """The spec of a claim never changes."""
    return {}


def _up(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    found: Obj = host.get("status") or {}
    unsure = _may_lack_pods(found, context)
    consumers = _consumers(found, context)
    if unsure:  # nobody is struck off who may be one of those
        known = {each["uid"] for each in consumers}
        told = get_path(virtual, "status.reservedFor") or []
        consumers += [each for each in told if each.get("uid") not in known]
    status = {**found, "reservedFor": consumers}
    was, now = get_path(virtual, "status.allocation"), found.get("allocation")
    actions: list[Action] = []
    if was and now and was != now:  # it can only be given back whole, and then given anew
        actions.append(_freed(virtual))
        virtual = {**virtual, "status": {}}
    actions += status_up(virtual, status)
    if unsure:
        actions.append(RequeueAfter(_AGAIN_S, "waits for the pods that it is reserved for"))
    return actions


def _freed(virtual: Obj) -> Patch:
    namespace, name = namespace_of(virtual), name_of(virtual)
    status = {key: _FREED[key] for key in _FREED if get_path(virtual, f"status.{key}")}
    return Patch("virtual", namespace, name, {"status": status}, uid(virtual), subresource="status")


def _consumers(status: Obj, context: Context) -> list[Obj]:
    """Whom it is reserved for, in the virtual cluster's words; nobody but our own pods that still
    need it."""
    pods = {uid(pod): pod for pod in context.related.host_referrers}
    found: list[Obj] = []
    for consumer in status.get("reservedFor") or []:
        pod = pods.get(consumer.get("uid") or "")
        if pod is not None and not _has_finished(pod):
            notes = annotations(pod)
            found.append({**consumer, "name": notes[NAME], "uid": notes[UID]})
    return found


def _has_finished(pod: Obj) -> bool:
    never_ran = is_deleting(pod) and not get_path(pod, "spec.nodeName")
    return never_ran or get_path(pod, "status.phase") in _FINISHED


def _may_lack_pods(status: Obj, context: Context) -> bool:
    """Whether a consumer that isn't known may be a pod of ours that wasn't seen yet."""
    pods = context.related.host_referrers
    known = {uid(pod) for pod in pods}
    unknown = any(each.get("uid") not in known for each in status.get("reservedFor") or [])
    return unknown and len(pods) < len(context.related.referrers)


KIND = Kind(
    plural="resourceclaims",
    kind="ResourceClaim",
    group="resource.k8s.io",
    option="resourceClaims",
    discovered=True,
    translate=_translate,
    patch_down=_patch_down,
    up=_up,
    needs=frozenset({"referrers", "host_referrers"}),
    virtual_access=(
        "resourceclaims.resource.k8s.io/status: patch",
        "resourceclaims.resource.k8s.io/binding: patch",
        "resourceclaims.resource.k8s.io/driver: arbitrary-node:patch",
    ),
    doc=Doc(
        down="the whole spec, at creation",
        up="allocation, device status, and the pods that it is reserved for",
        translated="the pods that it is reserved for, back to the virtual ones",
    ),
)
