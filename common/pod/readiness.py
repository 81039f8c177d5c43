"""Readiness gates: conditions that the virtual cluster's controllers set, and the host's kubelet
waits for.

They are the virtual pod's alone: they go down, and nothing that the host says of them comes up.
"""

from collections.abc import Iterable

from common.actions import Action, Patch
from common.metadata import SENT
from common.objects import Obj, annotations, name_of, namespace_of, uid

# Which conditions of the host pod were sent down: one that goes from the virtual pod goes here too.
SENT_CONDITIONS = f"{SENT}conditions"
# What the host itself says of a pod, whatever a gate may be called.
_HOSTS_OWN = {
    "ContainersReady",
    "DisruptionTarget",
    "Initialized",
    "PodReadyToStartContainers",
    "PodResizeInProgress",
    "PodResizePending",
    "PodScheduled",
    "Ready",
}
_FIELDS = ("status", "reason", "message", "lastProbeTime", "lastTransitionTime")


def gates(virtual: Obj) -> frozenset[str]:
    """The types of the conditions that the pod's readiness gates speak of."""
    found = (virtual.get("spec") or {}).get("readinessGates") or ()
    return frozenset(str(gate.get("conditionType")) for gate in found) - _HOSTS_OWN


def gate_conditions(virtual: Obj) -> dict[str, Obj]:
    """The virtual pod's own conditions, by type."""
    wanted = gates(virtual)
    return {kind: found for kind, found in _by_type(virtual).items() if kind in wanted}


def readiness_down(virtual: Obj, host: Obj, _context: object) -> list[Action]:
    """Make the host pod's conditions of these types those of the virtual pod."""
    sent_text = annotations(host).get(SENT_CONDITIONS) or ""
    if not sent_text and not (virtual.get("spec") or {}).get("readinessGates"):
        return []
    wanted, there = gate_conditions(virtual), _by_type(host)
    changed = [_sent(kind, wanted[kind]) for kind in wanted if _differ(wanted, there, kind)]
    gone = [kind for kind in sent_text.split("\n") if kind in there and kind not in wanted]
    text = "\n".join(sorted(wanted))
    patch: Obj = {}
    if changed or gone:
        patch["status"] = {"conditions": [*changed, *map(_removed, gone)]}
    if text != sent_text:
        patch["metadata"] = {"annotations": {SENT_CONDITIONS: text or None}}
    if not patch:
        return []
    return [
        Patch(
            side="host",
            namespace=namespace_of(host),
            name=name_of(host),
            patch=patch,
            uid=uid(host),
            subresource="status",
            patch_type="strategic",
        )
    ]


def _by_type(pod: Obj) -> dict[str, Obj]:
    found: Iterable[Obj] = (pod.get("status") or {}).get("conditions") or ()
    return {str(condition.get("type")): condition for condition in found}


def _differ(wanted: dict[str, Obj], there: dict[str, Obj], kind: str) -> bool:
    found = there.get(kind)
    if found is None:
        return True
    return any((wanted[kind].get(key) or None) != (found.get(key) or None) for key in _FIELDS)


def _sent(kind: str, condition: Obj) -> Obj:
    """Without the generation that was observed, which is the virtual pod's. Null removes."""
    return {"type": kind, **{key: condition.get(key) or None for key in _FIELDS}}


def _removed(kind: str) -> Obj:
    return {"type": kind, "$patch": "delete"}
