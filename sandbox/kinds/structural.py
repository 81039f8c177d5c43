"""Custom resources after their definition's schema: unknown fields dropped, defaults, violations.

Knows what structural schemas are mostly made of; of other keywords, such as CEL rules, nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from sandbox.errors import Cause
from sandbox.kinds.reasons import required, too_long, unsupported, wrong

Object = dict[str, Any]

_ANYTHING: Final = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING: Final = "x-kubernetes-int-or-string"
_EMBEDDED: Final = "x-kubernetes-embedded-resource"
_IDENTITY: Final = ("apiVersion", "kind", "metadata")
_NAMES: Final = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}


def prune(obj: Object, schema: Object) -> tuple[Object, list[str]]:
    """The object without fields that the schema doesn't know, and the paths of these.

    A null where none is allowed is no value either.
    """
    dropped: list[str] = []
    kept = {key: obj[key] for key in _IDENTITY if key in obj}
    return _pruned(obj, schema, "", dropped) | kept, dropped


def _pruned(value: Any, schema: Object, path: str, dropped: list[str]) -> Any:
    if isinstance(value, list):
        item = schema.get("items") or {}
        return [
            _pruned(part, item, f"{path}[{index}]", dropped) for index, part in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    known, others = schema.get("properties") or {}, schema.get("additionalProperties")
    kept: Object = {}
    for key, part in value.items():
        where = f"{path}.{key}" if path else key
        if part is None and key in known and not known[key].get("nullable"):
            continue
        if key in known or isinstance(others, dict):
            kept[key] = _pruned(part, known.get(key) or others or {}, where, dropped)
        elif schema.get(_ANYTHING) or others or (schema.get(_EMBEDDED) and key in _IDENTITY):
            kept[key] = part
        elif path or key not in _IDENTITY:
            dropped.append(where)
    return kept


def fill_defaults(value: Any, schema: Object) -> None:
    """In place."""
    if isinstance(value, list):
        for part in value:
            fill_defaults(part, schema.get("items") or {})
    if not isinstance(value, dict):
        return
    known, others = schema.get("properties") or {}, schema.get("additionalProperties")
    for key, inner in known.items():
        if "default" in inner and key not in value:
            value[key] = orjson.loads(orjson.dumps(inner["default"]))
    for key, part in value.items():
        fill_defaults(part, known.get(key) or (others if isinstance(others, dict) else {}))


def violations(value: Any, schema: Object, path: str = "") -> Iterator[Cause]:
    """What the schema forbids. What is no field at all was dropped before."""
    if value is None and (schema.get("nullable") or not path):
        return
    type_ = "integer,string" if schema.get(_INT_OR_STRING) else schema.get("type", "")
    if type_ and not any(_TYPES[choice](value) for choice in type_.split(",")):
        yield _type_invalid(path, _NAMES.get(type(value), "object"), type_)
        return
    if schema.get("enum") and value not in schema["enum"]:
        yield unsupported(path, value, schema["enum"])
    yield from _bounds(value, schema, path)
    yield from _alternatives(value, schema, path)
    yield from _inside(value, schema, path)


def _inside(value: Any, schema: Object, path: str) -> Iterator[Cause]:
    if isinstance(value, list):
        for index, part in enumerate(value):
            yield from violations(part, schema.get("items") or {}, f"{path}[{index}]")
    if not isinstance(value, dict):
        return
    known, others = schema.get("properties") or {}, schema.get("additionalProperties")
    for key in schema.get("required") or ():
        if key not in value:
            yield required(f"{path}.{key}" if path else key)
    for key, part in value.items():
        inner = known.get(key) or (others if isinstance(others, dict) else {})
        if path or key not in _IDENTITY:
            yield from violations(part, inner, f"{path}.{key}" if path else key)


def _bounds(value: Any, schema: Object, path: str) -> Iterator[Cause]:
    def told(must: str) -> Cause:
        return wrong(path, value, f"{path} in body should {must}")

    if "minimum" in schema and value < schema["minimum"]:
        yield told(f"be greater than or equal to {schema['minimum']}")
    if "maximum" in schema and value > schema["maximum"]:
        yield told(f"be less than or equal to {schema['maximum']}")
    if "minLength" in schema and len(value) < schema["minLength"]:
        yield told(f"be at least {schema['minLength']} chars long")
    if "maxLength" in schema and len(value) > schema["maxLength"]:
        yield too_long(path, schema["maxLength"])
    if "maxItems" in schema and len(value) > schema["maxItems"]:
        most = f"Too many: {len(value)}: must have at most {schema['maxItems']} items"
        yield Cause("FieldValueTooMany", most, path)
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield told(f"match '{schema['pattern']}'")
    if schema.get("format") == "date-time" and not _is_time(value):
        yield _type_invalid(path, value, "date-time")


def _type_invalid(path: str, shown: str, type_: str) -> Cause:
    why = f'Invalid value: "{shown}": {path} in body must be of type {type_}: "{shown}"'
    return Cause("FieldValueTypeInvalid", why, path)


def _alternatives(value: Any, schema: Object, path: str) -> Iterator[Cause]:
    """The real server can't say in which field."""
    choices = schema.get("oneOf") or schema.get("anyOf") or ()
    fitting = sum(not any(violations(value, choice, path)) for choice in choices)
    if schema.get("oneOf") and fitting != 1:
        found = f"Found {fitting} valid alternatives" if fitting else "Found none valid"
        why = f'"{path}" must validate one and only one schema (oneOf). {found}'
        yield wrong("<nil>", "", why)
    elif choices and not fitting:
        yield wrong("<nil>", "", f'"{path}" must validate at least one schema (anyOf)')


def _is_time(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and value == int(value),
    "number": _is_number,
}
