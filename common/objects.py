"""Kubernetes objects as plain dicts, and JSON merge patches (RFC 7386) between them.

Objects stay dicts so that fields this version doesn't know survive a round trip.
"""

from datetime import datetime
from typing import Any, Literal, TypeAlias

Obj: TypeAlias = dict[str, Any]
Side = Literal["virtual", "host"]


def meta(obj: Obj) -> Obj:
    """The object's metadata; an empty dict, not attached to it, when it has none."""
    return obj.get("metadata") or {}


def labels(obj: Obj) -> dict[str, str]:
    return meta(obj).get("labels") or {}


def annotations(obj: Obj) -> dict[str, str]:
    return meta(obj).get("annotations") or {}


def uid(obj: Obj) -> str:
    return str(meta(obj).get("uid") or "")


def name_of(obj: Obj) -> str:
    return str(meta(obj).get("name") or "")


def namespace_of(obj: Obj) -> str:
    """The namespace, "" for a cluster-scoped object."""
    return str(meta(obj).get("namespace") or "")


def field_of(obj: Obj) -> str:
    """`ns/name`, or `name` when cluster-scoped."""
    namespace = namespace_of(obj)
    return f"{namespace}/{name_of(obj)}" if namespace else name_of(obj)


def is_deleting(obj: Obj) -> bool:
    return bool(meta(obj).get("deletionTimestamp"))


def is_ended(obj: Obj) -> bool:
    """Deleted without a grace period and held by nothing: the API server was about to remove it, or
    has, if it answers so."""
    metadata = meta(obj)
    ended = metadata.get("deletionGracePeriodSeconds") == 0 and not metadata.get("finalizers")
    return ended and is_deleting(obj)


def timestamp_s(timestamp: str) -> float:
    """Unix time of a Kubernetes timestamp; 0 when it has no such form."""
    try:
        return datetime.fromisoformat(timestamp).timestamp()
    except ValueError:
        return 0.0


def get_path(obj: Obj, path: str) -> Any:
    """The value at a dotted path such as `spec.ports`, None when any step is missing."""
    value: Any = obj
    for step in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(step)
    return value


def set_path(obj: Obj, path: str, value: Any) -> None:
    """Set the value at a dotted path, creating the dicts on the way."""
    *steps, last = path.split(".")
    for step in steps:
        obj = obj.setdefault(step, {})
    obj[last] = value


def merge_diff(current: Any, desired: Any) -> Any:
    """The merge patch that turns `current` into `desired`; {} when both are dicts and equal.

    Only dicts are merged; anything else that differs is replaced whole. A null in a dict is the
    same as nothing, as it is for API servers.
    """
    if not isinstance(current, dict) or not isinstance(desired, dict):
        return desired
    patch: Obj = {
        key: None
        for key, value in current.items()
        if value is not None and desired.get(key) is None
    }
    for key, value in desired.items():
        found = current.get(key)
        if value is None or found == value:
            continue
        change = merge_diff(found, value)
        if change != {} or not isinstance(found, dict):
            patch[key] = change
    return patch


def merge_patch(target: Any, patch: Any) -> Any:
    """`target` with a merge patch applied; neither argument is changed."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merge_patch(result.get(key), value)
    return result
