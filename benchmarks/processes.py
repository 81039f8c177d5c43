"""The processes under measurement, and the CPU that each has used."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_ROOT = Path(__file__).resolve().parent.parent
STOP_TIMEOUT_S = 15.0


class Process:
    """One child of ours; its output goes to a file."""

    def __init__(self, name: str, arguments: list[str], log: Path) -> None:
        self.name = name
        self._log = log.open("wb")
        self._child = subprocess.Popen(
            [sys.executable, "-m", *arguments], stdout=self._log, stderr=self._log, cwd=_ROOT
        )

    def cpu_s(self) -> float:
        return cpu_s(self._child.pid)

    def kill(self) -> None:
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


def cpu_s(pid: int) -> float:
    """User and system seconds of a process, 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


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
                "name": "bench",
                "hostNamespace": "vc-bench",
                "kubeconfig": str(virtual),
                "networking": {"apiServiceIP": "10.97.0.10", "dnsServiceIP": "10.97.0.11"},
                "sync": {"toHost": {"configMaps": {"enabled": True, "all": True}}},
            }
        ],
    }
    file.write_text(yaml.safe_dump(settings))
    return file
