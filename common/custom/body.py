"""What of a custom object's body is ours on the host.

Nobody knows the fields of a custom resource: the host's CRD has defaults, webhooks and controllers
fill in more. So the host object remembers what was sent, as kubectl apply does: a field that was
sent and isn't wanted any more goes, one that the host added stays.
"""

from collections.abc import Iterator
from typing import Any, TypeAlias
from zlib import crc32

import orjson

from common.naming import PREFIX
from common.objects import Obj
from common.patches.settled import covers

# On a host object: a mark for each field that was sent, and for the content of each list.
SENT_FIELDS = f"{PREFIX}fields"
_DIGITS = 8
# A body of more fields doesn't remember them one by one: all of the host's count as sent.
MAX_FIELDS = 4000
_ALL = "all"
_Sent: TypeAlias = frozenset[str] | None
"""Marks; None when everything counts as sent."""
_NOT_BODY = frozenset({"apiVersion", "kind", "metadata", "status"})


def body_of(obj: Obj) -> Obj:
    """All that isn't the same in every kind, nulls left out."""
    body: Obj = _filled({key: value for key, value in obj.items() if key not in _NOT_BODY})
    return body


def fields_text(body: Obj) -> str:
    """The marks of all fields, to be remembered."""
    marks = sorted(set(_marks(body, "")))
    return "".join(marks) if len(marks) <= MAX_FIELDS else _ALL


def body_patch(desired: Obj, host: Obj, sent_text: str) -> Obj:
    """The merge patch that makes the host's body the desired one, as far as it is ours.

    sent_text: what the host object remembers, "" for nothing.
    """
    starts = range(0, len(sent_text), _DIGITS)
    marks = frozenset(sent_text[start : start + _DIGITS] for start in starts)
    return _patch(desired, body_of(host), None if sent_text == _ALL else marks, "")


def _patch(desired: Obj, found: Obj, sent: _Sent, path: str) -> Obj:
    gone = (key for key in found if key not in desired)
    patch: Obj = {key: None for key in gone if sent is None or _mark(_below(path, key)) in sent}
    for key, wanted in desired.items():
        there, place = found.get(key), _below(path, key)
        if isinstance(wanted, dict) and isinstance(there, dict):
            if inner := _patch(wanted, there, sent, place):
                patch[key] = inner
        elif wanted != there and not _filled_in(wanted, there, sent, place):
            patch[key] = wanted
    return patch


def _filled_in(wanted: Any, there: Any, sent: _Sent, path: str) -> bool:
    """Whether this very list was sent, and the host only added to what is in it."""
    if not isinstance(wanted, list) or sent is None or _content(wanted, path) not in sent:
        return False
    return covers(there, wanted)


def _marks(body: Obj, path: str) -> Iterator[str]:
    for key, value in body.items():
        place = _below(path, key)
        yield _mark(place)
        if isinstance(value, dict):
            yield from _marks(value, place)
        elif isinstance(value, list):
            yield _content(value, place)


def _below(path: str, key: str) -> str:
    return f"{path}\0{key}"


def _content(value: list[Any], path: str) -> str:
    return _mark(path + "\0\0" + orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode())


def _mark(text: str) -> str:
    return f"{crc32(text.encode()):0{_DIGITS}x}"


def _filled(value: Any) -> Any:
    """Without the nulls in maps: a merge patch can't say them."""
    if isinstance(value, dict):
        return {key: _filled(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_filled(each) for each in value]
    return value
