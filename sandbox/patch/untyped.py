"""The patch formats that need no knowledge of kinds.

JSON merge patch (RFC 7386) and JSON patch (RFC 6902).
"""

from __future__ import annotations

import copy
from typing import Any, Final

from sandbox.errors import bad_request, unprocessable

Object = dict[str, Any]

MERGE: Final = "application/merge-patch+json"
JSON: Final = "application/json-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
APPLY: Final = "application/apply-patch+yaml"
APPLY_CBOR: Final = "application/apply-patch+cbor"


def merge_patch(target: Any, patch: Any) -> Any:
    """The target with the patch merged in.

    `null` removes. Changes and returns `target` when both are objects.
    """
    if not isinstance(patch, dict):
        return patch
    merged = target if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def json_patch(document: Any, operations: Any) -> Any:
    """Carries the operations out in order on `document`.

    Raises 400 when malformed, 422 when impossible.
    """
    if not isinstance(operations, list):
        raise bad_request("error decoding patch: a JSON patch is a list of operations")
    for operation in operations:
        if not isinstance(operation, dict) or "op" not in operation or "path" not in operation:
            raise bad_request("error decoding patch: an operation has `op` and `path`")
        document = _operate(document, operation)
    return document


def _operate(document: Any, operation: Object) -> Any:
    path = _pointer(operation["path"])
    match operation["op"]:
        case "add":
            return _add(document, path, operation.get("value"))
        case "remove":
            return _remove(document, path)
        case "replace":
            _look_up(document, path)
            return (
                _add(_remove(document, path), path, operation.get("value"))
                if path
                else operation.get("value")
            )
        case "move":
            value = _look_up(document, _pointer(operation["from"]))
            return _add(_remove(document, _pointer(operation["from"])), path, value)
        case "copy":
            return _add(
                document, path, copy.deepcopy(_look_up(document, _pointer(operation["from"])))
            )
        case "test":
            if _look_up(document, path) != operation.get("value"):
                raise unprocessable()
            return document
    raise bad_request(f"error decoding patch: unexpected kind: {operation['op']}")


def _pointer(path: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _step(container: Any, key: str) -> Any:
    """One level down; raises 422 where there is nothing."""
    try:
        return container[int(key)] if isinstance(container, list) else container[key]
    except (KeyError, IndexError, TypeError, ValueError):
        raise unprocessable() from None


def _look_up(document: Any, path: list[str]) -> Any:
    for key in path:
        document = _step(document, key)
    return document


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent, key = _look_up(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        index = len(parent) if key == "-" else int(key)
        if index > len(parent):
            raise unprocessable()
        parent.insert(index, value)
    elif isinstance(parent, dict):
        parent[key] = value
    else:
        raise unprocessable()
    return document


def _remove(document: Any, path: list[str]) -> Any:
    parent, key = _look_up(document, path[:-1]), path[-1]
    _step(parent, key)
    if isinstance(parent, list):
        del parent[int(key)]
    else:
        del parent[key]
    return document
