"""Which function answers which request.

By path for what describes the server, by verb for objects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.errors import method_not_allowed
from sandbox.kinds.resources import Registry
from sandbox.messages.reply import Reply, json_reply
from sandbox.messages.request import Request
from sandbox.server import discovery
from sandbox.server.reviews import review
from sandbox.server.tokens import request_token
from sandbox.state.cluster import Cluster
from sandbox.verbs import pods
from sandbox.verbs.creation import create
from sandbox.verbs.deletion import delete
from sandbox.verbs.deletion_collection import delete_collection
from sandbox.verbs.reading import get, list_items
from sandbox.verbs.scale import get_scale, set_scale
from sandbox.verbs.update import patch, put

Handler = Callable[[Cluster, Request], Reply]

_COLLECTION: Final[Mapping[str, Handler]] = {
    "GET": list_items,
    "POST": create,
    "DELETE": delete_collection,
}
_OBJECT: Final[Mapping[str, Handler]] = {
    "GET": get,
    "PUT": put,
    "PATCH": patch,
    "DELETE": delete,
}
_PART: Final[Mapping[str, Handler]] = {"GET": get, "PUT": put, "PATCH": patch}
_SPECIAL: Final[Mapping[tuple[str, str], Handler]] = {
    ("POST", "binding"): pods.bind,
    ("POST", "eviction"): pods.evict,
    ("GET", "log"): pods.log,
    ("POST", "token"): request_token,
    ("GET", "scale"): get_scale,
    ("PUT", "scale"): set_scale,
    ("PATCH", "scale"): set_scale,
}
PAGE_NOT_FOUND: Final = Reply(404, b"404 page not found\n", "text/plain; charset=utf-8")
_HEALTH: Final = ("/healthz", "/readyz", "/livez")
_SPECIAL_PARTS: Final = frozenset(part for _, part in _SPECIAL)


def answer(cluster: Cluster, request: Request) -> Reply:
    """Answers a request for objects; raises ApiError."""
    target = request.target
    if not target.resource.stored:
        return _answer_unstored(cluster, request)
    if target.subresource in _SPECIAL_PARTS:
        handler = _SPECIAL.get((request.method, target.subresource))
    elif target.subresource:
        handler = _PART.get(request.method)
    elif target.name:
        handler = _OBJECT.get(request.method)
    elif request.method == "DELETE" and "deletecollection" not in target.resource.verbs:
        handler = None
    else:
        handler = _COLLECTION.get(request.method)
    if handler is None or (
        request.method == "POST" and target.resource.namespaced and not target.namespace
    ):
        raise method_not_allowed()
    return handler(cluster, request)


def _answer_unstored(cluster: Cluster, request: Request) -> Reply:
    if request.method != "POST" or request.target.name:
        raise method_not_allowed()
    return (
        pods.bind_by_name(cluster, request)
        if request.resource.kind == "Binding"
        else review(request)
    )


def is_object_path(parts: list[str]) -> bool:
    """/api/v1/<resource>...

    And /apis/<group>/<version>/<resource>...; what is shorter describes the server.
    """
    return len(parts) > {"api": 2, "apis": 3}.get(parts[0] if parts else "", len(parts))


def describe(registry: Registry, path: str, parts: list[str]) -> Reply:
    """Answers what is asked about the server itself; raises 404."""
    if path.startswith(_HEALTH):
        return Reply(200, b"ok", "text/plain; charset=utf-8")
    document = _document(registry, parts)
    if document is None:
        return PAGE_NOT_FOUND
    return json_reply(document)


def _document(registry: Registry, parts: list[str]) -> dict[str, Any] | None:
    match parts:
        case ["version"]:
            return dict(discovery.VERSION)
        case ["api"]:
            return discovery.api_versions()
        case ["api", version]:
            return discovery.api_resources(registry, "", version)
        case ["apis"]:
            return discovery.api_groups(registry)
        case ["apis", group]:
            return discovery.api_group(registry, group)
        case ["apis", group, version]:
            return discovery.api_resources(registry, group, version)
        case ["openapi", "v3"]:
            return discovery.openapi_index(registry)
        case ["openapi", "v3", "api", version]:
            return discovery.openapi_document(registry, "", version)
        case ["openapi", "v3", "apis", group, version]:
            return discovery.openapi_document(registry, group, version)
    return None
