"""Why a field is refused, in the real server's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from sandbox.errors import Cause

Object = dict[str, Any]

IMMUTABLE: Final = "field is immutable"


def wrong(field: str, value: Any, why: str) -> Cause:
    shown = orjson.dumps(value).decode()
    return Cause("FieldValueInvalid", f"Invalid value: {shown}: {why}", field)


def required(field: str, why: str = "") -> Cause:
    return Cause("FieldValueRequired", f"Required value: {why}" if why else "Required value", field)


def refused(field: str, why: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {why}", field)


def too_long(field: str, limit: int) -> Cause:
    return Cause("FieldValueTooLong", f"Too long: may not be more than {limit} bytes", field)


def missing(field: str, name: str, why: str = "") -> Cause:
    shown = f'Not found: "{name}"'
    return Cause("FieldValueNotFound", f"{shown}: {why}" if why else shown, field)


def duplicate(field: str, value: Any = None) -> Cause:
    shown = "" if value is None else f": {orjson.dumps(value).decode()}"
    return Cause("FieldValueDuplicate", f"Duplicate value{shown}", field)


def unsupported(field: str, value: Any, choices: Sequence[str]) -> Cause:
    listed = ", ".join(f'"{choice}"' for choice in choices)
    shown = orjson.dumps(value).decode()
    message = f"Unsupported value: {shown}: supported values: {listed}"
    return Cause("FieldValueNotSupported", message, field)


def check_choice(part: Object, path: str, field: str, choices: Sequence[str]) -> Iterator[Cause]:
    value = part.get(field)
    if value is not None and value not in choices:
        yield unsupported(f"{path}.{field}", value, choices)
