"""Sends a watch over HTTP, until it ends, the client leaves, or a fault breaks it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from sandbox.faults import Faults, OpenWatch, WatchFault
from sandbox.verbs.watching import WatchStream


class _Interruption:
    """A fault that struck this watch; may be set from any thread."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._struck: asyncio.Future[WatchFault] = self._loop.create_future()

    def strike(self, fault: WatchFault) -> None:
        self._loop.call_soon_threadsafe(self._resolve, fault)

    def _resolve(self, fault: WatchFault) -> None:
        if not self._struck.done():
            self._struck.set_result(fault)

    async def wait(self) -> WatchFault:
        return await self._struck


async def send_watch(
    http: web.BaseRequest, stream: WatchStream, faults: Faults
) -> web.StreamResponse:
    """Runs the watch to its end. A client that goes away cancels or resets, which ends it too."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.enable_chunked_encoding()
    await response.prepare(http)
    interruption = _Interruption()
    watch = OpenWatch(http.path_qs, interruption.strike)
    faults.opened(watch)
    sending = asyncio.create_task(_send(response, stream.chunks()))
    struck = asyncio.create_task(interruption.wait())
    try:
        await asyncio.wait((sending, struck), return_when=asyncio.FIRST_COMPLETED)
        if struck.done():
            await _break(http, response, struck.result(), sending)
        return response
    finally:
        faults.closed(watch)
        sending.cancel()
        struck.cancel()


async def _send(response: web.StreamResponse, chunks: AsyncIterator[bytes]) -> None:
    try:
        async for chunk in chunks:
            await response.write(chunk)
    except ConnectionError:
        return


async def _break(
    http: web.BaseRequest,
    response: web.StreamResponse,
    fault: WatchFault,
    sending: asyncio.Task[None],
) -> None:
    sending.cancel()
    if fault is WatchFault.CUT:
        await response.write(b'{"type":"MODIFIED","object":{"metadata":{"na')
        if http.transport:
            http.transport.abort()
    else:
        await asyncio.Event().wait()
