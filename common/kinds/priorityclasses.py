"""PriorityClasses: a tenant's may outrank others of the host's, but never the system's.

Those that every virtual cluster has by itself (`system-node-critical`) come down like others, with
the highest value that users may define.
"""

from common.context import Context
from common.kind import Doc, Kind
from common.objects import Obj

# The highest value that API servers let users define.
HIGHEST = 1_000_000_000
_IMMUTABLE = ("value", "preemptionPolicy")


def _translate(virtual: Obj, _context: Context) -> Obj:
    result: Obj = {
        "value": min(int(virtual.get("value") or 0), HIGHEST),
        "preemptionPolicy": virtual.get("preemptionPolicy") or "PreemptLowerPriority",
        "globalDefault": False,  # it would become every host pod's
    }
    if virtual.get("description"):
        result["description"] = virtual["description"]
    return result


def _recreate(patch: Obj, _host: Obj) -> bool:
    return any(field in patch for field in _IMMUTABLE)


KIND = Kind(
    plural="priorityclasses",
    kind="PriorityClass",
    group="scheduling.k8s.io",
    option="priorityClasses",
    namespaced=False,
    translate=_translate,
    owned=(*_IMMUTABLE, "globalDefault", "description"),
    recreate=_recreate,
    doc=Doc(
        down="value, preemption policy, description",
        translated="`value` at most 1000000000, that of `system-...` classes too; `globalDefault`"
        " false",
    ),
)
