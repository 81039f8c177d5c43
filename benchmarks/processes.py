"""The processes under measurement, and the CPU that each has used."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import yaml

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_ROOT = Path(__file__).resolve().parent.parent
STOP_TIMEOUT_S = 15.0
_CHECK_S = 0.5
CLUSTER = "bench"

T = TypeVar("T")


class Process:
    """One child of ours; its output goes to a file."""

    def __init__(self, name: str, arguments: list[str], log: Path) -> None:
        self.name = name
        self._killed = False
        self._log_file = log
        self._log = log.open("wb")
        self._child = subprocess.Popen(
            [sys.executable, "-m", *arguments], stdout=self._log, stderr=self._log, cwd=_ROOT
        )

    @property
    def pid(self) -> int:
        return self._child.pid

    def cpu_s(self) -> float:
        return cpu_s(self._child.pid)

    def rss_mib(self) -> float:
        return rss_mib(self._child.pid)

    def check(self) -> None:
        """Raises RuntimeError, with the end of its log, when it has ended by itself."""
        if self._child.poll() is not None and not self._killed:
            end = "\n".join(self._log_file.read_text(errors="replace").splitlines()[-10:])
            raise RuntimeError(f"{self.name} has ended:\n{end}")

    def kill(self) -> None:
        self._killed = True
        self._child.kill()
        self._child.wait()

    def stop(self) -> None:
        if self._child.poll() is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(STOP_TIMEOUT_S)
        finally:
            self._child.kill()
            self._log.close()


async def guarded(work: Coroutine[Any, Any, T], processes: Sequence[Process]) -> T:
    """What `work` answers; raises RuntimeError as soon as one of the processes has ended."""
    async with asyncio.TaskGroup() as group:
        guard = group.create_task(_guard(processes))
        answer = await work
        guard.cancel()
    return answer


async def _guard(processes: Sequence[Process]) -> None:
    while True:
        for process in processes:
            process.check()
        await asyncio.sleep(_CHECK_S)


def cpu_s(pid: int) -> float:
    """User and system seconds of a process, 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def rss_mib(pid: int) -> float:
    """Resident memory of a process, 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def fleet(config: Path, directory: Path, watchers: int, workers: int) -> Iterator[list[Process]]:
    """That many watchers and workers; all are stopped in the end."""
    wanted = [("watchers", each) for each in range(watchers)]
    wanted += [("workers", each) for each in range(workers)]
    running: list[Process] = []
    try:
        for module, number in wanted:
            name = f"{module[:-1]}-{number}"
            arguments = [module, "--config", str(config), "--log-level", "warning"]
            running.append(Process(name, arguments, directory / f"{name}.log"))
        yield running
    finally:
        for process in running:
            process.stop()


def write_config(directory: Path, redis_url: str, host: Path, virtual: Path) -> Path:
    """A tohost.yaml for one virtual cluster."""
    file = directory / "tohost.yaml"
    settings = {
        "redis": {"url": redis_url},
        "host": {"kubeconfig": str(host)},
        "virtualClusters": [
            {
                "name": CLUSTER,
                "hostNamespace": "vc-bench",
                "kubeconfig": str(virtual),
                "networking": {"apiServiceIP": "10.97.0.10", "dnsServiceIP": "10.97.0.11"},
                "sync": {"toHost": {"configMaps": {"enabled": True, "all": True}}},
            }
        ],
    }
    file.write_text(yaml.safe_dump(settings))
    return file
