"""A headless Chromium for tests, driven by the protocol that it speaks itself (DevTools).

Any Chromium will do: the one that $CHROMIUM names, else the first on PATH.
"""

import asyncio
import itertools
import json
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from common.objects import Obj
from tests.e2e.waiting import eventually

_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "chrome")
_OPTIONS = (
    "--headless",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-proxy-server",
    "--remote-debugging-port=0",
    "--window-size=1200,900",
)
_START_S = 30.0
ANSWER_S = 15.0
Event = tuple[str, Obj]


def find_chromium() -> str:
    """Its path, "" when there's none."""
    given = os.environ.get("CHROMIUM", "")
    return given or next((path for name in _NAMES if (path := shutil.which(name))), "")


class DevToolsError(AssertionError):
    """The browser refused; while a page changes that is only for now, so `eventually` goes on."""


class Browser:
    """Its one connection, over which all tabs speak."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._ids = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Obj]] = {}
        self._listeners: dict[str, Callable[[Event], None]] = {}

    async def call(self, method: str, session: str = "", **parameters: Any) -> Obj:
        """Raises DevToolsError."""
        id_ = next(self._ids)
        message: Obj = {"id": id_, "method": method, "params": parameters}
        answered = self._answers[id_] = asyncio.get_running_loop().create_future()
        await self._socket.send_json(message | ({"sessionId": session} if session else {}))
        answer = await asyncio.wait_for(answered, ANSWER_S)
        if "error" in answer:
            raise DevToolsError(f"{method}: {answer['error']}")
        result: Obj = answer["result"]
        return result

    def listen(self, session: str, listener: Callable[[Event], None]) -> None:
        self._listeners[session] = listener

    async def read(self) -> None:
        """Until the connection ends."""
        async for message in self._socket:
            told: Obj = json.loads(message.data)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            elif listener := self._listeners.get(told.get("sessionId", "")):
                listener((told["method"], told["params"]))


@asynccontextmanager
async def open_browser(folder: Path, chromium: str) -> AsyncIterator[Browser]:
    """`folder` is for what it keeps."""
    process = _start(folder, chromium)
    try:
        url = await eventually(lambda: _address(folder, process), _START_S)
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(url, max_msg_size=0) as socket,
        ):
            browser = Browser(socket)
            reading = asyncio.create_task(browser.read())
            yield browser
            with suppress(DevToolsError, ConnectionError):
                await browser.call("Browser.close")
            reading.cancel()
        await asyncio.to_thread(process.wait, 10)
    finally:
        process.kill()
        process.wait()


def _start(folder: Path, chromium: str) -> "subprocess.Popen[bytes]":
    folder.mkdir(parents=True, exist_ok=True)
    command = [chromium, *_OPTIONS, f"--user-data-dir={folder}"]
    if os.geteuid() == 0:
        command.append("--no-sandbox")  # Chromium's own one refuses to work for root
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [*command, "about:blank"], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )


async def _address(folder: Path, process: "subprocess.Popen[bytes]") -> str:
    """Where it listens, "" as long as it doesn't say."""
    if process.poll() is not None:
        raise RuntimeError(f"Chromium ended:\n{(folder / 'log').read_text()[-2000:]}")
    port_file = folder / "DevToolsActivePort"
    lines = port_file.read_text().split() if port_file.exists() else []
    return f"ws://127.0.0.1:{lines[0]}{lines[1]}" if len(lines) == 2 else ""
