"""Reads bodies in Kubernetes' binary encoding, which some kubectl commands send.

Answers are always JSON; clients take that too.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from sandbox.errors import ApiError, bad_request
from sandbox.kinds.schema import Field, fields, type_of_kind

Object = dict[str, Any]
Tree = dict[int, Any]

CONTENT_TYPE: Final = "application/vnd.kubernetes.protobuf"
_MAGIC: Final = b"k8s\x00"


def decode(body: bytes) -> Object:
    """The object in a body; raises 400 when it is malformed or of a kind without a schema."""
    if not body.startswith(_MAGIC):
        raise _malformed()
    try:
        envelope = dict(_parts(body[len(_MAGIC) :]))
        meta = {number: value.decode() for number, value in _parts(envelope[1])}
        version, kind = meta.get(1, ""), meta.get(2, "")
        obj = _message(envelope.get(2, b""), _tree(type_of_kind(version, kind)))
    except (IndexError, KeyError, ValueError, AttributeError, TypeError, struct.error):
        raise _malformed() from None
    return {"kind": kind, "apiVersion": version} | obj


def _malformed() -> ApiError:
    return bad_request("the body is no Kubernetes object in binary encoding")


def _parts(data: bytes) -> Iterator[tuple[int, Any]]:
    """Numbers and raw values: ints for varints, floats, and bytes for everything else."""
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        value: Any
        match tag & 7:
            case 0:
                value, position = _varint(data, position)
            case 1:
                value, position = struct.unpack_from("<d", data, position)[0], position + 8
            case 2:
                length, position = _varint(data, position)
                if position + length > len(data):
                    raise ValueError("truncated")
                value, position = data[position : position + length], position + length
            case _:
                raise ValueError("unknown wire type")
        yield tag >> 3, value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, position


@cache
def _tree(type_: str) -> Tree:
    """Fields by number; embedded structs, whose fields JSON shows as one's own, as trees below."""
    tree: Tree = {}
    for name, field in fields(type_).items():
        branch = tree
        for number in field.number[:-1]:
            branch = branch.setdefault(number, {})
        if field.number:
            branch[field.number[-1]] = (name, field)
    return tree


def _message(data: bytes, tree: Tree) -> Object:
    obj: Object = {}
    for number, raw in _parts(data):
        known = tree.get(number)
        if isinstance(known, dict):
            obj |= _message(raw, known)
        elif known is not None:
            name, field = known
            _set(obj, name, field, raw)
    return obj


def _set(obj: Object, name: str, field: Field, raw: Any) -> None:
    if field.shape == "[":
        obj.setdefault(name, []).append(_value(raw, field.type))
    elif field.shape == "{":
        entry = dict(_parts(raw))
        obj.setdefault(name, {})[entry[1].decode()] = _value(entry.get(2, b""), field.type)
    elif field.type != "?":
        obj[name] = _value(raw, field.type)


def _value(raw: Any, type_: str) -> Any:
    match type_:
        case "s":
            return raw.decode()
        case "y":
            return base64.b64encode(raw).decode()
        case "b":
            return bool(raw)
        case "i":
            return raw - (1 << 64) if raw >> 63 else raw
        case "n":
            return raw
        case "t":
            return _time(dict(_parts(raw)))
        case "q":
            return dict(_parts(raw)).get(1, b"0").decode()
        case "x":
            return _number_or_string(dict(_parts(raw)))
    return _message(raw, _tree(type_))


def _time(parts: dict[int, int]) -> str | None:
    """Seconds and nanoseconds; nothing at all is no time."""
    if not parts:
        return None
    seconds, nanoseconds = parts.get(1, 0), parts.get(2, 0)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{nanoseconds // 1000:06}Z" if nanoseconds else f"{text}Z"


def _number_or_string(parts: dict[int, Any]) -> int | str:
    """First which of the two it is, then both."""
    return str(parts.get(3, b"").decode()) if parts.get(1) else int(parts.get(2, 0))
