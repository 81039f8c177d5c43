"""A client of one Kubernetes API server: raw JSON objects in and out, one connection pool.

No generated models, no retries, no caches: an error is raised as one of the outcomes of
`common.errors`, and the caller decides. What requests look like is in `common.kube.api`.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from urllib.request import getproxies, proxy_bypass

import aiohttp
import orjson
from yarl import URL

from common.clock import ServerClock
from common.errors import RetryError
from common.kind import Kind
from common.kube.api import (
    Lines,
    answer_error,
    delete_options,
    object_path,
    parse_event,
    parse_object,
    with_preconditions,
)
from common.kube.circuit_breaker import CircuitBreaker
from common.kube.credentials import Credentials
from common.kube.request_count import WATCH, RequestCount
from common.objects import Obj

__all__ = ["KubeClient", "Page", "object_path"]

JSON = "application/json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
TIMEOUT_S = 30.0
KEEPALIVE_S = 75.0
_NO_PARAMS: Mapping[str, str] = {}
_DEFAULT_TIMEOUT = aiohttp.ClientTimeout(total=TIMEOUT_S)
_STREAM_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10)
# RuntimeError: aiohttp's word for a session that was closed meanwhile.
_TROUBLE = (aiohttp.ClientError, asyncio.TimeoutError, OSError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list; `next` is "" on the last one. Items bear no apiVersion and kind."""

    items: list[Obj]
    resource_version: str
    next: str


