"""GET with watch: what is there, then every change, as lines of JSON until the time is up."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final

import orjson

from sandbox.errors import expired, invalid
from sandbox.kinds.reasons import refused
from sandbox.kinds.resources import Resource
from sandbox.messages.reply import wanted_form
from sandbox.messages.request import Request
from sandbox.messages.selectors import parse_selectors
from sandbox.state.cluster import Cluster, render
from sandbox.state.storage import Change, Item, as_of
from sandbox.verbs.reading import parse_version
from sandbox.verbs.tables import table
from sandbox.verbs.views import partial

Object = dict[str, Any]

BOOKMARK_EVERY_S: Final = 60.0
_LAST_BOOKMARK_S: Final = 2.0
_DEFAULT_TIMEOUT_S: Final = 1800
_INITIAL_END: Final = {"k8s.io/initial-events-end": "true"}


class WatchStream:
    """One open watch.

    Changes queue up while the client is slow; `chunks` sends whatever has come together.
    """

    def __init__(self, cluster: Cluster, request: Request) -> None:
        self._cluster = cluster
        self._request = request
        self._collection = cluster.storage.collection(request.resource.collection)
        self._namespace = request.target.namespace
        self._matches = parse_selectors(
            request.resource.collection,
            request.query.get("labelSelector", ""),
            request.query.get("fieldSelector", ""),
        )
        self._bookmarks = request.flag("allowWatchBookmarks")
        self._form = wanted_form(request.accept)
        self._pending: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._tables_sent = 0
        _check_initial(request)
        self._begin(parse_version(request.query.get("resourceVersion", "")))

    @property
    def collection(self) -> str:
        return self._request.resource.collection

    def _begin(self, version: int) -> None:
        """Queues what came before this moment; an ERROR event when it is no longer known."""
        initial = self._request.flag("sendInitialEvents")
        if initial or not version:
            self._pending.extend(self._existing())
            if initial and self._bookmarks:
                self._pending.append(self._bookmark(_INITIAL_END))
        elif version < self._collection.forgotten:
            error = expired(f"too old resource version: {version} ({self._collection.forgotten})")
            self._pending.append(_line("ERROR", orjson.dumps(error.status())))
            self._ended = True
            return
        else:
            for change in self._collection.since(version):
                self._on_change(change)
        self._ended = False
        self._collection.listeners.add(self._on_change)

    def _existing(self) -> Iterator[bytes]:
        for item in self._collection.items(self._namespace):
            if self._selects(item):
                yield self._event("ADDED", item)

    def _selects(self, item: Item | None) -> bool:
        if item is None or (self._request.target.name and item.name != self._request.target.name):
            return False
        return self._matches is None or self._matches(item.obj)

    def _on_change(self, change: Change) -> None:
        """An object that a change moves into the selection was ADDED, one moved out of it DELETED.

        The latter is shown as it was before, under the version of the change.
        """
        if self._namespace and change.item.namespace != self._namespace:
            return
        before, after = self._selects(change.previous), self._selects(change.item)
        if change.type == "DELETED":
            event = "DELETED" if before else ""
        elif after:
            event = "MODIFIED" if before else "ADDED"
        else:
            event = "DELETED" if before else ""
        if event:
            left = change.type != "DELETED" and event == "DELETED"
            item = (
                as_of(change.previous, change.version) if left and change.previous else change.item
            )
            self._pending.append(self._event(event, item))
            self._wake.set()

    def _event(self, type_: str, item: Item) -> bytes:
        resource = self._request.resource
        if self._form == "Table":
            self._tables_sent += 1
            metadata = {"resourceVersion": str(item.version)}
            include = self._request.query.get("includeObject", "")
            return _line(
                type_, table(resource, [item], metadata, include, columns=self._tables_sent == 1)
            )
        return _line(type_, partial(item) if self._form else render(resource, item))

    def _bookmark(self, annotations: dict[str, str] | None = None) -> bytes:
        metadata: Object = {
            "resourceVersion": str(self._cluster.storage.version),
            "creationTimestamp": None,
        }
        if annotations:
            metadata["annotations"] = annotations
        kind, version = _bookmark_type(self._request.resource, self._form)
        return _line(
            "BOOKMARK", orjson.dumps({"kind": kind, "apiVersion": version, "metadata": metadata})
        )

    async def chunks(self) -> AsyncIterator[bytes]:
        """Lines as they come; ends after `timeoutSeconds`, or right after an ERROR."""
        loop = asyncio.get_running_loop()
        timeout_s = (
            self._request.number("timeoutSeconds") or random.uniform(1, 2) * _DEFAULT_TIMEOUT_S
        )
        deadline = loop.time() + timeout_s
        bookmark = _next_bookmark(loop.time(), deadline)
        while True:
            self._wake.clear()
            if self._pending:
                yield self._take()
            now = loop.time()
            if self._ended or now >= deadline:
                return
            if now >= bookmark:
                bookmark = _next_bookmark(now, deadline)
                if self._bookmarks:
                    yield self._bookmark()
            await self._wait(min(bookmark, deadline) - now)

    async def _wait(self, timeout_s: float) -> None:
        try:
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        except TimeoutError:
            return

    def _take(self) -> bytes:
        taken = b"".join(self._pending)
        self._pending.clear()
        return taken

    def end(self) -> None:
        """Lets `chunks` finish after what is pending; safe to call twice."""
        self._ended = True
        self._wake.set()

    def close(self) -> None:
        self._collection.listeners.discard(self._on_change)


def _check_initial(request: Request) -> None:
    match = request.query.get("resourceVersionMatch")
    if "sendInitialEvents" in request.query and match != "NotOlderThan":
        why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        causes = [refused("resourceVersionMatch", why)]
        raise invalid("ListOptions", "meta.k8s.io", "", causes)


def _next_bookmark(now: float, deadline: float) -> float:
    """Once a minute, and once shortly before the end so that the client can resume from there."""
    last = deadline - _LAST_BOOKMARK_S
    following = now + BOOKMARK_EVERY_S
    return min(following, last) if last > now else deadline + 1


def _bookmark_type(resource: Resource, form: str) -> tuple[str, str]:
    return (form, "meta.k8s.io/v1") if form else (resource.kind, resource.api_version)


def _line(type_: str, body: bytes) -> bytes:
    return b'{"type":"%b","object":%b}\n' % (type_.encode(), body)
