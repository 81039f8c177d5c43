"""Flame graphs of the processes under measurement, by py-spy where it is installed."""

import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import Process

_END_TIMEOUT_S = 30.0
_RECORD = "py-spy record --nonblocking --threads --rate 200 --duration unlimited --pid".split()


@contextmanager
def profiled(processes: Sequence[Process], directory: Path | None) -> Iterator[None]:
    """Until the block ends; one SVG for each process. None: nothing is profiled. Raises OSError
    without py-spy on PATH. Figures measured meanwhile are a little worse."""
    if directory is None:
        yield
        return
    directory.mkdir(parents=True, exist_ok=True)
    spies = [
        subprocess.Popen([*_RECORD, str(each.pid), "--output", str(directory / f"{each.name}.svg")])
        for each in processes
    ]
    try:
        yield
    finally:
        for spy in spies:
            spy.send_signal(signal.SIGINT)
        for spy in spies:
            spy.wait(_END_TIMEOUT_S)
