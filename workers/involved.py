"""Which virtual object a host Event is about: proven, not guessed from names.

The proof is a host object with the uid that the Event names, which is ours. The store has it by the
virtual name, that the host name mostly tells; else the host is asked, once for each object.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from common.event.interest import group_of
from common.event.names import possible_fields
from common.kind import Kind
from common.kube.served import Records, resolved
from common.metadata import UID, ours
from common.objects import Obj, annotations, uid
from common.store import Store
from workers.session import Session

KEPT = 10_000


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whose a host object is: the virtual object's field, and its uid ("" when unknown)."""

    field: str
    uid: str


Pair = tuple[Obj | None, Obj | None]


class Involved:
    """Remembers, for the host objects seen last, whose they are: that never changes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._owners: OrderedDict[tuple[str, str], _Owner] = OrderedDict()

    async def virtual(self, session: Session, kind: Kind, about: Obj) -> Obj | None:
        """The virtual object; None when the host object isn't ours, or the virtual one is gone.

        `about`: the Event's involvedObject. Raises NotFoundError when only the host could tell,
        and there it is gone, RetryError, ApiError and redis.RedisError.
        """
        known = self._owners.get((session.cluster.name, about["uid"]))
        namespace, name = str(about.get("namespace") or ""), str(about["name"])
        fields = [known.field] if known else possible_fields(session.cluster, namespace, name)
        pairs = dict(zip(fields, await self._read(session, kind, fields), strict=True))
        owner = _shown(pairs, about) or known or await _told(session, kind, about)
        if owner is None:
            return None
        self._remember((session.cluster.name, about["uid"]), owner)
        if owner.field not in pairs:
            [pairs[owner.field]] = await self._read(session, kind, [owner.field])
        virtual = pairs[owner.field][0]
        if virtual is None or (owner.uid not in ("", uid(virtual)) and not kind.adopt):
            return None
        return virtual

    async def _read(self, session: Session, kind: Kind, fields: Sequence[str]) -> list[Pair]:
        return await asyncio.to_thread(self._store.pairs, session.cluster.name, kind.plural, fields)

    def _remember(self, key: tuple[str, str], owner: _Owner) -> None:
        self._owners[key] = owner
        self._owners.move_to_end(key)
        if len(self._owners) > KEPT:
            self._owners.popitem(last=False)


def kind_of(session: Session, records: Records, about: Obj) -> Kind | None:
    """What an object reference on the host is of, when that is synced and not just cleaned up.
    `records` tell how the servers have the kinds that they might lack."""
    cluster, group = session.cluster, group_of(about)
    for known in session.kinds.values():
        if known.group == group and {"virtual", "host"} <= set(known.sides(cluster)):
            kind = resolved(known, cluster, records)
            if kind is not None and kind.kind == about.get("kind"):
                return kind
    return None


def _shown(pairs: dict[str, Pair], about: Obj) -> _Owner | None:
    """By the store, which has host objects of ours only."""
    for field, (_, host) in pairs.items():
        if host is not None and uid(host) == about["uid"]:
            return _Owner(field, annotations(host).get(UID, ""))
    return None


async def _told(session: Session, kind: Kind, about: Obj) -> _Owner | None:
    """By the host: the name may be shortened, or the object too new for the store."""
    there = await session.host.get(kind, str(about.get("namespace") or ""), str(about["name"]))
    field = ours(kind, there, session.cluster)
    if field is None or uid(there) != about["uid"]:
        return None
    return _Owner(field, annotations(there).get(UID, ""))
