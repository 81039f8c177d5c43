"""What to write of the events that one stream gathered: pure."""

from collections.abc import Iterable
from typing import Any

from common import changes
from common.event.interest import stale
from common.objects import Obj, field_of
from common.store import Change
from watchers.streams import Stream


def change_of(stream: Stream, obj: Obj, deleted: bool, key: bytes) -> Change | None:
    """See `common.changes.change_of`. Raises whatever an object can cause that isn't understood."""
    change = changes.change_of(
        stream.kind, stream.side, stream.cluster, stream.active, obj, deleted, key
    )
    if change and not (change.resource_version.isascii() and change.resource_version.isdecimal()):
        raise ValueError("its resourceVersion is no number")
    return change


def is_named(obj: Any) -> bool:
    """Whether an object has what every object has."""
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    return isinstance(metadata, dict) and bool(metadata.get("name"))


def is_news(stream: Stream, change: Change, now_s: float) -> bool:
    """Whether something that a full list shows is to be stored: an Event is not when it is long
    past. `now_s` is a Unix time."""
    return stream.kind.plural != "events" or not stale(change.obj or {}, now_s)


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
