"""Prints the page of all settings, told from the types of the configuration: `make docs`."""

from collections.abc import Iterator
from typing import Any, Final

import orjson

from common.objects import Obj
from tohost.schema import config_schema

_HEAD = """\
# All settings

<!-- Made by `make docs` from the types of the configuration; a test fails when it differs. -->

Every key of `tohost.yaml`, section by section, with its form and its default. What they do is told
in [Configuration](configuration.md), and how a vCluster `values.yaml` and environment variables
come in. `tohost schema` prints the same as JSON schema, for editors.
"""
_REF: Final = "#/$defs/"
_LIMITS: Final = {
    "minimum": "at least {:g}",
    "exclusiveMinimum": "more than {:g}",
    "maximum": "at most {:g}",
    "minLength": "at least {:g} characters",
    "maxLength": "at most {:g} characters",
}


def page() -> str:
    """The whole page, as Markdown."""
    schema = config_schema()
    parts = [_HEAD, _section("tohost.yaml", schema)]
    parts += [_section(name, schema["$defs"][name]) for name in _order(schema)]
    return "\n".join(parts)


def _order(schema: Obj) -> list[str]:
    """The sections, each after the first one that it is a part of."""
    found: dict[str, None] = {}

    def follow(node: Any) -> None:
        for name in _refs(node):
            if name not in found:
                found[name] = None
                follow(schema["$defs"][name])

    follow(schema.get("properties"))
    return list(found)


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].removeprefix(_REF)
        for value in node.values():
            yield from _refs(value)
    elif isinstance(node, list):
        for each in node:
            yield from _refs(each)


def _section(name: str, node: Obj) -> str:
    lines = [f"## {name}", ""]
    if name != "tohost.yaml" and node.get("description"):
        lines += [" ".join(node["description"].split()), ""]
    needed = node.get("required", ())
    lines += ["| Key | Form | Default |", "| --- | --- | --- |"]
    for key, part in node.get("properties", {}).items():
        default = "needed" if key in needed else _default(part)
        lines.append(f"| `{key}` | {_form(part)} | {default} |")
    return "\n".join(lines) + "\n"


def _default(part: Obj) -> str:
    return f"`{_cell(orjson.dumps(part['default']).decode())}`" if "default" in part else ""


def _form(part: Obj) -> str:
    """In words, with links to sections."""
    if "$ref" in part:
        name = part["$ref"].removeprefix(_REF)
        return f"[{name}](#{name.lower()})"
    if "anyOf" in part:
        return " or ".join(dict.fromkeys(map(_form, part["anyOf"])))
    if "enum" in part or "const" in part:
        return ", ".join(f"`{each}`" for each in part.get("enum") or [part["const"]])
    return _of_type(part) + _limits(part)


def _of_type(part: Obj) -> str:
    match part.get("type"):
        case "array":
            return f"list of {_form(part.get('items') or {})}"
        case "object" if isinstance(part.get("additionalProperties"), dict):
            return f"map of names to {_form(part['additionalProperties'])}"
        case "object":
            return "map"
        case "null":
            return "nothing"
        case str(name):
            return name
    return "anything"


def _limits(part: Obj) -> str:
    told = [words.format(part[key]) for key, words in _LIMITS.items() if key in part]
    if "pattern" in part:
        told.append(f"as `{_cell(part['pattern'])}`")
    return f", {', '.join(told)}" if told else ""


def _cell(words: str) -> str:
    """As it may stand in a table."""
    return words.replace("|", "\\|")


if __name__ == "__main__":
    print(page(), end="")
