"""Turns a PATCH body and the stored object into the new object.

Storing it is the update's business.
"""

from __future__ import annotations

from typing import Any

import orjson

from sandbox.errors import bad_request, unsupported_media_type
from sandbox.kinds import events
from sandbox.kinds.resources import Resource
from sandbox.kinds.schema import type_of
from sandbox.messages.decoding import decode
from sandbox.messages.request import Request
from sandbox.patch.strategic import strategic_merge
from sandbox.patch.untyped import APPLY, JSON, MERGE, STRATEGIC, json_patch, merge_patch
from sandbox.state.storage import Item

Object = dict[str, Any]


def patched(request: Request, old: Item) -> Object:
    """The object with a merge, strategic merge or JSON patch carried out.

    Raises 400, 415 or 422.
    """
    resource = request.resource
    if request.content_type not in _accepted(resource):
        if request.content_type == STRATEGIC:
            listed = ", ".join((JSON, MERGE, APPLY))
            raise unsupported_media_type(
                "the body of the request was in an unknown format - "
                f"accepted media types include: {listed}"
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
