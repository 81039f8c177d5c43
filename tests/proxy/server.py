"""The proxy itself: a thread with an event loop, a listening socket and what serves it."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Coroutine, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from aiohttp import web

from sandbox.kubeconfig import read_access, write_kubeconfig
from tests.proxy.audit import Audit, Write
from tests.proxy.calls import Call, Calls
from tests.proxy.faults import Faults
from tests.proxy.forward import Forwarder, Inspect

_WITHIN_S: Final = 15.0
_BACKLOG: Final = 512
_ADDRESS: Final = "127.0.0.1"
Answer = TypeVar("Answer")


def _nothing(_: Write) -> Iterable[str]:
    return ()


class Proxy:
    """Use it as a context manager; `kubeconfig` leads to it, with the token of the API server's.

    `inspect` names, for a write, what to read before it: paths with query. `calls` takes every
    request. `seed` makes chance repeatable, as far as the order of requests is. `close`, `open`,
    `interrupt` and `copy_lists` are for `faults`.
    """

    def __init__(
        self,
        upstream_kubeconfig: Path,
        directory: Path,
        name: str,
        *,
        audit: Audit | None = None,
        inspect: Inspect = _nothing,
        calls: Calls | None = None,
        seed: int = 0,
    ) -> None:
        self.name = name
        self.faults = Faults(self, seed)
        self.audit = audit or Audit()
        self._access = read_access(upstream_kubeconfig)
        self._file = directory / f"{name}.kubeconfig"
        self._inspect = inspect
        self._calls = calls
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"proxy {name}")
        self._port = 0

    @property
    def kubeconfig(self) -> Path:
        return self._file

    @property
    def url(self) -> str:
        return f"http://{_ADDRESS}:{self._port}"

    @property
    def watches(self) -> int:
        """How many pass through now."""
        return len(self._forwarder.streams)

    def __enter__(self) -> Self:
        self._thread.start()
        self._run(self._start())
        write_kubeconfig(self._file, self.url, token=self._access.token)
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_WITHIN_S)
        self._loop.close()

    def close(self) -> None:
        """Stop listening and reset every connection. Nobody else gets the port meanwhile."""
        self._run(self._close())

    def open(self) -> None:
        self._run(self._listen())

    def interrupt(self, path: re.Pattern[str], *, cut: bool) -> int:
        return self._run(self._interrupt(path, cut=cut))

    def copy_lists(self) -> int:
        return self._run(self._forwarder.copy_lists())

    def _run(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_WITHIN_S)

    async def _start(self) -> None:
        self._forwarder = Forwarder(
            self._access, self.faults, self.audit, self._inspect, self._noted
        )
        self._web = web.Server(self._forwarder.serve, handler_cancellation=True, access_log=None)
        self._server: asyncio.Server | None = None
        self._socket = _bound(0)
        self._port = self._socket.getsockname()[1]
        await self._listen()

    def _noted(self, verb: str, path: str, dry_run: bool) -> None:
        if self._calls is not None:
            self._calls.add(Call(self.name, verb, path, dry_run))

    async def _stop(self) -> None:
        await self._close()
        self._socket.close()
        await self._web.shutdown(0)
        await self._forwarder.close()

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await self._loop.create_server(
                self._web, sock=self._socket, backlog=_BACKLOG
            )

    async def _close(self) -> None:
        if self._server is None:
            return
        self._server.close()
        self._server = None
        self._socket = _bound(self._port)
        for connection in self._web.connections:
            if connection.transport is not None:
                connection.transport.abort()

    async def _interrupt(self, path: re.Pattern[str], *, cut: bool) -> int:
        return self._forwarder.streams.interrupt(path, cut=cut)


def _bound(port: int) -> socket.socket:
    """Holds the port; connections are refused until something listens on it."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind((_ADDRESS, port))
    held.setblocking(False)
    return held
