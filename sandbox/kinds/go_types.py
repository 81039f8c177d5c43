"""Reads off Go sources what OpenAPI doesn't say: which fields vanish when zero, and their numbers.

An optional field that is no pointer is left out when it is false, 0 or "", so an API server doesn't
give it back to who sent it that way. The numbers are those of the binary encoding. Used by
`schema_update` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_STRUCT: Final = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD: Final = re.compile(r"^\t(?:(\w+) +)?([\w.*\[\]]+) +`(.*)`", re.MULTILINE)
_JSON: Final = re.compile(r'json:"([^"]*)"')
_NUMBER: Final = re.compile(r'protobuf:"\w+,(\d+)')
_PACKAGES: Final = (
    "api/*/v*",
    "apimachinery/pkg/apis/meta/v1",
    "apiextensions-apiserver/pkg/apis/*/v1",
)


@dataclass(frozen=True, slots=True)
class GoField:
    """`number` leads through embedded structs, as in 2.1; empty when it is never encoded."""

    name: str
    vanishes: bool
    number: str


def read_fields(modules: Path) -> dict[tuple[str, str], GoField]:
    """By type, as in `core.v1.Pod`, and JSON name. `modules` is the folder of k8s.io's modules."""
    found: dict[tuple[str, str], GoField] = {}
    for package in (folder for pattern in _PACKAGES for folder in modules.glob(pattern)):
        structs = dict(_structs(package))
        for name in structs:
            full = f"{package.parent.name}.{package.name}.{name}"
            found |= {(full, field.name): field for field in _fields(name, structs)}
    return found


def _structs(package: Path) -> Iterator[tuple[str, str]]:
    for source in package.glob("types*.go"):
        for match in _STRUCT.finditer(source.read_text()):
            yield match[1], match[2]


def _fields(struct: str, structs: dict[str, str], prefix: str = "") -> Iterator[GoField]:
    """Fields of one struct and of those embedded in it."""
    for _, type_, tags in _FIELD.findall(structs.get(struct, "")):
        json, number = _JSON.search(tags), _NUMBER.search(tags)
        name, *options = json[1].split(",") if json else ("",)
        path = prefix + number[1] if number else ""
        if "inline" in options:
            yield from _fields(type_.rpartition(".")[2], structs, f"{path}." if path else "")
        elif name:
            vanishes = "omitempty" in options and not type_.startswith(("*", "["))
            yield GoField(name, vanishes, path)
