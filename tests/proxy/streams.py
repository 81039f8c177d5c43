"""Watches that are open, as they pass through, until someone ends or breaks them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Final, NoReturn

import aiohttp
from aiohttp import web

_HALF_A_LINE: Final = b'{"type":"MODIFIED","object":{"metadata":{"na'


async def drop(http: web.BaseRequest) -> NoReturn:
    """Resets the connection, whereupon the request's handler is cancelled."""
    if http.transport is not None:
        http.transport.abort()
    await asyncio.Event().wait()
    raise ConnectionResetError  # never reached


@dataclass(slots=True, eq=False)
class _Stream:
    path: str
    broken: asyncio.Future[bool]


@dataclass(slots=True)
class Streams:
    """To be used in the proxy's loop only."""

    _open: set[_Stream] = field(default_factory=set)

    def __len__(self) -> int:
        return len(self._open)

    async def run(
        self, http: web.BaseRequest, answer: aiohttp.ClientResponse, headers: dict[str, str]
    ) -> web.StreamResponse:
        """Passes bytes on as they come. A client that leaves cancels this."""
        response = web.StreamResponse(status=answer.status, headers=headers)
        response.enable_chunked_encoding()
        await response.prepare(http)
        stream = _Stream(http.path_qs, asyncio.get_running_loop().create_future())
        self._open.add(stream)
        passing = asyncio.ensure_future(_pass_on(answer, response))
        try:
            await asyncio.wait((passing, stream.broken), return_when=asyncio.FIRST_COMPLETED)
            if stream.broken.done():
                passing.cancel()
                await _break(http, response, answer, cut=stream.broken.result())
            elif passing.exception():
                await drop(http)
            return response
        finally:
            self._open.discard(stream)
            passing.cancel()

    def interrupt(self, path: re.Pattern[str], *, cut: bool) -> int:
        """Cuts or silences those whose path with query matches; returns how many."""
        hit = [each for each in self._open if path.search(each.path) and not each.broken.done()]
        for stream in hit:
            stream.broken.set_result(cut)
        return len(hit)


async def _pass_on(answer: aiohttp.ClientResponse, response: web.StreamResponse) -> None:
    async for chunk in answer.content.iter_any():
        await response.write(chunk)


async def _break(
    http: web.BaseRequest,
    response: web.StreamResponse,
    answer: aiohttp.ClientResponse,
    *,
    cut: bool,
) -> None:
    answer.close()
    if not cut:
        await asyncio.Event().wait()
    await response.write(_HALF_A_LINE)
    await drop(http)
