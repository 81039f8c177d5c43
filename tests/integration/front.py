"""A server in front of an API server that passes everything on, but for what a test has it say."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

import aiohttp
import orjson
import yaml
from aiohttp import web

from common.objects import Obj

REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
Denial = Callable[[Obj], bool]
"""Whether the access with these attributes is denied."""


@dataclass
class Front:
    """answers: by path. denied: what access reviews answer no to. off_s: of its clock. away: drops
    every connection."""

    behind: str
    session: aiohttp.ClientSession
    answers: dict[str, Obj] = field(default_factory=dict)
    denied: Denial | None = None
    off_s: float = 0.0
    away: bool = False

    async def handle(self, request: web.Request) -> web.Response:
        raw = await request.read()
        if self.away and request.transport:
            request.transport.abort()
        if request.path in self.answers:
            return self._said(orjson.dumps(self.answers[request.path]), 200)
        if request.path == REVIEW and self.denied:
            asked = orjson.loads(raw)["spec"]["resourceAttributes"]
            status = {"allowed": not self.denied(asked)}
            return self._said(orjson.dumps({"spec": {}, "status": status}), 201)
        url = f"{self.behind}{request.path_qs}"
        kept = {k: v for k, v in request.headers.items() if k in ("Authorization", "Content-Type")}
        async with self.session.request(
            request.method, url, data=raw or None, headers=kept, ssl=False
        ) as answer:
            return self._said(await answer.read(), answer.status)

    def _said(self, body: bytes, status: int) -> web.Response:
        date = {"Date": formatdate(time.time() + self.off_s, usegmt=True)}
        return web.Response(body=body, status=status, content_type="application/json", headers=date)


@asynccontextmanager
async def front(kubeconfig: Path, file: Path) -> AsyncIterator[Front]:
    """In front of the server of `kubeconfig`; `file` will be a kubeconfig that leads here."""
    content = _read(kubeconfig)
    cluster = content["clusters"][0]["cluster"]
    async with aiohttp.ClientSession() as session:
        made = Front(cluster["server"], session)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", made.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        cluster["server"] = f"http://127.0.0.1:{runner.addresses[0][1]}"
        _write(file, content)
        try:
            yield made
        finally:
            await runner.cleanup()


def _read(kubeconfig: Path) -> Obj:
    content: Obj = yaml.safe_load(kubeconfig.read_text())
    return content


def _write(file: Path, content: Obj) -> None:
    file.write_text(yaml.safe_dump(content))
