"""The HTTP server.

From bytes to a Request, from a Reply to bytes. What requests mean is decided elsewhere.
"""

from __future__ import annotations

import asyncio
import gzip
import threading
from typing import Any, Final

import orjson
from aiohttp import web
from aiohttp.http import RawRequestMessage
from aiohttp.streams import StreamReader

from sandbox.errors import ApiError, PageNotFound, method_not_allowed, too_large
from sandbox.faults import Fault, Faults
from sandbox.messages.reply import Reply, json_reply
from sandbox.messages.request import Request, parse_target
from sandbox.server.router import PAGE_NOT_FOUND, answer, describe, is_object_path
from sandbox.server.streaming import send_watch
from sandbox.server.webhook_client import WebhookClient
from sandbox.state import customresources
from sandbox.state.bootstrap import new_cluster
from sandbox.state.storage import Change, Storage
from sandbox.verbs import definition_end, garbage
from sandbox.verbs.watching import WatchStream
from sandbox.verbs.webhooks import Unanswered

REQUEST_LIMIT: Final = 3 * 1024 * 1024
_DRAIN_S: Final = 0.5


class ApiServer:
    """One API server on a loopback port.

    `faults` makes trouble, `storage` is for looking, not for writing.
    """

    def __init__(self, service_cidr: str = "10.96.0.0/16", port: int = 0) -> None:
        self._cluster = new_cluster(service_cidr)
        self._cluster.storage.listeners.append(self._on_change)
        self._collector = garbage.Collector(self._cluster)
        self.storage: Storage = self._cluster.storage
        self.faults = Faults(self._expire_history)
        self._port = port
        self._runner: web.ServerRunner | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = 0
        self._watches: set[WatchStream] = set()
        self._webhooks = WebhookClient()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Listens; with port 0 on a free one, which a later start takes again."""
        self._loop, self._thread = asyncio.get_running_loop(), threading.get_ident()
        server = web.Server(self._handle, request_factory=_make_request)
        self._runner = web.ServerRunner(server, access_log=None, shutdown_timeout=_DRAIN_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Ends open watches and stops listening; what is stored stays, so that `start` resumes."""
        for watch in tuple(self._watches):
            watch.end()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None
        await self._webhooks.close()

    def _on_change(self, collection: str, change: Change) -> None:
        customresources.on_change(self._cluster, collection, change)
        self._collector.on_change(collection, change)
        definition_end.on_change(self._cluster, collection, change)
        if collection == customresources.DEFINITIONS and change.type == "DELETED":
            for watch in tuple(self._watches):
                if watch.collection == change.item.name:
                    watch.end()

    def _expire_history(self) -> None:
        """Faults may be called from any thread, the storage only from the loop's."""
        if self._loop is None or threading.get_ident() == self._thread:
            self.storage.expire_history()
        else:
            self._loop.call_soon_threadsafe(self.storage.expire_history)

    async def _handle(self, http: web.BaseRequest) -> web.StreamResponse:
        for fault in self.faults.striking(http.method, http.path_qs):
            failed = await _suffer(fault, http)
            if failed is not None:
                return _response(failed, http)
        try:
            return await self._answer(http)
        except PageNotFound:
            return _response(PAGE_NOT_FOUND, http)
        except ApiError as error:
            return _response(
                Reply(error.code, orjson.dumps(error.status()), headers=error.headers), http
            )
        except web.HTTPRequestEntityTooLarge:
            return _response(json_reply(too_large(REQUEST_LIMIT).status(), 413), http)

    async def _answer(self, http: web.BaseRequest) -> web.StreamResponse:
        parts = [part for part in http.path.split("/") if part]
        if not is_object_path(parts):
            return _response(describe(self._cluster.registry, http.path, parts), http)
        request = await self._parse(http)
        if request.method == "GET" and request.flag("watch"):
            return await self._watch(http, request)
        return _response(await self._carry_out(request), http)

    async def _carry_out(self, request: Request) -> Reply:
        """From the start again whenever webhooks had to be asked; see `verbs.webhooks`."""
        while True:
            try:
                return answer(self._cluster, request)
            except Unanswered as pending:
                await self._webhooks.ask(pending.questions, request.memory)

    async def _parse(self, http: web.BaseRequest) -> Request:
        headers = http.headers
        return Request(
            method=http.method,
            target=parse_target(self._cluster.registry, http.path),
            query=http.query,
            content_type=headers.get("Content-Type", "").partition(";")[0],
            accept=headers.get("Accept", ""),
            agent=headers.get("User-Agent", ""),
            body=await http.read() if http.can_read_body else b"",
        )

    async def _watch(self, http: web.BaseRequest, request: Request) -> web.StreamResponse:
        if not request.resource.stored:
            raise method_not_allowed()
        stream = WatchStream(self._cluster, request)
        self._watches.add(stream)
        try:
            return await send_watch(http, stream, self.faults)
        finally:
            self._watches.discard(stream)
            stream.close()


def _make_request(
    message: RawRequestMessage, payload: StreamReader, protocol: Any, writer: Any, task: Any
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(
        message, payload, protocol, writer, task, loop, client_max_size=REQUEST_LIMIT
    )


async def _suffer(fault: Fault, http: web.BaseRequest) -> Reply | None:
    """Lets the fault strike; a reply means that the request has failed."""
    if fault.latency_s:
        await asyncio.sleep(fault.latency_s)
    if fault.vanish and http.transport:
        http.transport.abort()
        return Reply(503, b"")
    if not fault.code:
        return None
    headers = {} if fault.retry_after_s is None else {"Retry-After": str(fault.retry_after_s)}
    error = ApiError(fault.code, _REASONS.get(fault.code, ""), "the sandbox was asked to fail")
    return Reply(fault.code, orjson.dumps(error.status()), headers=headers)


_REASONS: Final = {
    403: "Forbidden",
    409: "Conflict",
    410: "Expired",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "Timeout",
}
_COMPRESSED_ABOVE: Final = 128 * 1024


def _response(reply: Reply, http: web.BaseRequest) -> web.Response:
    """Large answers are compressed for who accepts it, as by the real server."""
    headers = {"Content-Type": reply.content_type, **reply.headers}
    body = reply.body
    if len(body) > _COMPRESSED_ABOVE and "gzip" in http.headers.get("Accept-Encoding", ""):
        body = gzip.compress(body, 1)
        headers["Content-Encoding"] = "gzip"
    return web.Response(status=reply.code, body=body, headers=headers)
