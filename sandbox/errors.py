"""Refusals, as the `Status` bodies that a real API server answers with.

Clients act on `code`, `reason` and `details`, and people read `message`, so all four follow the
real one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

Object = dict[str, Any]

MODIFIED: Final = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


@dataclass(frozen=True, slots=True)
class Cause:
    """One field that is wrong.

    `reason` is FieldValueInvalid, FieldValueForbidden, FieldValueRequired, ...
    """

    reason: str
    message: str
    field: str


class ApiError(Exception):
    """Ends a request with a `Status` body.

    `headers` carry what a body can't, such as Retry-After in seconds.
    """

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: Object | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details
        self.headers = headers or {}
        self.metadata: Object = {}

    def status(self) -> Object:
        body: Object = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": self.metadata,
            "status": "Failure",
        }
        body["message"] = str(self)
        if self.reason:
            body["reason"] = self.reason
        if self.details is not None:
            body["details"] = self.details
        return body | {"code": self.code}


class PageNotFound(Exception):  # noqa: N818 - the real server's words
    """Ends a request for something in a group that nobody serves: text, no `Status`."""


def qualified(name: str, group: str) -> str:
    return f"{name}.{group}" if group else name


def _details(name: str, group: str, kind: str) -> Object:
    full = {"name": name, "group": group, "kind": kind}
    return {key: value for key, value in full.items() if value}


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def unknown_resource() -> ApiError:
    return ApiError(404, "NotFound", "the server could not find the requested resource", {})


def not_found(plural: str, group: str, name: str) -> ApiError:
    message = f'{qualified(plural, group)} "{name}" not found'
    return ApiError(404, "NotFound", message, _details(name, group, plural))


def method_not_allowed() -> ApiError:
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def already_exists(plural: str, group: str, name: str) -> ApiError:
    message = f'{qualified(plural, group)} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(name, group, plural))


def conflict(plural: str, group: str, name: str, why: str = MODIFIED) -> ApiError:
    message = f'Operation cannot be fulfilled on {qualified(plural, group)} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(name, group, plural))


def forbidden(
    plural: str, group: str, name: str, why: str, causes: list[Cause] | None = None
) -> ApiError:
    message = f'{qualified(plural, group)} "{name}" is forbidden: {why}'
    details = _details(name, group, plural)
    if causes:
        details["causes"] = [_cause_body(cause) for cause in causes]
    return ApiError(403, "Forbidden", message, details)


def internal_error(message: str) -> ApiError:
    told = f"Internal error occurred: {message}"
    return ApiError(500, "InternalError", told, {"causes": [{"message": message}]})


def expired(message: str) -> ApiError:
    """The version or token asked for has been forgotten; the client must list again."""
    return ApiError(410, "Expired", message)


def too_large(limit: int) -> ApiError:
    message = f"Request entity too large: limit is {limit}"
    return ApiError(413, "RequestEntityTooLarge", message)


def too_large_to_store() -> ApiError:
    """What etcd says of an object, passed on as it is."""
    return ApiError(500, "", "etcdserver: request is too large")


def unsupported_media_type(message: str, details: Object | None = None) -> ApiError:
    return ApiError(415, "UnsupportedMediaType", message, details)


def unprocessable() -> ApiError:
    """A patch that is well formed but can't be carried out, such as a failed `test`."""
    message = "the server rejected our request due to an error in our request"
    return ApiError(422, "Invalid", message, {})


def invalid(kind: str, group: str, name: str, causes: list[Cause]) -> ApiError:
    details = _details(name, group, kind)
    details["causes"] = [_cause_body(cause) for cause in causes]
    lines = [f"{cause.field}: {cause.message}" for cause in causes]
    listed = lines[0] if len(lines) == 1 else f"[{', '.join(lines)}]"
    message = f'{qualified(kind, group)} "{name}" is invalid: {listed}'
    return ApiError(422, "Invalid", message, details)


def _cause_body(cause: Cause) -> Object:
    return {"reason": cause.reason, "message": cause.message, "field": cause.field}
