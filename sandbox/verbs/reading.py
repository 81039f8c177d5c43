"""GET of one object or of a collection, in pages when asked for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any, Final

import orjson

from sandbox.errors import ApiError, bad_request, expired, invalid
from sandbox.kinds.reasons import refused
from sandbox.messages.reply import Reply, wanted_form
from sandbox.messages.request import Request
from sandbox.messages.selectors import parse_selectors
from sandbox.state.cluster import Cluster, render
from sandbox.state.storage import Item
from sandbox.verbs.tables import table
from sandbox.verbs.views import partial, rendered_in_list

Object = dict[str, Any]

_TOKEN_EXPIRED: Final = (
    "The provided continue parameter is too old to display a consistent list result. You can start "
    "a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder "
    "of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were "
    "created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


def get(cluster: Cluster, request: Request) -> Reply:
    item = cluster.item(request.target)
    form = wanted_form(request.accept)
    if form == "Table":
        metadata = {"resourceVersion": item.obj["metadata"]["resourceVersion"]}
        return Reply(
            200, table(request.resource, [item], metadata, request.query.get("includeObject", ""))
        )
    return Reply(200, partial(item) if form else render(request.resource, item))


def list_items(cluster: Cluster, request: Request) -> Reply:
    _check_version(cluster, request)
    items, version, start = _page_source(cluster, request)
    matches = parse_selectors(
        request.resource.collection,
        request.query.get("labelSelector", ""),
        request.query.get("fieldSelector", ""),
    )
    chosen = [
        item for item in items if _sort_key(item) > start and (matches is None or matches(item.obj))
    ]
    if request.target.name:
        chosen = [item for item in chosen if item.name == request.target.name]
    page, metadata = _cut(chosen, request.number("limit") or 0, version)
    if matches is not None:
        metadata.pop("remainingItemCount", None)
    return _reply(request, page, metadata)


def _page_source(cluster: Cluster, request: Request) -> tuple[list[Item], int, str]:
    """What to page through, at which version, from behind which key."""
    collection, namespace = request.resource.collection, request.target.namespace
    token = request.query.get("continue", "")
    if not token:
        if request.number("limit"):
            return cluster.storage.snapshot(collection, namespace), cluster.storage.version, ""
        return cluster.storage.collection(collection).items(namespace), cluster.storage.version, ""
    version, start = _read_token(token)
    if version < 0:
        return cluster.storage.snapshot(collection, namespace), cluster.storage.version, start
    items = cluster.storage.snapshot_at(collection, namespace, version)
    if items is None:
        raise _expired_token(start)
    return items, version, start


def _expired_token(start: str) -> ApiError:
    """410 with a token that goes on from the same place, at whatever version is current then."""
    error = expired(_TOKEN_EXPIRED)
    error.metadata = {"continue": _write_token(-1, start)}
    return error


def _cut(items: list[Item], limit: int, version: int) -> tuple[list[Item], Object]:
    metadata: Object = {"resourceVersion": str(version)}
    if not limit or len(items) <= limit:
        return items, metadata
    page = items[:limit]
    metadata["continue"] = _write_token(version, _sort_key(page[-1]))
    metadata["remainingItemCount"] = len(items) - limit
    return page, metadata


def _sort_key(item: Item) -> str:
    """Orders as `Collection.items` does.

    The NUL sorts a namespace before those it is a prefix of.
    """
    return f"{item.namespace}\0{item.name}"


def _write_token(version: int, start: str) -> str:
    return base64.urlsafe_b64encode(
        orjson.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": start})
    ).decode()


def _read_token(token: str) -> tuple[int, str]:
    try:
        decoded = orjson.loads(base64.urlsafe_b64decode(token))
        return int(decoded["rv"]), str(decoded["start"])
    except (binascii.Error, orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise bad_request("invalid continue token: continue key is not valid") from None


def _check_version(cluster: Cluster, request: Request) -> None:
    """Nobody can have seen a version that is yet to come.

    504, as the real server answers after waiting for it.
    """
    exact = request.query.get("resourceVersionMatch")
    if exact and not request.query.get("resourceVersion"):
        why = "resourceVersionMatch is forbidden unless resourceVersion is provided"
        raise invalid("ListOptions", "meta.k8s.io", "", [refused("resourceVersionMatch", why)])
    asked = parse_version(request.query.get("resourceVersion", ""))
    if asked > cluster.storage.version:
        raise too_new(asked, cluster.storage.version)
    if exact == "Exact" and asked < cluster.storage.version:
        raise expired("The resourceVersion for the provided list is too old.")


def parse_version(text: str) -> int:
    if not text:
        return 0
    if not text.isdigit():
        why = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise ApiError(500, "", f'resourceVersion: Invalid value: "{text}": {why}')
    return int(text)


def too_new(asked: int, current: int) -> ApiError:
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    return ApiError(504, "Timeout", message, {"causes": [cause], "retryAfterSeconds": 1})


def _reply(request: Request, items: list[Item], metadata: Object) -> Reply:
    resource, form = request.resource, wanted_form(request.accept)
    if form == "Table":
        return Reply(200, table(resource, items, metadata, request.query.get("includeObject", "")))
    if form:
        opening = {
            "kind": "PartialObjectMetadataList",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
        }
        return Reply(200, _listed(opening, map(partial, items)))
    opening = {
        "kind": f"{resource.kind}List",
        "apiVersion": resource.api_version,
        "metadata": metadata,
    }
    return Reply(200, _listed(opening, (rendered_in_list(resource, item) for item in items)))


def _listed(opening: Object, items: Iterable[bytes]) -> bytes:
    return b'%b,"items":[%b]}' % (orjson.dumps(opening)[:-1], b",".join(items))
