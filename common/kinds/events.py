"""Events: those of host objects that are ours are told again in the virtual cluster.

The one kind that comes from the host alone. Its key is the host Event's namespace and name, not
those of a virtual object: one host Event is one piece of work. `workers.event_up` finds the virtual
object and does the writing; the store forgets an Event's content once that is done.
"""

from common.actions import Action, Create
from common.cluster import Cluster
from common.context import Context
from common.event.body import trimmed, virtual_event
from common.kind import Doc, Kind
from common.objects import Obj


def _translate(_virtual: Obj, _context: Context) -> Obj:
    return {}


def _on(cluster: Cluster) -> bool:
    return cluster.events


def _stored(event: Obj, _digest_key: bytes) -> Obj:
    return trimmed(event)


def _plan(_virtual: Obj | None, host: Obj | None, context: Context) -> list[Action]:
    about = context.related.involved
    if host is None or about is None:
        return []
    return [Create("virtual", virtual_event(host, about, context))]


KIND = Kind(
    plural="events",
    kind="Event",
    option="",
    on=_on,
    virtual_watched=False,
    host_read_only=True,
    translate=_translate,
    stored=_stored,
    plan=_plan,
    virtual_access=("events: get create patch",),
    doc=Doc(
        up="Normal and Warning events of host objects appear on the virtual objects, names in the "
        "message translated back; `sync.fromHost.events`"
    ),
)
