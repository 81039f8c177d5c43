"""What the server answers, before it becomes HTTP, and in which form the client wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reply:
    code: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_reply(obj: Object, code: int = 200) -> Reply:
    return Reply(code, orjson.dumps(obj))


def success(details: Object | None = None, code: int = 0) -> Object:
    """A `Status` that says it worked."""
    body: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    if details is not None:
        body["details"] = details
    return body | {"code": code} if code else body


def wanted_form(accept: str) -> str:
    """Table, PartialObjectMetadata, PartialObjectMetadataList or "" for the object itself.

    The first one known.
    """
    for media_range in accept.split(","):
        parameters = [part.strip() for part in media_range.split(";")]
        for parameter in parameters[1:]:
            if parameter.startswith("as=") and parameters[0] == "application/json":
                return parameter.removeprefix("as=")
        if parameters[0] in ("application/json", "*/*"):
            return ""
    return ""
