"""JSON in annotations that names objects: each `serviceName` follows, wherever it stands; in some
it is `secretName`.

A host controller acts on this text, so a name that it reads and we don't would lead to any
object of the host namespace. It is written in Go, which takes `ServiceName` for `serviceName`,
even with a long s, and merges what is given twice.
"""

import json
from collections.abc import Callable
from typing import Any

SERVICE, SECRET = "servicename", "secretname"
_DEEPEST = 50


def follow_services(text: str, rename: Callable[[str], str], field: str = SERVICE) -> str | None:
    """The text with the names in its fields called `field` (in small letters) renamed; as it is
    when it has none, or is no JSON at all, which no controller reads either. None for JSON that two
    readers may understand differently."""
    try:
        content = json.loads(text, object_pairs_hook=_without_twins)
        renamed = _renamed(content, rename, field, 0)
        return text if renamed == content else json.dumps(renamed, separators=(",", ":"))
    except json.JSONDecodeError:
        return text
    except (ValueError, RecursionError):
        return None


def named_services(text: str, field: str = SERVICE) -> list[str]:
    """What the text names in such fields, each once."""
    found: dict[str, str] = {}
    follow_services(text, lambda name: found.setdefault(name, name), field)
    return list(found)


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key.casefold() for key, _ in pairs}) < len(pairs):
        raise ValueError("a key is given twice")
    return dict(pairs)


def _renamed(value: Any, rename: Callable[[str], str], field: str, depth: int) -> Any:
    if depth > _DEEPEST:
        raise ValueError("nested too deep")
    if isinstance(value, list):
        return [_renamed(each, rename, field, depth + 1) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: rename(each)
        if key.casefold() == field and isinstance(each, str) and each
        else _renamed(each, rename, field, depth + 1)
        for key, each in value.items()
    }
