"""Answers that the proxy makes up: errors as API servers word them, and lists without items."""

from __future__ import annotations

from typing import Final

import orjson
from aiohttp import web

JSON: Final = "application/json"
_REASONS: Final = {
    403: "Forbidden",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
_MESSAGES: Final = {
    410: "too old resource version: 1 (2)",
    429: "too many requests, please try again later",
}


def status(code: int) -> bytes:
    """A Status object."""
    return orjson.dumps(
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": _MESSAGES.get(code, "the proxy was asked to fail"),
            "reason": _REASONS.get(code, ""),
            "code": code,
        }
    )


def failure(code: int, retry_after_s: int | None = None) -> web.Response:
    headers = {"Content-Type": JSON}
    if retry_after_s is not None:
        headers["Retry-After"] = str(retry_after_s)
    return web.Response(status=code, body=status(code), headers=headers)


def expired_event() -> web.Response:
    """A watch that ends with the news that its version is too old."""
    line = b'{"type":"ERROR","object":' + status(410) + b"}\n"
    return web.Response(body=line, headers={"Content-Type": JSON})


def without_items(answer: bytes) -> bytes:
    """A list as if there were nothing, of the same version, and no further page."""
    content = orjson.loads(answer)
    metadata = content.get("metadata") or {}
    kept = {key: metadata[key] for key in ("resourceVersion",) if key in metadata}
    return orjson.dumps({**content, "metadata": kept, "items": []})
