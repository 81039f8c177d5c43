"""The fields of the built-in kinds: drops those that don't exist, refuses values of the wrong type.

`schema.json` is written by `schema_update` from a real server and explained there. Custom resources
bring their own, in another language.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from sandbox.errors import bad_request
from sandbox.kinds.quantity import canonical
from sandbox.kinds.resources import Resource
from sandbox.kinds.structural import fill_defaults, prune

Object = dict[str, Any]

METADATA: Final = "meta.v1.ObjectMeta"
_PLAIN: Final[dict[str, tuple[type, ...]]] = {
    "s": (str,),
    "y": (str,),
    "t": (str,),
    "i": (int,),
    "n": (int, float),
    "b": (bool,),
    "q": (str, int, float),
    "x": (str, int),
}
_NOT_A_QUANTITY: Final = (
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
)
_GO_TYPES: Final = {
    "s": "string",
    "y": "[]uint8",
    "t": "Time",
    "i": "int32",
    "n": "float64",
    "b": "bool",
    "q": "string",
    "x": "string",
}
_JSON_TYPES: Final = {str: "string", int: "number", float: "number", bool: "bool", dict: "object"}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a type.

    `shape` is "[" for a list, "{" for a map. `vanishes` when zero is as good as absent. `merge_key`
    is None for a list that is replaced as a whole. `number` leads to it in the binary encoding.
    """

    type: str
    shape: str
    required: bool
    vanishes: bool
    merge_key: str | None
    number: tuple[int, ...]


def _parse_field(text: str) -> Field:
    text, bar, key = text.partition("|")
    text, _, number = text.partition("#")
    return Field(
        type=text.lstrip("[{").rstrip("!~"),
        shape=text[0] if text[0] in "[{" else "",
        required="!" in text,
        vanishes="~" in text,
        merge_key=key if bar else None,
        number=tuple(int(part) for part in number.split(".") if part),
    )


@cache
def _schema() -> Any:
    return orjson.loads(Path(__file__).with_name("schema.json").read_bytes())


@cache
def fields(type_: str) -> dict[str, Field]:
    """The fields of a type; none when it is unknown or a plain value."""
    described = _schema()["types"].get(type_, {})
    return {name: _parse_field(text) for name, text in described.items()}


def type_of(resource: Resource) -> str:
    """The type of a kind's objects, "" when it has no schema."""
    if resource.custom:
        return ""
    return type_of_kind(resource.api_version, resource.kind)


def type_of_kind(api_version: str, kind: str) -> str:
    type_: str = _schema()["kinds"].get(f"{api_version}/{kind}", "")
    return type_


def conform(resource: Resource, obj: Object, *, strict: bool = False) -> Object:
    """The object without unknown fields and without nulls.

    Raises 400 on a value of the wrong type, and when `strict` on an unknown field.
    """
    visit = _Visit(resource)
    type_ = type_of(resource)
    if type_:
        conformed = visit.object(obj, type_, "")
    else:
        conformed, visit.unknown = prune(obj, resource.schema) if resource.schema else (obj, [])
        if resource.schema:
            fill_defaults(conformed, resource.schema)
        metadata = visit.object(obj.get("metadata") or {}, METADATA, "metadata")
        conformed = conformed | {"metadata": metadata}
    if strict and visit.unknown:
        listed = ", ".join(f'unknown field "{path}"' for path in visit.unknown)
        raise visit.refusal(f"strict decoding error: {listed}")
    return conformed


class _Visit:
    """One walk through an object, collecting the paths of unknown fields."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self.unknown: list[str] = []

    def refusal(self, why: str) -> Exception:
        kind, version = self._resource.kind, self._resource.version
        return bad_request(f'{kind} in version "{version}" cannot be handled as a {kind}: {why}')

    def object(self, value: Object, type_: str, path: str) -> Object:
        known = fields(type_)
        conformed: Object = {}
        if not known:
            return value
        for name, part in value.items():
            field = known.get(name)
            where = f"{path}.{name}" if path else name
            if field is None:
                self.unknown.append(where)
            elif part is not None:
                self._keep(conformed, name, self._field(part, field, where, type_), field)
        return conformed

    def _keep(self, conformed: Object, name: str, part: Any, field: Field) -> None:
        """Leaves out what Go's `omitempty` would.

        Empty lists and maps, and zeros that aren't pointed to.
        """
        if part or not (field.vanishes or (field.shape and not field.required)):
            conformed[name] = part

    def _field(self, value: Any, field: Field, path: str, owner: str) -> Any:
        if field.shape == "[":
            self._expect(value, list, field, path, owner)
            return [self._value(part, field, path, owner) for part in value]
        if field.shape == "{":
            self._expect(value, dict, field, path, owner)
            return {key: self._value(part, field, path, owner) for key, part in value.items()}
        return self._value(value, field, path, owner)

    def _value(self, value: Any, field: Field, path: str, owner: str) -> Any:
        expected = _PLAIN.get(field.type)
        if expected:
            wrong_bool = isinstance(value, bool) and field.type != "b"
            if wrong_bool or not isinstance(value, expected):
                raise self._mismatch(value, field, path, owner)
            return self._quantity(value) if field.type == "q" else value
        if field.type == "?":
            return value
        self._expect(value, dict, field, path, owner)
        return self.object(value, field.type, path)

    def _quantity(self, value: Any) -> str:
        try:
            return canonical(str(value))
        except ValueError:
            raise self.refusal(_NOT_A_QUANTITY) from None

    def _expect(self, value: Any, type_: type, field: Field, path: str, owner: str) -> None:
        if not isinstance(value, type_):
            raise self._mismatch(value, field, path, owner)

    def _mismatch(self, value: Any, field: Field, path: str, owner: str) -> Exception:
        found = _JSON_TYPES.get(type(value), "array")
        wanted = field.shape.replace("[", "[]").replace("{", "map[string]")
        wanted += _GO_TYPES.get(field.type, field.type.partition(".")[2])
        struct = owner.rpartition(".")[2]
        return self.refusal(
            f"json: cannot unmarshal {found} into Go struct field {struct}.{path} of type {wanted}"
        )
