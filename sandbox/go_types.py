"""Reads off Go sources what OpenAPI doesn't say: which fields vanish from JSON when they are zero.

An optional field that is no pointer is left out when it is false, 0 or "", so an API server doesn't
give it back to who sent it that way. Used by `schema_update` only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_STRUCT: Final = re.compile(r"^type (\w+) struct \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD: Final = re.compile(r'^\t(?:(\w+) +)?([\w.*\[\]]+) +`json:"([^"]*)"', re.MULTILINE)
_PACKAGES: Final = (
    "api/*/v*",
    "apimachinery/pkg/apis/meta/v1",
    "apiextensions-apiserver/pkg/apis/*/v1",
)


def vanishing_fields(modules: Path) -> set[tuple[str, str]]:
    """(type, field) pairs, types as `core.v1.Pod`.

    `modules` is a folder with k8s.io's modules in it.
    """
    found: set[tuple[str, str]] = set()
    for package in (folder for pattern in _PACKAGES for folder in modules.glob(pattern)):
        structs = dict(_structs(package))
        for name in structs:
            full = f"{package.parent.name}.{package.name}.{name}"
            found |= {(full, field) for field in _vanishing(name, structs)}
    return found


def _structs(package: Path) -> Iterator[tuple[str, str]]:
    for source in package.glob("types*.go"):
        for match in _STRUCT.finditer(source.read_text()):
            yield match[1], match[2]


def _vanishing(name: str, structs: dict[str, str]) -> Iterator[str]:
    """Fields of one struct and of those embedded in it."""
    for _, type_, tag in _FIELD.findall(structs.get(name, "")):
        json_name, *options = tag.split(",")
        if "inline" in options:
            yield from _vanishing(type_.rpartition(".")[2], structs)
        elif "omitempty" in options and not type_.startswith(("*", "[")):
            yield json_name
