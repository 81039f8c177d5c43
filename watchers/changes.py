"""From what a stream says to what the store keeps: pure.

On the host only objects that prove to be ours count; they are kept under the virtual object's
name. Nothing secret passes: `Kind.stored` sees to the kinds that have secrets.
"""

from collections.abc import Iterable

from common.identity import without_identity
from common.kind import Ref
from common.metadata import UID, ours
from common.objects import Obj, annotations, meta, name_of, namespace_of, uid
from common.store import Change
from watchers.streams import Stream


def change_of(stream: Stream, obj: Obj, deleted: bool, key: bytes) -> Change | None:
    """The change that an object of this stream stands for; None when it's not ours.

    Takes the object over. `key` is what Secret digests are made with.
    """
    kind, virtual = stream.kind, stream.side == "virtual"
    field = field_of(obj) if virtual else ours(kind, obj, stream.cluster)
    if field is None:
        return None
    if virtual and kind.plural == "namespaces":
        obj = without_identity(obj)
    version = str(meta(obj)["resourceVersion"])
    owner = uid(obj) if virtual else annotations(obj).get(UID, "")
    if deleted:
        return Change(field, version, None, (), owner)
    obj["metadata"].pop("managedFields", None)
    obj.setdefault("apiVersion", kind.api_version)
    obj.setdefault("kind", kind.kind)
    return Change(field, version, kind.stored(obj, key), _references(stream, obj), owner)


def field_of(obj: Obj) -> str:
    """`ns/name`, or `name` when cluster-scoped."""
    namespace = namespace_of(obj)
    return f"{namespace}/{name_of(obj)}" if namespace else name_of(obj)


def _references(stream: Stream, obj: Obj) -> tuple[Ref, ...]:
    """The kind's refs, less those to kinds that no worker handles here, plus the namespace's."""
    kind = stream.kind
    if stream.side == "host":
        return tuple(_handled(kind.host_references(obj), stream.active))
    refs = tuple(_handled(kind.references(obj), stream.active))
    if "namespace" in kind.needs:
        refs += (Ref("namespaces", "", namespace_of(obj), "referrer"),)
    return refs


def _handled(refs: Iterable[Ref], active: frozenset[str]) -> Iterable[Ref]:
    return (ref for ref in refs if ref.wakes == "referrer" or ref.plural in active)


def newest(events: Iterable[tuple[str, Obj]]) -> list[tuple[str, Obj]]:
    """The events without those that a later one of the same object makes needless.

    A deletion and what stood before it are kept: the store must see both, to know what is gone.
    """
    kept: list[tuple[str, Obj]] = []
    places: dict[str, int] = {}
    for event in events:
        if event[0] == "BOOKMARK":
            continue
        field = field_of(event[1])
        place = places.get(field)
        if place is None or event[0] == "DELETED" or kept[place][0] == "DELETED":
            places[field] = len(kept)
            kept.append(event)
        else:
            kept[place] = event
    return kept
