"""A change of one object, as the store's scripts take it, and what they leave of ended ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from common.context import Ref
from common.encoding import encode
from common.objects import Obj, Side
from common.process.logs import get_log
from common.process.metrics import ODD_OBJECTS
from common.store.text import text

_log = get_log(__name__)
_SEEN, _LACKED = DEAD = ("T", "L")
"""What tombstones begin with: a watch showed the end, or a list lacked the object."""


@dataclass(frozen=True, slots=True)
class Change:
    """One object as a stream or a server's answer showed it.

    field: the virtual object's `ns/name`, on either side. obj: as Redis may hold it
    (`Kind.stored`), None when it is deleted; seen: a watch showed that it is, no mere list that
    lacked it. uid: of a host object's virtual one; the tombstone keeps it, so that its pod is not
    started again. known_at: a version at which the server still had the object, "" for its own.
    """

    field: str
    resource_version: str
    obj: Obj | None
    refs: tuple[Ref, ...] = ()
    uid: str = ""
    seen: bool = False
    known_at: str = ""


Mode = Literal["", "again", "rebuild", "late"]
"""How a put treats versions. again: one that is just as old as what is stored takes its place, as
objects read in another API version keep theirs. rebuild: whatever the versions, this is how it is
now. late: a worker's answers, which may come after the end of their objects."""


def is_tombstone(version: str) -> bool:
    return version.startswith(DEAD)


def seen_end(version: bytes | None) -> bool:
    """Whether a stored version is the tombstone of an object whose end a watch showed."""
    return version is not None and text(version).startswith(_SEEN)


def ended_uid(version: bytes | None) -> str:
    """The virtual uid that a tombstone keeps, "" when there is none."""
    if version is None or text(version)[:1] not in DEAD:
        return ""
    return text(version).partition(":")[2]


def arguments(cluster: str, side: Side, plural: str, changes: Iterable[Change]) -> list[Any]:
    """What lua/store.lua takes for changes of a stream, but for those that can't be written."""
    found: list[Any] = []
    for change in changes:
        try:
            found += _arguments(change)
        except orjson.JSONEncodeError as error:
            ODD_OBJECTS.labels(cluster, side, plural).inc()
            where = {"stream": f"{cluster} {side}:{plural}", "object": change.field}
            _log.error("object passed over, as it can't be stored", error=error, **where)
    return found


def _arguments(change: Change) -> list[Any]:
    if change.obj is None:
        body, note = b"", _SEEN if change.seen else _LACKED
    else:
        body, note = encode(change.obj), change.known_at
    refs = _encode(change.refs)
    return [change.field, change.resource_version, body, refs, change.uid, note]


def _encode(refs: Iterable[Ref]) -> str:
    """One line a ref, sorted, so that equal sets compare equal."""
    lines = {f"{ref.wakes[0]} {ref.member}" for ref in refs}
    return "\n".join(sorted(lines))
