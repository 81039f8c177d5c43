"""A pod's status on the way up: the host's, told in the words of the virtual pod."""

from typing import Any

from common.actions import Action, Bind, Patch
from common.kind import Context
from common.objects import Obj, get_path, is_deleting, merge_diff, meta, name_of, namespace_of, uid

# Status list by the spec list whose containers it tells of.
_CONTAINERS = {
    "containerStatuses": "containers",
    "initContainerStatuses": "initContainers",
    "ephemeralContainerStatuses": "ephemeralContainers",
}
# The virtual API server's own: immutable there, or about objects of the virtual cluster.
_VIRTUAL = frozenset({"qosClass", "resourceClaimStatuses", "extendedResourceClaimStatus"})


def up(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    """Bind the virtual pod once the host's is, and make its status the host's."""
    namespace, name, pod_uid = namespace_of(virtual), name_of(virtual), uid(virtual)
    actions: list[Action] = []
    node = str(get_path(host, "spec.nodeName") or "")
    bound = get_path(virtual, "spec.nodeName")
    binds = node != "" and not bound and not is_deleting(virtual)
    if binds:
        actions.append(Bind(namespace, name, pod_uid, node))
    current = virtual.get("status") or {}
    desired = virtual_status(virtual, host, context)
    patch = merge_diff(current, desired)
    if binds and _gates(virtual):
        patch.pop("conditions", None)  # theirs need a version, and binding makes a new one
    elif binds:
        patch["conditions"] = desired.get("conditions") or []  # binding adds PodScheduled
    if patch:
        actions.append(_patch(virtual, patch))
    return actions


def virtual_status(virtual: Obj, host: Obj, context: Context) -> Obj:
    """The status that the virtual pod should have."""
    current, found = virtual.get("status") or {}, host.get("status") or {}
    generations = _Generations(virtual, host, context.host_pending)
    status = {
        key: value for key, value in found.items() if value is not None and key not in _VIRTUAL
    }
    status |= {key: value for key, value in current.items() if key in _VIRTUAL}
    if "phase" in current:
        status.setdefault("phase", current["phase"])
    if conditions := _conditions(virtual, found, generations):
        status["conditions"] = conditions
    else:
        status.pop("conditions", None)
    if "observedGeneration" in status:
        status["observedGeneration"] = generations.virtual(status["observedGeneration"])
    _translate_containers(status, virtual.get("spec") or {})
    return status


def _patch(virtual: Obj, status: Obj) -> Patch:
    """With readiness gates the conditions are shared with virtual controllers, so their write
    in between must make ours fail."""
    gated = bool(_gates(virtual)) and "conditions" in status
    return Patch(
        side="virtual",
        namespace=namespace_of(virtual),
        name=name_of(virtual),
        patch={"status": status},
        uid=uid(virtual),
        resource_version=str(meta(virtual).get("resourceVersion") or "") if gated else "",
        subresource="status",
    )


class _Generations:
    """Maps generations that the host's kubelet observed to those of the virtual pod.

    The newest host generation means the newest virtual one, unless the host object is behind
    the virtual one at this moment; older ones are kept, they only have to be older.
    """

    def __init__(self, virtual: Obj, host: Obj, host_pending: bool) -> None:
        self._host = int(meta(host).get("generation") or 0)
        self._virtual = int(meta(virtual).get("generation") or 0)
        self._newest = self._virtual - 1 if host_pending else self._virtual

    def virtual(self, observed: Any) -> int:
        generation = int(observed or 0)
        if generation < self._host:
            return max(0, min(generation, self._virtual - 1))
        return max(0, self._newest)


def _conditions(virtual: Obj, found: Obj, generations: _Generations) -> list[Obj]:
    """The host's conditions; those of the virtual pod's readiness gates are its own."""
    gates = _gates(virtual)
    own = {
        condition.get("type"): condition
        for condition in (virtual.get("status") or {}).get("conditions") or ()
        if condition.get("type") in gates
    }
    conditions = [
        own.pop(condition.get("type"), None) or _observed(condition, generations)
        for condition in found.get("conditions") or ()
    ]
    return conditions + list(own.values())


def _observed(condition: Obj, generations: _Generations) -> Obj:
    if "observedGeneration" not in condition:
        return condition
    observed = generations.virtual(condition["observedGeneration"])
    return {**condition, "observedGeneration": observed}


def _gates(virtual: Obj) -> set[str]:
    spec = virtual.get("spec") or {}
    return {str(gate.get("conditionType")) for gate in spec.get("readinessGates") or ()}


def _translate_containers(status: Obj, spec: Obj) -> None:
    """Images as the virtual pod names them; containers that the host injected stay out."""
    for key, list_name in _CONTAINERS.items():
        if key not in status:
            continue
        images = {each.get("name"): each.get("image") for each in spec.get(list_name) or ()}
        told = [
            {**each, "image": images[each.get("name")] or each.get("image")}
            for each in status[key]
            if each.get("name") in images
        ]
        if told:
            status[key] = told
        else:
            del status[key]
