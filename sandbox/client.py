"""A small client of an API server, for what acts on a cluster from outside.

It speaks HTTP only, so the kubelet and the controllers work with a real kube-apiserver as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import orjson

from sandbox.kubeconfig import Access

Object = dict[str, Any]

JSON: Final = "application/json"
MERGE_PATCH: Final = "application/merge-patch+json"
_RETRY_S: Final = 0.2
_LINE_LIMIT: Final = 4 * 1024 * 1024


class Refused(Exception):  # noqa: N818 - reads as an outcome, not as a bug
    """The server answered with an error; `code` is the HTTP status, the message its own."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Client:
    """Use it as an async context manager; it holds the connections."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            base_url=self._access.url,
            headers={"Authorization": f"Bearer {self._access.token}", "User-Agent": "sandbox"},
            connector=aiohttp.TCPConnector(ssl=self._access.verify, limit=64),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
            read_bufsize=_LINE_LIMIT,
        )
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._session:
            await self._session.close()

    async def request(
        self, method: str, path: str, body: Any = None, content_type: str = JSON
    ) -> Object:
        """The answer's object. Raises Refused, or aiohttp.ClientError when there is no answer."""
        if self._session is None:
            raise RuntimeError("the client is not open")
        data = None if body is None else orjson.dumps(body)
        headers = {"Content-Type": content_type} if data else {}
        async with self._session.request(method, path, data=data, headers=headers) as response:
            raw = await response.read()
            if response.status >= 400:
                raise Refused(response.status, raw.decode(errors="replace")[:500])
            answered: Object = orjson.loads(raw)
            return answered

    async def merge(self, path: str, patch: Object) -> Object:
        return await self.request("PATCH", path, patch, MERGE_PATCH)

    async def follow(self, path: str) -> AsyncIterator[tuple[str, Object]]:
        """What is there (as ADDED) and every change from then on, through failures, for ever.

        Deletions that happen while it is disconnected are not reported.
        """
        while True:
            try:
                async for event in self._list_and_watch(path):
                    yield event
            except (aiohttp.ClientError, Refused, ConnectionError, TimeoutError):
                await asyncio.sleep(_RETRY_S)

    async def _list_and_watch(self, path: str) -> AsyncIterator[tuple[str, Object]]:
        listed = await self.request("GET", path)
        for item in listed["items"]:
            yield "ADDED", item
        version = listed["metadata"]["resourceVersion"]
        async for type_, item in self._watch(path, version):
            if type_ == "ERROR":
                return
            yield type_, item

    async def _watch(self, path: str, version: str) -> AsyncIterator[tuple[str, Object]]:
        if self._session is None:
            raise RuntimeError("the client is not open")
        query = {"watch": "true", "resourceVersion": version}
        async with self._session.get(path, params=query) as response:
            if response.status >= 400:
                raise Refused(response.status, await response.text())
            async for line in response.content:
                event = orjson.loads(line)
                yield event["type"], event["object"]


class Actor:
    """Something that acts on one cluster: a client, and the tasks that use it until `stop`."""

    def __init__(self, access: Access) -> None:
        self._client = Client(access)
        self._tasks: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.__aexit__(None, None, None)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