class KubeClient:
    """Safe for many tasks at once. Watches use connections of their own, requests share `limit`.

    `clock` gives the server's time in Unix seconds. `breaker` only hears of the requests: it's for
    the caller to ask it. `cluster`: for metrics, the virtual cluster whose server it is.
    """

    def __init__(self, credentials: Credentials, name: str, limit: int, cluster: str = "") -> None:
        self.name = name
        self.clock = ServerClock()
        self.breaker = CircuitBreaker(name)
        self._count = RequestCount(cluster)
        self._credentials = credentials
        self._server = credentials.configuration.host.rstrip("/")
        self._headers = {"Accept": JSON, "Accept-Encoding": "identity", "User-Agent": "tohost"}
        self._options = _options(credentials)
        self._session = self._open_session(limit)
        self._streams = self._open_session(0)

    @classmethod
    async def connect(
        cls, kubeconfig: str, context: str = "", *, name: str, limit: int = 64, cluster: str = ""
    ) -> "KubeClient":
        """Read the credentials; sends nothing yet. Raises ConfigError.

        `kubeconfig` "" means in-cluster; `name` is for messages and logs; `cluster`: see above.
        """
        credentials = Credentials(kubeconfig, context)
        await credentials.load()
        return cls(credentials, name, limit, cluster)

    async def close(self) -> None:
        await self._session.close()
        await self._streams.close()

    async def __aenter__(self) -> "KubeClient":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: Obj | None = None,
        params: Mapping[str, str] = _NO_PARAMS,
        content_type: str = JSON,
        timeout_s: float = TIMEOUT_S,
    ) -> Obj:
        """Send one request. Raises ApiError, ConflictError or RetryError."""
        data = None if body is None else orjson.dumps(body)
        url = self._url(path, params)
        timeout = (
            _DEFAULT_TIMEOUT if timeout_s == TIMEOUT_S else aiohttp.ClientTimeout(total=timeout_s)
        )
        try:
            used = await self._authorization()
            answer = await self._send(method, url, data, content_type, timeout, used)
            if answer[0] == 401 and await self._credentials.renew(used):
                header = self._credentials.header
                answer = await self._send(method, url, data, content_type, timeout, header)
        except _TROUBLE as error:
            self.breaker.failed()
            self._count.failed(method)
            raise RetryError(self._trouble(method, path, error)) from error
        status, raw, headers = answer
        self.breaker.heard(status)
        self._count.answered(method, status)
        self.clock.hear(headers.get("Date", ""))
        if status >= 400:
            raise answer_error(f"{self.name}: {method} {path}", status, raw, headers, body)
        return self._parse(method, path, raw)

    async def get(self, kind: Kind, namespace: str, name: str) -> Obj:
        return await self.request("GET", object_path(kind, namespace, name))

    async def list_page(self, path: str, params: Mapping[str, str] = _NO_PARAMS) -> Page:
        """One page of a collection; give `limit` and `continue` in `params`."""
        body = await self.request("GET", path, params=params)
        metadata = body.get("metadata") or {}
        return Page(
            body.get("items") or [],
            str(metadata.get("resourceVersion") or ""),
            str(metadata.get("continue") or ""),
        )

    async def list_all(
        self, kind: Kind, namespace: str = "", selector: str = "", limit: int = 500
    ) -> AsyncIterator[Obj]:
        """Every object of a kind, page by page; raises ApiError 410 when it takes too long."""
        params = {"limit": str(limit)}
        if selector:
            params["labelSelector"] = selector
        while True:
            page = await self.list_page(object_path(kind, namespace), params)
            for item in page.items:
                yield item
            if not page.next:
                return
            params["continue"] = page.next

    async def create(self, kind: Kind, namespace: str, body: Obj, *, dry_run: bool = False) -> Obj:
        path = object_path(kind, namespace)
        return await self.request("POST", path, body=body, params=_dry(dry_run))

    async def create_sub(
        self, kind: Kind, namespace: str, name: str, subresource: str, body: Obj
    ) -> Obj:
        """POST to a subresource such as `binding` or (of a ServiceAccount) `token`."""
        path = object_path(kind, namespace, name, subresource)
        return await self.request("POST", path, body=body)

    async def patch(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        patch: Obj,
        *,
        subresource: str = "",
        uid: str = "",
        resource_version: str = "",
        content_type: str = MERGE_PATCH,
        dry_run: bool = False,
    ) -> Obj:
        """ConflictError unless the object has still that uid and resourceVersion."""
        return await self.request(
            "PATCH",
            object_path(kind, namespace, name, subresource),
            body=with_preconditions(patch, uid, resource_version),
            params=_dry(dry_run),
            content_type=content_type,
        )

    async def delete(
        self,
        kind: Kind,
        namespace: str,
        name: str,
        *,
        uid: str = "",
        resource_version: str = "",
        grace_s: int | None = None,
        propagation: str = "Background",
        dry_run: bool = False,
    ) -> Obj:
        """Returns the object when it lingers (grace period, finalizers), else a Status.

        Raises ConflictError when uid or resourceVersion differ, NotFoundError when it's gone.
        """
        options = delete_options(grace_s, uid, resource_version, propagation, dry_run)
        return await self.request("DELETE", object_path(kind, namespace, name), body=options)

    async def watch(
        self, path: str, params: Mapping[str, str] = _NO_PARAMS
    ) -> AsyncGenerator[tuple[str, Obj]]:
        """Events `(type, object)` one by one; see `watch_batches`."""
        async with aclosing(self.watch_batches(path, params)) as batches:
            async for batch in batches:
                for event in batch:
                    yield event

    async def watch_batches(
        self, path: str, params: Mapping[str, str] = _NO_PARAMS
    ) -> AsyncGenerator[list[tuple[str, Obj]]]:
        """Events `(type, object)` as they arrive together, ERROR and BOOKMARK included.

        Ends when the server ends the stream; an event cut off at the end is dropped. Never times
        out while the stream is silent: that's for the caller to judge.
        """
        url = self._url(path, {**params, "watch": "1"})
        try:
            async with self._streams.get(url, **await self._stream_options()) as response:
                self._count.answered(WATCH, response.status)
                if response.status >= 400:
                    raw = await response.read()
                    if response.status == 401:
                        await self._credentials.renew(self._credentials.header)
                    request = f"{self.name}: WATCH {path}"
                    raise answer_error(request, response.status, raw, response.headers)
                lines = Lines()
                async for chunk in response.content.iter_any():
                    if events := [self._event(path, line) for line in lines.feed(chunk)]:
                        yield events
        except _TROUBLE as error:
            raise RetryError(self._trouble("WATCH", path, error)) from error

    def _event(self, path: str, line: bytes) -> tuple[str, Obj]:
        try:
            return parse_event(line)
        except ValueError as error:
            raise RetryError(self._trouble("WATCH", path, error)) from error

    async def _authorization(self) -> str:
        if self._credentials.due:
            await self._credentials.refresh()
        return self._credentials.header

    async def _stream_options(self) -> dict[str, Any]:
        headers = dict(self._headers)
        if header := await self._authorization():
            headers["Authorization"] = header
        return {"headers": headers, "timeout": _STREAM_TIMEOUT, **self._options}

    async def _send(
        self,
        method: str,
        url: URL,
        data: bytes | None,
        content_type: str,
        timeout: aiohttp.ClientTimeout,
        authorization: str,
    ) -> tuple[int, bytes, Mapping[str, str]]:
        headers = dict(self._headers)
        if authorization:
            headers["Authorization"] = authorization
        if data is not None:
            headers["Content-Type"] = content_type
        async with self._session.request(
            method, url, data=data, headers=headers, timeout=timeout, **self._options
        ) as response:
            return response.status, await response.read(), response.headers

    def _url(self, path: str, params: Mapping[str, str]) -> URL:
        query = f"?{urlencode(params)}" if params else ""
        return URL(f"{self._server}{path}{query}", encoded=True)

    def _parse(self, method: str, path: str, raw: bytes) -> Obj:
        try:
            return parse_object(raw)
        except ValueError as error:
            raise RetryError(self._trouble(method, path, error)) from error

    def _trouble(self, method: str, path: str, error: Exception) -> str:
        return f"{self.name}: {method} {path}: {str(error) or type(error).__name__}"

    def _open_session(self, limit: int) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=limit, ssl=self._credentials.tls, keepalive_timeout=KEEPALIVE_S
        )
        return aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), read_bufsize=2**18
        )


def _dry(dry_run: bool) -> Mapping[str, str]:
    return {"dryRun": "All"} if dry_run else _NO_PARAMS


def _options(credentials: Credentials) -> dict[str, Any]:
    """What the kubeconfig says about the way to the server, found once: proxy and TLS name."""
    configuration = credentials.configuration
    url = URL(configuration.host)
    options: dict[str, Any] = {"allow_redirects": False}
    proxy = configuration.proxy
    if not proxy and url.host and not proxy_bypass(url.host):
        proxy = getproxies().get(url.scheme)
    if proxy:
        options["proxy"] = proxy
    if configuration.tls_server_name:
        options["server_hostname"] = configuration.tls_server_name
    return options
