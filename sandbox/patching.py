"""Turns a PATCH body and the stored object into the new object; storing it is the update's business."""

from __future__ import annotations

from typing import Any

import orjson

from sandbox import events
from sandbox.cluster import Cluster
from sandbox.decoding import decode
from sandbox.errors import bad_request, invalid, unsupported_media_type
from sandbox.patches import APPLY, JSON, MERGE, STRATEGIC, json_patch, merge_patch
from sandbox.request import Request, parse_yaml
from sandbox.resources import Resource
from sandbox.schema import fields, type_of
from sandbox.storage import Item
from sandbox.strategic import strategic_merge
from sandbox.validation import required

Object = dict[str, Any]


def patched(request: Request, old: Item) -> Object:
    """The object with a merge, strategic merge or JSON patch carried out; raises 400, 415 or 422."""
    resource = request.resource
    if request.content_type not in _accepted(resource):
        if request.content_type == STRATEGIC:
            listed = ", ".join((JSON, MERGE, APPLY))
            raise unsupported_media_type(
                f"the body of the request was in an unknown format - accepted media types include: {listed}"
            )
        raise unsupported_media_type("415: Unsupported Media Type", {})
    changes = _decode(request.body)
    typed = {"kind": resource.kind, "apiVersion": resource.api_version} | _served(resource, old)
    if request.content_type == JSON:
        new = json_patch(typed, changes)
    elif not isinstance(changes, dict):
        raise bad_request("error decoding patch: cannot unmarshal into an object")
    else:
        new = (
            merge_patch(typed, changes)
            if request.content_type == MERGE
            else strategic_merge(typed, changes, type_of(resource))
        )
    return decode(request, new)


def _served(resource: Resource, item: Item) -> Object:
    return events.from_core(item.copy()) if resource.group == events.GROUP else item.copy()


def _accepted(resource: Resource) -> tuple[str, ...]:
    """Custom resources have no schema to say how lists merge, so no strategic merge."""
    return (JSON, MERGE) if resource.custom else (JSON, MERGE, STRATEGIC)


def _decode(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"error decoding patch: {error}") from None


def apply_patch(cluster: Cluster, request: Request, old: Item | None) -> Object:
    """Server-side apply: the stored object with what this manager applies now, less what it no longer does.

    Who owns which field is remembered per manager, but conflicts between managers are not detected.
    """
    if not request.query.get("fieldManager"):
        cause = required("fieldManager", "is required for apply patch")
        raise invalid("PatchOptions", "meta.k8s.io", "", [cause])
    body = parse_yaml(request.body)
    wanted = decode(request, body)
    wanted["metadata"].setdefault("name", request.target.name)
    if old is None:
        return wanted
    key = (old.obj["metadata"]["uid"], request.manager)
    type_ = type_of(request.resource)
    current = _without(old.copy(), cluster.applied.get(key, {}), wanted, type_)
    cluster.applied[key] = orjson.loads(orjson.dumps(wanted))
    new: Object = strategic_merge(current, wanted, type_)
    return new


def _without(current: Object, before: Object, wanted: Object, type_: str) -> Object:
    """Takes away what was applied before and is no longer wanted."""
    known = fields(type_)
    for name, value in before.items():
        field = known.get(name)
        if name not in wanted:
            current.pop(name, None)
        elif isinstance(value, dict) and isinstance(current.get(name), dict):
            _without(current[name], value, wanted[name], field.type if field else "")
        elif field and field.merge_key:
            key = field.merge_key
            gone = {item.get(key) for item in value} - {item.get(key) for item in wanted[name]}
            current[name] = [item for item in current.get(name, ()) if item.get(key) not in gone]
    return current
