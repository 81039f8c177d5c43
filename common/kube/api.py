"""What the Kubernetes API's requests and answers look like: pure, no transport.

`common.kube.client` sends the requests; the sandbox and tests may use this too.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson

from common.errors import (
    AlreadyExistsError,
    ApiError,
    ConflictError,
    NotFoundError,
    RetryError,
    TohostError,
)
from common.kind import Kind
from common.kube.unmanaged import parse_unmanaged
from common.objects import Obj
from common.redaction import redacted

MAX_MESSAGE = 2000
_VERSION = re.compile("[0-9]{1,40}")
_RETRIED = frozenset({401, 408, 425, 429})
# Webhooks that refuse something often leave the reason out.
_REASONS = {400: "BadRequest", 403: "Forbidden", 404: "NotFound", 422: "Invalid"}
# API servers pass on as 500 what etcd says of an object of more than 1.5 MiB.
_TOO_LARGE = re.compile("etcdserver: request is too large|trying to send message larger than max")


def object_path(kind: Kind, namespace: str = "", name: str = "", subresource: str = "") -> str:
    """The path of an object, or of the collection when `name` is "".

    A namespaced kind without a namespace means the collection over all namespaces.
    """
    path = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    if kind.namespaced and namespace:
        path += f"/namespaces/{quote(namespace, safe=':')}"
    path += f"/{kind.resource}"
    if name:
        path += f"/{quote(name, safe=':')}"
    return f"{path}/{subresource}" if subresource else path


def delete_options(
    grace_s: int | None, uid: str, resource_version: str, propagation: str, dry_run: bool
) -> Obj:
    """The body of a DELETE; "" and None leave the server's default."""
    options: Obj = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
    if grace_s is not None:
        options["gracePeriodSeconds"] = grace_s
    preconditions = {"uid": uid, "resourceVersion": resource_version}
    if any(preconditions.values()):
        options["preconditions"] = {key: value for key, value in preconditions.items() if value}
    if dry_run:
        options["dryRun"] = ["All"]
    return options


def with_preconditions(patch: Obj, uid: str, resource_version: str) -> Obj:
    """The merge patch, refused by the server (409) unless uid and resourceVersion still hold."""
    wanted = {"uid": uid, "resourceVersion": resource_version}
    held = {key: value for key, value in wanted.items() if value}
    if not held:
        return patch
    return {**patch, "metadata": {**(patch.get("metadata") or {}), **held}}


def answer_error(
    request: str,
    status: int,
    raw: bytes,
    headers: Mapping[str, str] | None = None,
    sent: Obj | None = None,
) -> TohostError:
    """The error for an answer of 400 and above; `request` such as `host: GET /api/v1/pods`, and
    `sent` its body, of which nothing secret is repeated.

    A body that is no Status (a proxy's page) is quoted, shortened.
    """
    answer = parse_status(raw)
    told = str(answer.get("message") or raw[:200].decode(errors="replace").strip())
    message = redacted(told, request, sent)[:MAX_MESSAGE]
    return status_error(
        f"{request}: {status} {message}",
        {**answer, "code": status},
        parse_seconds((headers or {}).get("Retry-After")),
    )


def status_error(message: str, status: Obj, after_s: float | None = None) -> TohostError:
    """Map a Status object (also the one in a watch's ERROR event) to an outcome."""
    code, reason, details = status.get("code"), str(status.get("reason") or ""), _details(status)
    code = code if isinstance(code, int) else 0
    if after_s is None:
        after_s = parse_seconds(details.get("retryAfterSeconds"))
    if (code == 409 and reason != "AlreadyExists") or _other_uid(code, details):
        return ConflictError(message, after_s)
    if code == 500 and _TOO_LARGE.search(message):
        return ApiError(message, code, "RequestEntityTooLarge", details)
    if code in _RETRIED or not 400 <= code < 500:
        return RetryError(message, after_s)
    kinds: dict[int, type[ApiError]] = {404: NotFoundError, 409: AlreadyExistsError}
    named = reason or _REASONS.get(code, f"Http{code}")
    return kinds.get(code, ApiError)(message, code, named, details)


def _other_uid(code: int, details: Obj) -> bool:
    """A patch whose uid isn't the object's is refused as a change of an immutable field."""
    causes = details.get("causes")
    fields = [cause.get("field") for cause in causes or () if isinstance(cause, dict)]
    return code == 422 and fields == ["metadata.uid"]


def _details(status: Obj) -> Obj:
    """What a proxy sends in the place of an API server may have any form."""
    details = status.get("details")
    if not isinstance(details, dict):
        return {}
    causes = details.get("causes")
    return details if isinstance(causes, list | None) else {**details, "causes": None}


def parse_status(raw: bytes) -> Obj:
    """The Status in an error answer; {} when it's something else."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}


def parse_object(raw: bytes) -> Obj:
    """A JSON object; that of an API object comes without managedFields. Raises ValueError."""
    return _object(parse_unmanaged(raw))


def parse_event(line: bytes) -> tuple[str, Obj]:
    """Type and object of one event of a watch, as far as anyone relies on what it is: all but an
    ERROR have metadata with a version that can be compared. Raises ValueError."""
    event = _object(parse_unmanaged(line, event=True))
    kind, obj = event.get("type"), event.get("object")
    if not isinstance(kind, str) or not isinstance(obj, dict):
        raise ValueError("an event without type or object")
    if kind != "ERROR":
        metadata = obj.get("metadata")
        version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
        if not isinstance(version, str) or not _VERSION.fullmatch(version):
            raise ValueError(f"a {kind[:20]} event without a decimal resourceVersion")
    return kind, obj


def _object(body: Any) -> Obj:
    if not isinstance(body, dict):
        raise ValueError("the answer is no JSON object")
    return body


def parse_seconds(value: Any) -> float | None:
    """Retry-After as seconds. The date form isn't used by API servers and counts as absent."""
    try:
        return max(0.0, float(value)) if value not in (None, "") else None
    except (TypeError, ValueError):
        return None


class Lines:
    """Cuts a stream of chunks into its lines; a line may be of any size and span many chunks.

    What follows the last newline when the stream ends is an incomplete event: dropped.
    """

    def __init__(self) -> None:
        self._rest: list[bytes] = []

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes, without empty ones."""
        first, newline, others = chunk.partition(b"\n")
        self._rest.append(first)
        if not newline:
            return []
        lines = [b"".join(self._rest), *others.split(b"\n")]
        self._rest = [lines.pop()]
        return [line for line in lines if line.strip()]
