"""Child processes of a benchmark, and what they use: CPU seconds and resident memory."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).resolve().parents[2]
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_START_S: Final = 60.0
_STOP_S: Final = 20.0


class Child:
    """`python -m ARGUMENTS` with its output in a file; runs until it is stopped."""

    def __init__(self, arguments: Sequence[str], log: Path) -> None:
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=_ROOT,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stopped (SIGSTOP) until the block ends."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def wait(self) -> None:
        """Until it ends by itself. Raises RuntimeError when that is with an error."""
        if self._process.wait():
            raise RuntimeError(f"{self.log.stem} failed:\n{self.log_end()}")

    def end(self) -> None:
        """Ask it to end (SIGTERM), without waiting for that."""
        self._process.terminate()

    def stop(self) -> None:
        self.end()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def log_end(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])


@contextmanager
def child(arguments: Sequence[str], log: Path, started: Callable[[], bool]) -> Iterator[Child]:
    """Runs until the block ends, from when `started` says so. Raises RuntimeError when it ends
    before, or takes too long."""
    process = Child(arguments, log)
    try:
        deadline = time.monotonic() + _START_S
        while not started():
            if not process.runs or time.monotonic() > deadline:
                raise RuntimeError(f"{arguments[0]} did not start:\n{process.log_end()}")
            time.sleep(0.02)
        yield process
    finally:
        process.stop()


def cpu_s(pid: int) -> float:
    """User and system seconds of a running process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def rss_mib(pid: int) -> float:
    """Resident memory now."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))
