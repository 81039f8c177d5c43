"""Serves one request: lets faults strike, notes writes, and passes bytes on in both directions."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import aiohttp
import orjson
from aiohttp import web
from yarl import URL

from sandbox.kubeconfig import Access
from tests.proxy.audit import Audit, Write
from tests.proxy.copies import Copies
from tests.proxy.faults import Fault, Faults, Sort
from tests.proxy.status import expired_event, failure, without_items
from tests.proxy.streams import Streams, drop
from tests.proxy.target import parse_target, verb_of

Inspect = Callable[[Write], Iterable[str]]
Note = Callable[[str, str, bool], None]
"""Is told verb and path of each request, and whether it is a dry run."""

_OF_THE_CONNECTION: Final = frozenset(
    "accept-encoding connection content-length date host keep-alive server te trailer"
    " transfer-encoding upgrade".split()
)
_TROUBLE: Final = (aiohttp.ClientError, OSError)
_READS: Final = ("GET", "HEAD", "OPTIONS")


class Forwarder:
    """`inspect` names, for a write, paths that the proxy reads before, with its own `access`."""

    def __init__(
        self, access: Access, faults: Faults, audit: Audit, inspect: Inspect, note: Note
    ) -> None:
        self._access = access
        self._faults = faults
        self._audit = audit
        self._inspect = inspect
        self._note = note
        self._copies = Copies()
        self.streams = Streams()
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=access.verify, keepalive_timeout=30),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Content-Type"),
            read_bufsize=2**18,
        )

    async def close(self) -> None:
        await self._session.close()

    async def serve(self, http: web.BaseRequest) -> web.StreamResponse:
        """A connection to the API server that fails becomes one of the client's that does."""
        verb = verb_of(http.method, parse_target(http.path), http.query)
        self._note(verb, http.path, "dryRun" in http.query)
        body = await http.content.read() if http.can_read_body else b""
        write = None if http.method in _READS else _write(http, verb, body)
        try:
            return await self._strike(http, verb, body, write)
        finally:
            if write is not None:
                self._audit.add(write)

    async def copy_lists(self) -> int:
        """Ask for every list once more, one after the other."""
        known = self._copies.lists()
        for path, headers in known:
            async with self._session.get(self._url(path), headers=headers) as answer:
                if answer.status == 200:
                    self._copies.keep(path, headers, await answer.read())
        return len(known)

    async def _strike(
        self, http: web.BaseRequest, verb: str, body: bytes, write: Write | None
    ) -> web.StreamResponse:
        """With the trouble that is due, if any."""
        striking = self._faults.striking(http.method, verb, http.path_qs)
        for fault in striking:
            if fault.sort is Sort.DELAY:
                self._faults.count("delay")
                await asyncio.sleep(fault.seconds)
        fatal = next((fault for fault in striking if fault.sort is not Sort.DELAY), None)
        if fatal is None:
            return await self._pass(http, verb, body, write)
        return await self._suffer(fatal, http, verb, body, write)

    async def _suffer(
        self, fault: Fault, http: web.BaseRequest, verb: str, body: bytes, write: Write | None
    ) -> web.StreamResponse:
        if fault.sort is Sort.STALE:
            return await self._stale(fault, http, verb, body)
        self._faults.count(fault.sort.value)
        match fault.sort:
            case Sort.FAIL:
                self._faults.count(f"fail {fault.code}")
                return failure(fault.code, fault.retry_after_s)
            case Sort.HANG:
                await asyncio.sleep(fault.seconds)
                await drop(http)
            case Sort.EXPIRE:
                as_event = verb == "watch" and self._faults.chance() < 0.5
                return expired_event() if as_event else failure(410)
        answer = await self._pass(http, verb, body, write)
        if fault.sort is Sort.FAIL_AFTER:
            return failure(fault.code) if fault.code else await drop(http)
        if isinstance(answer, web.Response) and isinstance(answer.body, bytes):
            answer.body = without_items(answer.body)
        return answer

    async def _stale(
        self, fault: Fault, http: web.BaseRequest, verb: str, body: bytes
    ) -> web.StreamResponse:
        chance = self._faults.chance()
        earlier = self._copies.earlier(http.raw_path, fault.seconds, chance)
        if earlier is None:
            return await self._pass(http, verb, body, None)
        self._faults.count(fault.sort.value)
        return web.Response(body=earlier, headers={"Content-Type": "application/json"})

    async def _pass(
        self, http: web.BaseRequest, verb: str, body: bytes, write: Write | None
    ) -> web.StreamResponse:
        """What the API server answers; drops the client's connection when there is no answer."""
        try:
            return await self._ask(http, verb, body, write)
        except _TROUBLE:
            await drop(http)

    async def _ask(
        self, http: web.BaseRequest, verb: str, body: bytes, write: Write | None
    ) -> web.StreamResponse:
        headers = _travelling(http.headers)
        if write is not None:
            for path in self._inspect(write):
                if not await self._look(write, path):
                    return failure(503)
            write.forwarded = True
        async with self._session.request(
            http.method,
            self._url(http.raw_path),
            data=body or None,
            headers={**headers, "Accept-Encoding": "identity"},
            allow_redirects=False,
        ) as answer:
            if verb == "watch" and answer.status == 200:
                return await self.streams.run(http, answer, _travelling(answer.headers))
            answered = await answer.read()
            if write is not None:
                write.status, write.answer = answer.status, answered
            if verb == "list" and answer.status == 200 and "continue=" not in http.raw_path:
                self._copies.keep(http.raw_path, headers, answered)
            return web.Response(
                status=answer.status, body=answered, headers=_travelling(answer.headers)
            )

    async def _look(self, write: Write, path: str) -> bool:
        """Whether the API server told what is there. A write is not done without that."""
        token = {"Authorization": f"Bearer {self._access.token}", "Accept-Encoding": "identity"}
        async with self._session.get(self._url(path), headers=token) as answer:
            content = await answer.read()
        if answer.status in (200, 404):
            write.found[path] = orjson.loads(content) if answer.status == 200 else None
        return path in write.found

    def _url(self, path: str) -> URL:
        return URL(f"{self._access.url}{path}", encoded=True)


def _write(http: web.BaseRequest, verb: str, body: bytes) -> Write:
    return Write(
        time_s=time.time(),
        method=http.method,
        verb=verb,
        path=http.path,
        query=dict(http.query),
        target=parse_target(http.path),
        content_type=http.headers.get("Content-Type", ""),
        agent=http.headers.get("User-Agent", ""),
        raw=body,
    )


def _travelling(headers: Mapping[str, str]) -> dict[str, str]:
    """Less those that are about the connection. No API server repeats a header."""
    return {
        name: value for name, value in headers.items() if name.lower() not in _OF_THE_CONNECTION
    }
