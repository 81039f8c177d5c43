"""PodDisruptionBudgets: the host counts and guards the pods; what it counted comes up."""

from common.actions import Action, RequeueAfter
from common.confinement import confined
from common.context import Context
from common.fields import fields_patch
from common.generation import follow_generation
from common.kind import Doc, Kind
from common.objects import Obj, namespace_of, timestamp_s
from common.upward import status_up

_FIELDS = ("minAvailable", "maxUnavailable", "selector", "unhealthyPodEvictionPolicy")
_EVICTED, _ALLOWED = "disruptedPods", "disruptionsAllowed"
# For how long controllers wait for an evicted pod to go, in seconds.
_EVICTION_S = 120.0


def _translate(virtual: Obj, context: Context) -> Obj:
    own: Obj = virtual.get("spec") or {}
    spec = {field: own[field] for field in _FIELDS if own.get(field) is not None}
    if "selector" in spec:  # without one it selects no pod
        spec["selector"] = confined(context.cluster, spec["selector"], namespace_of(virtual))
    return {"spec": spec}


def _patch_down(_virtual: Obj, translated: Obj, host: Obj, _context: Context) -> Obj:
    """A limit of 0 is a limit."""
    spec = fields_patch(host.get("spec") or {}, translated["spec"], _FIELDS)
    return {"spec": spec} if spec else {}


def _up(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    found: Obj = host.get("status") or {}
    if not any(found.values()):
        return []  # as it was created: nothing has counted yet
    evicted = _evicted(virtual, context)
    told = status_up(virtual, _status(virtual, host, list(evicted), context))
    if not evicted:
        return told
    left_s = min(evicted.values()) + _EVICTION_S - context.now_s
    return [*told, RequeueAfter(max(left_s, 0.0) + 1.0, "evictions hold disruptions back")]


def _status(virtual: Obj, host: Obj, evicted: list[str], context: Context) -> Obj:
    """The host's, less what virtual evictions took that the host can't know of yet.

    The pods that the host evicted are named as on the host, so their list stays there.
    """
    found: Obj = host.get("status") or {}
    status = {key: value for key, value in found.items() if key != _EVICTED}
    status = follow_generation(status, virtual, host, context.host_pending)
    if conditions := found.get("conditions"):
        status["conditions"] = [
            follow_generation(each, virtual, host, context.host_pending) for each in conditions
        ]
    if evicted:
        own = (virtual.get("status") or {}).get(_EVICTED) or {}
        status[_EVICTED] = {name: own[name] for name in evicted}
        status[_ALLOWED] = max(0, int(found.get(_ALLOWED) or 0) - len(evicted))
    return status


def _evicted(virtual: Obj, context: Context) -> dict[str, float]:
    """The pods that virtual API servers let go lately, with the Unix time of that."""
    own = (virtual.get("status") or {}).get(_EVICTED) or {}
    times = {name: timestamp_s(str(at)) for name, at in own.items()}
    return {name: at_s for name, at_s in times.items() if context.now_s - at_s < _EVICTION_S}


KIND = Kind(
    plural="poddisruptionbudgets",
    kind="PodDisruptionBudget",
    group="policy",
    option="podDisruptionBudgets",
    translate=_translate,
    patch_down=_patch_down,
    up=_up,
    virtual_access=("poddisruptionbudgets.policy/status: patch",),
    doc=Doc(
        down="spec",
        up="status",
        translated="the selector is confined to the virtual cluster and namespace",
    ),
)
