"""Reading Kubernetes objects, for a checker that shares nothing with what it checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Obj = dict[str, Any]


def name_of(obj: Obj) -> str:
    return str(obj["metadata"]["name"])


def namespace_of(obj: Obj) -> str:
    return str(obj["metadata"].get("namespace") or "")


def uid_of(obj: Obj) -> str:
    return str(obj["metadata"].get("uid") or "")


def labels_of(obj: Obj) -> dict[str, str]:
    return obj["metadata"].get("labels") or {}


def notes_of(obj: Obj) -> dict[str, str]:
    """Its annotations."""
    return obj["metadata"].get("annotations") or {}


def is_deleting(obj: Obj) -> bool:
    return bool(obj["metadata"].get("deletionTimestamp"))


def place_of(obj: Obj) -> str:
    """`ns/name`, or the name alone."""
    namespace = namespace_of(obj)
    return f"{namespace}/{name_of(obj)}" if namespace else name_of(obj)


def at(obj: Any, path: str) -> Any:
    """What is at a dotted path of maps, None where it ends early."""
    for step in path.split("."):
        if not isinstance(obj, Mapping):
            return None
        obj = obj.get(step)
    return obj


def bare(value: Any) -> Any:
    """Without what says nothing: null, "", false, 0, and empty lists and maps inside maps."""
    if isinstance(value, Mapping):
        cleared = ((key, bare(each)) for key, each in value.items())
        return {key: each for key, each in cleared if each or (each == 0 and each is not False)}
    if isinstance(value, list):
        return [bare(each) for each in value]
    return value


def difference(wanted: Any, found: Any, path: str = "") -> str:
    """Where two bare values differ first, in words; "" when they are equal."""
    if wanted == found:
        return ""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key in sorted({*wanted, *found}):
            if told := difference(wanted.get(key), found.get(key), f"{path}.{key}"):
                return told
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, pair in enumerate(zip(wanted, found, strict=True)):
            if told := difference(*pair, f"{path}[{number}]"):
                return told
    return f"{path.removeprefix('.') or 'it'} is {found!r}, not {wanted!r}"
