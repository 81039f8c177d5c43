"""A tiny HTTP server for probes: /healthz, /readyz, and pages such as /metrics.

/healthz answers while the event loop turns. /readyz asks `ready` for what isn't right: nothing is
200, anything is 503, and the body says it either way.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson
from aiohttp import web

from common.errors import ConfigError
from common.process import metrics
from common.process.views import Views

Page = Callable[[], tuple[str, bytes]]
"""Gives content type and body of an extra page; called in a thread, as it may have to ask Redis."""

PAGES: Mapping[str, Page] = {"/metrics": metrics.page}
NO_VIEWS = Views()


@dataclass(frozen=True, slots=True)
class Readiness:
    """`waiting`: what must come first, by name. `notes`: what is wrong but not ours to wait for."""

    waiting: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return not self.waiting

    def noting(self, more: Mapping[str, str]) -> "Readiness":
        """The same with more notes."""
        return Readiness(self.waiting, {**self.notes, **more})

    def body(self) -> bytes:
        shown = {"ready": self.ok, "waiting": dict(self.waiting), "notes": dict(self.notes)}
        return orjson.dumps(shown, option=orjson.OPT_INDENT_2) + b"\n"


@asynccontextmanager
async def serve(
    port: int,
    ready: Callable[[], Readiness],
    pages: Mapping[str, Page] = PAGES,
    host: str = "0.0.0.0",
    views: Views = NO_VIEWS,
) -> AsyncIterator[int]:
    """Serve while the context lasts; gives the port (useful when `port` is 0).

    `pages`: for programs, by path; `views`: for people. Raises ConfigError when the port is taken.
    """
    app = web.Application()
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _readyz(ready))
    for path, page in pages.items():
        app.router.add_get(path, _page(page))
    views.add_to(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError as error:
        await runner.cleanup()
        raise ConfigError(
            f"health.port: {host}:{port} can't be served ({error.strerror}); write a free port"
        ) from error
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _healthz(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")


def _readyz(ready: Callable[[], Readiness]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        report = ready()
        return web.Response(
            status=200 if report.ok else 503, body=report.body(), content_type="application/json"
        )

    return answer


def _page(page: Page) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(_: web.Request) -> web.Response:
        content_type, body = await asyncio.to_thread(page)
        return web.Response(body=body, headers={"Content-Type": content_type})

    return answer
