"""tohost's processes as people run them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import orjson

from common.objects import Obj
from sandbox.ports import free_port

_REPOSITORY = Path(__file__).parents[2]
_NOTHING: Mapping[str, str] = {}


class Process:
    """`python -m watchers` or `python -m workers` with a log of its own; `folder` is where the
    product is, `environ` adds to the environment."""

    def __init__(
        self,
        module: str,
        config: Path,
        log: Path,
        folder: Path = _REPOSITORY,
        environ: Mapping[str, str] = _NOTHING,
    ) -> None:
        self.module = module
        self.log = log
        self.health_port = free_port()
        command = [sys.executable, "-m", module, "--config", str(config)]
        command += ["--health-port", str(self.health_port), "--log-level", "debug"]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=folder,
                env={**os.environ, "PYTHONASYNCIODEBUG": "", **environ},
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """As a crash does (kill -9)."""
        self._process.kill()
        self._process.wait()

    async def stop(self, within_s: float = 10) -> int:
        """The exit code after SIGTERM. Raises subprocess.TimeoutExpired when it doesn't end."""
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self._process.wait, within_s)

    async def probe(self, path: str = "/readyz") -> tuple[int, Obj]:
        """HTTP status and JSON answer; status 0 while nothing listens."""
        try:
            status, body = await self._get(path)
        except aiohttp.ClientConnectionError:
            return 0, {}
        return status, orjson.loads(body) if body.startswith(b"{") else {}

    async def page(self, path: str) -> bytes:
        """What it answers. Raises aiohttp.ClientConnectionError."""
        return (await self._get(path))[1]

    async def _get(self, path: str) -> tuple[int, bytes]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{self.health_port}{path}") as response,
        ):
            return response.status, await response.read()

    async def ready(self) -> bool:
        assert self.runs, f"{self.module} ended:\n{self.log_end()}"
        return (await self.probe())[0] == 200

    def log_end(self) -> str:
        return "\n".join(self.log.read_text().splitlines()[-15:])
