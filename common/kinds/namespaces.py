"""Namespaces: watched in the virtual cluster, for their labels travel on their pods.

They are not synced themselves. The kinds to wake when one's labels change, for the objects in
it, are `common.kinds.needing("namespace")`.
"""

from common.actions import Action
from common.kind import Context, Kind
from common.objects import Obj


def _translate(_virtual: Obj, _context: Context) -> Obj:
    return {}


def _plan(_virtual: Obj | None, _host: Obj | None, _context: Context) -> list[Action]:
    return []


KIND = Kind(
    plural="namespaces",
    kind="Namespace",
    option="",
    namespaced=False,
    always=True,
    host_watched=False,
    translate=_translate,
    plan=_plan,
)
