"""A pod's status on the way up: the host's, told in the words of the virtual pod."""

from common.actions import Action, Bind, Patch
from common.context import Context
from common.generation import follow_generation, with_kept_generation
from common.objects import Obj, get_path, is_deleting, merge_diff, meta, name_of, namespace_of, uid
from common.pod.readiness import gate_conditions, gates

# Status list by the spec list whose containers it tells of.
_CONTAINERS = {
    "containerStatuses": "containers",
    "initContainerStatuses": "initContainers",
    "ephemeralContainerStatuses": "ephemeralContainers",
}
_SCHEDULED = "PodScheduled"
_TIMES = ("lastProbeTime", "lastTransitionTime")
# The virtual API server's own: immutable there, or about objects of the virtual cluster.
_VIRTUAL = frozenset(
    {
        "qosClass",
        "resourceClaimStatuses",
        "extendedResourceClaimStatus",
        "nodeAllocatableResourceClaimStatuses",
    }
)


def up(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    """Bind the virtual pod once the host's is, and make its status the host's."""
    namespace, name, pod_uid = namespace_of(virtual), name_of(virtual), uid(virtual)
    actions: list[Action] = []
    node = str(get_path(host, "spec.nodeName") or "")
    bound = get_path(virtual, "spec.nodeName")
    binds = node != "" and not bound and not is_deleting(virtual)
    if binds:
        actions.append(Bind(namespace, name, pod_uid, node))
    patch = _changes(virtual, virtual_status(virtual, host, context), binds=binds)
    if binds and gates(virtual):
        patch.pop("conditions", None)  # theirs need a version, and binding makes a new one
    if patch:
        actions.append(_patch(virtual, patch))
    return actions


def virtual_status(virtual: Obj, host: Obj, context: Context) -> Obj:
    """The status that the virtual pod should have."""
    current, found = virtual.get("status") or {}, host.get("status") or {}
    status = {
        key: value for key, value in found.items() if value is not None and key not in _VIRTUAL
    }
    status |= {key: value for key, value in current.items() if key in _VIRTUAL}
    if "phase" in current:
        status.setdefault("phase", current["phase"])
    if conditions := _conditions(virtual, host, context.host_pending):
        status["conditions"] = conditions
    else:
        status.pop("conditions", None)
    status = follow_generation(status, virtual, host, context.host_pending)
    status = with_kept_generation(status, current)
    _translate_containers(status, virtual.get("spec") or {})
    return status


def _changes(virtual: Obj, desired: Obj, *, binds: bool) -> Obj:
    """The merge patch of the virtual pod's status, which may be about to be bound.

    Each API server notes by itself when it bound a pod. While nothing else differs that is left
    as it is; with the next change it becomes the host's.
    """
    current = virtual.get("status") or {}
    expected = {**current, "conditions": _bound(current)} if binds else current
    if merge_diff(expected, _bound_when(expected, desired)) == {}:
        return {}
    patch: Obj = merge_diff(current, desired)
    if binds:
        patch["conditions"] = desired.get("conditions") or []
    return patch


def _bound(status: Obj) -> list[Obj]:
    """The conditions as binding leaves them, but for its times."""
    others = [each for each in status.get("conditions") or () if each.get("type") != _SCHEDULED]
    return [*others, {"type": _SCHEDULED, "status": "True"}]


def _bound_when(current: Obj, desired: Obj) -> Obj:
    """The desired status; where the current one says as well that the pod is bound, with its
    times of that."""
    scheduled = [each for each in current.get("conditions") or () if _is_bound(each)]
    if not scheduled or not desired.get("conditions"):
        return desired
    own = scheduled[0]
    conditions = [
        own if _is_bound(each) and _timeless(each) == _timeless(own) else each
        for each in desired["conditions"]
    ]
    return {**desired, "conditions": conditions}


def _is_bound(condition: Obj) -> bool:
    return condition.get("type") == _SCHEDULED and condition.get("status") == "True"


def _timeless(condition: Obj) -> Obj:
    """A null is the same as nothing."""
    return {key: value for key, value in condition.items() if key not in _TIMES and value}


def _patch(virtual: Obj, status: Obj) -> Patch:
    """With readiness gates the conditions are shared with virtual controllers, so their write
    in between must make ours fail."""
    gated = bool(gates(virtual)) and "conditions" in status
    return Patch(
        side="virtual",
        namespace=namespace_of(virtual),
        name=name_of(virtual),
        patch={"status": status},
        uid=uid(virtual),
        resource_version=str(meta(virtual).get("resourceVersion") or "") if gated else "",
        subresource="status",
    )


def _conditions(virtual: Obj, host: Obj, pending: bool) -> list[Obj]:
    """The host's conditions, then those of the virtual pod's readiness gates, which are its own."""
    own = gates(virtual)
    found = (host.get("status") or {}).get("conditions") or ()
    current = {
        each.get("type"): each for each in (virtual.get("status") or {}).get("conditions") or ()
    }
    told = [
        with_kept_generation(
            follow_generation(condition, virtual, host, pending),
            current.get(condition.get("type")) or {},
        )
        for condition in found
        if condition.get("type") not in own
    ]
    return told + list(gate_conditions(virtual).values())


def _translate_containers(status: Obj, spec: Obj) -> None:
    """Images as the virtual pod names them; what the host added to the pod stays out."""
    volumes = {each.get("name") for each in spec.get("volumes") or ()}
    for key, list_name in _CONTAINERS.items():
        if key not in status:
            continue
        images = {each.get("name"): each.get("image") for each in spec.get(list_name) or ()}
        told = [
            _container(each, images[each.get("name")], volumes)
            for each in status[key]
            if each.get("name") in images
        ]
        if told:
            status[key] = told
        else:
            del status[key]


def _container(found: Obj, image: str | None, volumes: set[str | None]) -> Obj:
    told = {**found, "image": image or found.get("image")}
    if mounts := found.get("volumeMounts"):
        told["volumeMounts"] = [each for each in mounts if each.get("name") in volumes]
    return told
