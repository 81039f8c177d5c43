"""Server-side apply: what each field manager last applied, and what that means for the object.

Only what was applied is owned; fields written in other ways belong to nobody, unlike on the real
server.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from sandbox.errors import ApiError, invalid
from sandbox.kinds.reasons import required
from sandbox.kinds.schema import fields, type_of
from sandbox.messages.decoding import decode
from sandbox.messages.request import Request, parse_yaml
from sandbox.patch.strategic import strategic_merge
from sandbox.state.cluster import Cluster
from sandbox.state.storage import Item

Object = dict[str, Any]
_IDENTITY = frozenset({".metadata.name", ".metadata.namespace"})


@dataclass(frozen=True, slots=True)
class Applied:
    """A request's wish, and the new object when it can be granted."""

    wanted: Object
    new: Object = field(default_factory=dict)


def apply(cluster: Cluster, request: Request, old: Item | None) -> Applied:
    """Raises 409 when another manager applied a field differently, unless forced."""
    if not request.query.get("fieldManager"):
        cause = required("fieldManager", "is required for apply patch")
        raise invalid("PatchOptions", "meta.k8s.io", "", [cause])
    wanted = decode(request, parse_yaml(request.body))
    wanted["metadata"].setdefault("name", request.target.name)
    kept: Object = orjson.loads(orjson.dumps(wanted))
    if old is None:
        return Applied(kept, wanted)
    type_ = type_of(request.resource)
    managers = cluster.applied.get(old.obj["metadata"]["uid"], {})
    if not request.flag("force"):
        _check_conflicts(managers, request.manager, dict(_leaves(wanted, type_)), type_)
    current = _without(old.copy(), managers.get(request.manager, {}), wanted, type_)
    return Applied(kept, strategic_merge(current, wanted, type_))


def remember(cluster: Cluster, request: Request, uid: str, wanted: Object) -> None:
    """Notes what was applied; a forced field is taken from who had it."""
    managers = cluster.applied.setdefault(uid, {})
    type_ = type_of(request.resource)
    taken = dict(_leaves(wanted, type_))
    for manager, applied in list(managers.items()):
        theirs = dict(_leaves(applied, type_))
        if any(path in taken and taken[path] != value for path, value in theirs.items()):
            managers[manager] = _merge_taken(applied, wanted)
    managers[request.manager] = wanted


def _merge_taken(applied: Object, wanted: Object) -> Object:
    """What is left to a manager: its plain fields less those that somebody else set otherwise."""
    left: Object = {}
    for name, value in applied.items():
        other = wanted.get(name, value)
        if isinstance(value, dict) and isinstance(other, dict):
            left[name] = _merge_taken(value, other)
        elif value == other or isinstance(value, list):
            left[name] = value
    return left


def _check_conflicts(managers: dict[str, Object], manager: str, wanted: Object, type_: str) -> None:
    causes = []
    for other, applied in managers.items():
        theirs = dict(_leaves(applied, type_)) if other != manager else {}
        for path in theirs:
            if path in wanted and wanted[path] != theirs[path]:
                message = f'conflict with "{other}"'
                causes.append({"reason": "FieldManagerConflict", "message": message, "field": path})
    if causes:
        count = f"{len(causes)} conflict{'s' if len(causes) > 1 else ''}"
        listed = "\n".join(f"{cause['message']}: {cause['field']}" for cause in causes)
        raise ApiError(409, "Conflict", f"Apply failed with {count}: {listed}", {"causes": causes})


def _leaves(obj: Object, type_: str, path: str = "") -> Iterator[tuple[str, Any]]:
    """Paths and values of all that can be owned.

    Plain values, lists without keys, elements' parts.
    """
    known = fields(type_)
    for name, value in obj.items():
        described, where = known.get(name), f"{path}.{name}"
        if isinstance(value, dict) and value:
            yield from _leaves(value, described.type if described else "", where)
        elif described and described.merge_key and isinstance(value, list):
            key = described.merge_key
            for item in value:
                yield from _leaves(item, described.type, f'{where}[{key}="{item.get(key)}"]')
        elif where not in _IDENTITY:
            yield where, value


def _without(current: Object, before: Object, wanted: Object, type_: str) -> Object:
    """Takes away what was applied before and is no longer wanted."""
    known = fields(type_)
    for name, value in before.items():
        described = known.get(name)
        if name not in wanted:
            current.pop(name, None)
        elif isinstance(value, dict) and isinstance(current.get(name), dict):
            _without(current[name], value, wanted[name], described.type if described else "")
        elif described and described.merge_key:
            key = described.merge_key
            gone = {item.get(key) for item in value} - {item.get(key) for item in wanted[name]}
            current[name] = [item for item in current.get(name, ()) if item.get(key) not in gone]
    return current
