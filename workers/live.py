"""What a plan must know of the host that no stream shows: objects that aren't ours, or whose name
doesn't tell whose they are."""

from dataclasses import replace

from common.context import Context, Ref, Related
from common.errors import ApiError
from common.keys import Key
from common.kind import Kind
from common.kube.api import object_path
from common.metadata import ours
from common.objects import Obj
from workers.session import Session
from workers.snapshots import Snapshot


async def with_live(session: Session, kind: Kind, key: Key, snapshot: Snapshot) -> Related:
    """What is related to a key of a kind that needs "live_host", with that. Raises RetryError."""
    related = snapshot.related
    if kind.live is None:
        found = await session.live_host(kind, key.name) if related.referrers else None
        return replace(related, live_host=found)
    context = Context(session.cluster, related, name=key.name)
    ref = kind.live(snapshot.virtual, snapshot.host, context)
    if ref is None:
        return related
    of = session.kind_at(ref.plural, snapshot.synced, snapshot.records) or session.kinds[ref.plural]
    found = await _read(session, of, ref)
    field = ours(of, found, session.cluster) if found else None
    return replace(related, live_host=found, live_field=field or "")


async def _read(session: Session, kind: Kind, ref: Ref) -> Obj | None:
    """None when there is none, or we may not read it."""
    try:
        return await session.host.request("GET", object_path(kind, ref.namespace, ref.name))
    except ApiError:
        return None
