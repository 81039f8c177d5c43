"""Pages for people on the port of the probes: who may see them, and that they hold up nothing else.

They show names of objects and servers' words, which are not for everybody who reaches the port. So
unless told otherwise only this machine sees them: that is also what `kubectl port-forward` is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from typing import Final, Literal
from urllib.parse import urlsplit

from aiohttp import web

Access = Literal["local", "everyone", "none"]
WAITING: Final = 8
"""So many may wait for a page at once."""
_LOOPBACK = frozenset({"127.0.0.1", "::1"})
# Not all of 127.0.0.0/8: proxies beside a process let strangers in by other addresses of it.
_REFUSAL = (
    "This page is shown to its own machine only. Use for example\n"
    "  kubectl port-forward deployment/watcher 8080\n"
    "and open http://localhost:8080/, or set health.page: everyone and see to it that only those\n"
    "can reach this port who may read the names of all objects.\n"
)


@dataclass(frozen=True, slots=True)
class Answer:
    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


View = Callable[[Mapping[str, str]], Answer]
"""From the parameters of the address to a page; called in a thread, as it may ask Redis."""


@dataclass(frozen=True, slots=True)
class Views:
    """Pages by path, and who may see them."""

    pages: Mapping[str, View] = field(default_factory=dict)
    access: Access = "local"

    def add_to(self, app: web.Application) -> None:
        """They have one thread of their own: the default ones are for work."""
        if self.access == "none" or not self.pages:
            return
        room = _Room()
        for path, view in self.pages.items():
            app.router.add_get(path, self._guarded(view, room))
        app.on_cleanup.append(room.close)

    def _guarded(
        self, view: View, room: "_Room"
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            if self.access == "local" and not is_local(request.remote, request.host):
                return web.Response(status=403, text=_REFUSAL)
            return await room.show(view, dict(request.query))

        return answer


class _Room:
    """One thread in which pages are made, one after another."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "page")
        self._waiting = 0

    async def show(self, view: View, asked: Mapping[str, str]) -> web.Response:
        if self._waiting >= WAITING:
            return web.Response(
                status=503, text="Too many ask at once.\n", headers={"Retry-After": "2"}
            )
        self._waiting += 1
        try:
            made = await asyncio.get_running_loop().run_in_executor(self._thread, view, asked)
        finally:
            self._waiting -= 1
        return web.Response(status=made.status, body=made.body, headers=made.headers)

    async def close(self, _: web.Application) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def is_local(peer: str | None, host: str) -> bool:
    """Whether a request comes from this machine, and means it: a page of a stranger that a browser
    here has open may lead its own name to this address, but not this name."""
    try:
        address = ip_address(peer or "")
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return str(address) in _LOOPBACK and name in {"localhost", *_LOOPBACK}
