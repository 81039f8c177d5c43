"""Paths of patches, such as `spec.containers[*].image` or `metadata.annotations["a.b/c"]`.

Objects are never changed in place: what is rewritten is copied along the path, the rest is shared.
"""

import re
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Final, TypeAlias

from common.errors import ConfigError
from common.naming import PREFIX


class Every(Enum):
    """A step into every entry of a list or a map."""

    ENTRY = "*"


EVERY: Final = Every.ENTRY
Step: TypeAlias = str | int | Every
Path: TypeAlias = tuple[Step, ...]
"""str: a key of a map; int: a place in a list."""
Place: TypeAlias = tuple[str | int, ...]
"""A path to one value."""
Visit: TypeAlias = Callable[[Any, bool, Place], Any]
"""Gets a value, whether it is there, and where; answers the new value, None for nothing."""

_EXAMPLE = 'write for example spec.containers[*].image or metadata.annotations["a.b/c"]'
_STEP = re.compile(
    r"""\.?\[(?:(?P<every>\*)|(?P<index>\d{1,6})|"(?P<double>[^"]+)"|'(?P<single>[^']+)')\]"""
    r"""|(?:^|\.)(?P<name>[^\s.*\[\]"']+)"""
    r"""|\.(?P<star>\*)"""
)
_PLAIN = re.compile(r"""[^\s.*\[\]"']+""")
_MARKS = ("labels", "annotations")


def parse(text: str) -> Path:
    """Raises ConfigError with what is wrong and what to write."""
    steps: list[Step] = []
    at = 0
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise ConfigError(f'can\'t be read at "{text[at:]}"; {_EXAMPLE}')
        steps.append(_step(match))
        at = match.end()
    if text.startswith((".", "[")) or not steps:
        raise ConfigError(f"names no field of the object; {_EXAMPLE}")
    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    found = match.groupdict()
    if found["every"] or found["star"]:
        return EVERY
    if found["index"] is not None:
        return int(found["index"])
    return str(found["double"] or found["single"] or found["name"])


def shown(path: Path) -> str:
    text = ""
    for step in path:
        if isinstance(step, Every):
            text += "[*]"
        elif isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text


def refusal(path: Path) -> str:
    """Why nothing may be changed there on the way down; "" when it may."""
    first = path[0]
    if first in ("apiVersion", "kind"):
        return "is the object's kind, which patches can't change; remove the patch"
    if first == "status":
        return "belongs to the host, and comes up; write reverseExpression to change it on its way"
    return _metadata_refusal(path) if first == "metadata" else ""


def _metadata_refusal(path: Path) -> str:
    if len(path) < 2 or path[1] not in _MARKS:
        return "can't be patched: of the metadata only metadata.labels and metadata.annotations can"
    keys = path[2:]
    if keys and isinstance(keys[0], str) and keys[0].startswith(PREFIX):
        return f"is tohost's own: keys below {PREFIX} can't be patched"
    if len(keys) > 1 and all(isinstance(key, str) for key in keys):
        whole = ".".join(map(str, keys))
        return f'leads into a text; write metadata.{path[1]}["{whole}"]'
    if len(keys) > 1 or any(isinstance(key, int) for key in keys):
        return f'leads into a text; write metadata.{path[1]}["a key"]'
    return ""


def find(holder: Any, path: Path, start: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Every value that the path leads to, with its place; a null is nothing."""
    if holder is None:
        return
    if not path:
        yield start, holder
        return
    for key in _keys(holder, path[0]):
        yield from find(holder[key], path[1:], (*start, key))


def value_at(holder: Any, place: Path) -> Any:
    """None where the place is not."""
    return next((value for _, value in find(holder, place)), None)


def _keys(holder: Any, step: Step) -> list[Any]:
    """The keys of a map, or places in a list, that a step leads to; those that exist."""
    if isinstance(holder, dict):
        if isinstance(step, Every):
            return list(holder)
        return [step] if isinstance(step, str) and step in holder else []
    if isinstance(holder, list):
        if isinstance(step, Every):
            return list(range(len(holder)))
        return [step] if isinstance(step, int) and step < len(holder) else []
    return []


def rewritten(holder: Any, path: Path, visit: Visit, start: Place = ()) -> Any:
    """`holder` with the values at the path replaced by what `visit` answers; the same object when
    nothing changes. Entries that become nothing go, from lists too.

    The last step of a path may be missing from a map that is there; a path that ends earlier
    leads nowhere.
    """
    step, rest = path[0], path[1:]
    keys = _keys(holder, step)
    if not rest and not keys and isinstance(holder, dict) and isinstance(step, str):
        keys = [step]
    result = holder
    for key in keys:
        found = holder[key] if isinstance(holder, list) else holder.get(key)
        place = (*start, key)
        if not rest:
            value = visit(found, found is not None, place)
        elif found is None:
            continue
        else:
            value = rewritten(found, rest, visit, place)
        if value is found:
            continue
        if result is holder:
            result = holder.copy()
        result[key] = value
    return result if result is holder else _without_nothing(result, holder)


def _without_nothing(result: Any, before: Any) -> Any:
    """Less what became nothing; a null that was there before stays."""
    if isinstance(result, dict):
        gone = [key for key, value in result.items() if value is None]
        return {key: result[key] for key in result if key not in gone or _null(before, key)}
    pairs = zip(result, before, strict=True)
    return [value for value, earlier in pairs if value is not None or earlier is None]


def _null(holder: dict[str, Any], key: str) -> bool:
    return key in holder and holder[key] is None
