"""Writes schema.json from a real API server's OpenAPI documents and the Go sources of its types.

`python -m sandbox.kinds.schema_update KUBECONFIG MODULES`, when a new Kubernetes version adds
fields; MODULES is the folder of k8s.io's Go modules. One type a line, so that a diff shows what
changed. A field's type is one of

    s y t           string, bytes in base64, time
    i n b           integer, number, boolean
    q x ?           quantity, number or string, anything
    name            another type
    [type {type     list of, map from strings to

followed by `!` when it is required, by `~` when zero is as good as absent, by `|key` when a
strategic merge patch merges the list by that key of its elements (`|` alone: merges it as a set),
and by `#` and its number in the binary encoding.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from sandbox.client import Client
from sandbox.kinds.go_types import GoField, read_fields
from sandbox.kinds.resources import builtin_registry
from sandbox.kubeconfig import read_access

Object = dict[str, Any]

TARGET: Final = Path(__file__).with_name("schema.json")
_PLAIN: Final = {"string": "s", "integer": "i", "number": "n", "boolean": "b"}
# Kinds that are sent to subresources and in deletions.
_BODIES: Final = {
    ("", "v1", "DeleteOptions"),
    ("authentication.k8s.io", "v1", "TokenRequest"),
    ("autoscaling", "v1", "Scale"),
    ("policy", "v1", "Eviction"),
}
_KINDS: Final = "x-kubernetes-group-version-kind"


def main(argv: list[str]) -> int:
    definitions = asyncio.run(_fetch(Path(argv[0])))
    kinds = {kind: name for name, schema in definitions.items() for kind in _served_kinds(schema)}
    reachable = _reachable(set(kinds.values()), definitions)
    go_fields = read_fields(Path(argv[1]))
    types = {
        _short(name): _fields(_short(name), definitions[name], go_fields)
        for name in sorted(reachable)
    }
    named = {kind: _short(name) for kind, name in sorted(kinds.items())}
    lines = ",\n".join(f"{_json(name)}:{_json(fields)}" for name, fields in types.items())
    TARGET.write_text(f'{{"kinds":{_json(named)},\n"types":{{\n{lines}\n}}}}\n')
    return 0


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


async def _fetch(kubeconfig: Path) -> Object:
    """All schemas by their full names."""
    definitions: Object = {}
    async with Client(read_access(kubeconfig)) as client:
        index = (await client.request("GET", "/openapi/v3"))["paths"]
        for path, entry in index.items():
            if path.startswith("api"):
                document = await client.request("GET", entry["serverRelativeURL"])
                definitions |= document.get("components", {}).get("schemas", {})
    return definitions


def _served_kinds(schema: Object) -> Iterator[str]:
    """`v1/Pod`, `apps/v1/Deployment`: those kinds of this schema that the sandbox serves."""
    served = {(part.group, part.version, part.kind) for part in builtin_registry()}
    for kind in schema.get(_KINDS, ()):
        if (kind["group"], kind["version"], kind["kind"]) in served | _BODIES:
            yield "/".join(filter(None, (kind["group"], kind["version"], kind["kind"])))


def _reachable(names: set[str], definitions: Object) -> set[str]:
    """These types and all that they are made of, less those that are plain values."""
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found and "properties" in definitions[name]:
            found.add(name)
            left += _references(definitions[name])
    return found


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"].rpartition("/")[2]
        for value in part.values():
            yield from _references(value)
    elif isinstance(part, list):
        for value in part:
            yield from _references(value)


def _short(name: str) -> str:
    return ".".join(name.split(".")[-3:])


def _fields(
    type_: str, schema: Object, go_fields: dict[tuple[str, str], GoField]
) -> dict[str, str]:
    required = schema.get("required", ())
    return {
        name: _type(part)
        + ("!" if name in required else "")
        + _go_part(_type(part), go_fields.get((type_, name)))
        + _merge_key(part)
        for name, part in schema["properties"].items()
    }


def _go_part(type_: str, field: GoField | None) -> str:
    if field is None:
        return ""
    vanishes = "~" if field.vanishes and type_ in "sinb" else ""
    return vanishes + (f"#{field.number}" if field.number else "")


def _type(part: Object) -> str:
    if len(part.get("allOf", ())) == 1:
        return _type(part["allOf"][0])
    if "$ref" in part:
        return _named(part["$ref"].rpartition("/")[2])
    if part.get("format") == "byte":
        return "y"
    if part.get("type") == "array":
        return "[" + _type(part["items"])
    if isinstance(part.get("additionalProperties"), dict):
        return "{" + _type(part["additionalProperties"])
    return _PLAIN.get(part.get("type", ""), "?")


def _named(name: str) -> str:
    """Named types that are plain values in JSON."""
    last = name.rpartition(".")[2]
    plain = {"Quantity": "q", "IntOrString": "x", "MicroTime": "t", "Time": "t"}
    free = ("FieldsV1", "RawExtension", "JSON", "JSONSchemaProps")
    if last in plain:
        return plain[last]
    return (
        "?" if last.startswith(free) or last == "CustomResourceSubresourceStatus" else _short(name)
    )


def _merge_key(part: Object) -> str:
    if "merge" not in part.get("x-kubernetes-patch-strategy", "").split(","):
        return ""
    return "|" + part.get("x-kubernetes-patch-merge-key", "") if part.get("type") == "array" else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
