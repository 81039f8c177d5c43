"""Child processes that are kept running, and stopped together.

It knows nothing of what the children do; `tohost run` and `tohost demo` choose them.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import IO

STOP_TIMEOUT_S = 10.0
# A child that ran this long before it died is started again without delay.
STEADY_S = 30.0
USAGE_EXIT_CODE = 2
_PR_SET_PDEATHSIG = 1
# Loaded here, since nothing may be loaded between fork and exec.
_LIBC = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Program:
    """What to run; `name` is for people. `output` None: our own standard output and error."""

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str] = field(default_factory=dict)
    output: IO[bytes] | None = None


def python(name: str, *arguments: str, environ: Mapping[str, str] | None = None) -> Program:
    """This interpreter with some arguments."""
    return Program(name, (sys.executable, *arguments), environ or {})


def backoff_s(failures: int) -> float:
    """How long to wait before the start after so many failures in a row."""
    return 0.0 if failures <= 1 else min(0.5 * 2 ** (failures - 2), 30.0)


class ProcessTree:
    """Runs programs until `stop`; one that ends is started again, with back-off.

    A program that says its configuration is wrong (exit code 2) before it ran steadily ends the
    whole tree, since starting it again can't help.
    """

    def __init__(self, report: Callable[[str], None] = print) -> None:
        self._report = report
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.exit_code = 0

    def start(self, program: Program) -> None:
        self._tasks.append(asyncio.create_task(self._keep_running(program)))

    def pids(self) -> dict[str, int]:
        """Process ids of what runs now, by program name."""
        return {name: process.pid for name, process in self._running.items()}

    async def wait(self) -> int:
        """Until everything has ended; the exit code for the whole tree."""
        await asyncio.gather(*self._tasks)
        return self.exit_code

    def stop(self) -> None:
        """SIGTERM to all; those still there after STOP_TIMEOUT_S are killed."""
        self._stopping.set()

    def kill(self) -> None:
        """SIGKILL to all, now."""
        self._stopping.set()
        for process in self._running.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()

    async def _keep_running(self, program: Program) -> None:
        failures = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once(program)
            if self._stopping.is_set():
                return
            steady = time.monotonic() - started >= STEADY_S
            if code == USAGE_EXIT_CODE and not steady:
                self.exit_code = code
                self.stop()
                return
            failures = 1 if steady else failures + 1
            delay_s = backoff_s(failures)
            self._report(f"{program.name} ended ({_meaning(code)}); {_soon(delay_s)}")
            await self._sleep(delay_s)

    async def _run_once(self, program: Program) -> int:
        process = await asyncio.create_subprocess_exec(
            *program.command,
            env={**os.environ, **program.environ},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=program.output,
            stderr=program.output,
            # Ctrl-C reaches only us: we tell the children, in order.
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        self._running[program.name] = process
        try:
            return await self._ended(process)
        finally:
            del self._running[program.name]

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        """Wait for its end; when we stop meanwhile, end it."""
        ended = asyncio.create_task(process.wait())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            await asyncio.wait({ended, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not ended.done():
                process.terminate()
                await asyncio.wait({ended}, timeout=STOP_TIMEOUT_S)
            if not ended.done():
                process.kill()
            return await ended
        finally:
            stopping.cancel()
            if process.returncode is None:
                process.kill()

    async def _sleep(self, delay_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), delay_s)


def _end_with_parent() -> None:
    """In the child: have Linux send SIGTERM when the parent dies, however it dies."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _soon(delay_s: float) -> str:
    return f"starting it again in {delay_s:g} s" if delay_s else "starting it again"


def _meaning(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
