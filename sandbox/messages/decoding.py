"""From what a client sends to what is stored.

Checked against the kind, in the stored field names.
"""

from __future__ import annotations

from typing import Any

from sandbox.kinds import events
from sandbox.kinds.schema import conform
from sandbox.messages.request import Request, check_type

Object = dict[str, Any]


def decode(request: Request, body: Object) -> Object:
    """The object without `kind` and `apiVersion`; raises 400 when it can't be one of this kind."""
    resource = request.resource
    check_type(body, resource)
    if not isinstance(body.get("metadata"), dict):
        body = body | {"metadata": {}}
    obj = conform(resource, body, strict=request.query.get("fieldValidation") == "Strict")
    for key in ("kind", "apiVersion"):
        obj.pop(key, None)
    obj.setdefault("metadata", {})
    return events.to_core(obj) if resource.group == events.GROUP else obj
