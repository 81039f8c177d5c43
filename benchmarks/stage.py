"""Where a benchmark plays: two API servers without a kubelet, and a Redis of its own.

The servers are processes of their own, so that they and the measuring client don't share a core's
interpreter.
"""

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from common.kube.client import KubeClient
from sandbox.redis import RedisServer
from tests.controlplane import control_planes

START_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Stage:
    virtual_kubeconfig: Path
    host_kubeconfig: Path
    redis_url: str
    real: bool


@contextmanager
def stage(directory: Path) -> Iterator[Stage]:
    """Real API servers when KUBEBUILDER_ASSETS is set."""
    real = bool(os.environ.get("KUBEBUILDER_ASSETS"))
    servers = _real(directory / "planes") if real else _sandbox(directory / "sandbox")
    with RedisServer(directory / "redis") as redis, servers as (virtual, host):
        yield Stage(virtual, host, redis.url, real)


@asynccontextmanager
async def clients(virtual: Path, host: Path) -> AsyncIterator[tuple[KubeClient, KubeClient]]:
    """Of both API servers, by their kubeconfigs."""
    async with (
        await KubeClient.connect(str(virtual), name="virtual") as of_virtual,
        await KubeClient.connect(str(host), name="host") as of_host,
    ):
        yield of_virtual, of_host


async def make_namespace(client: KubeClient, name: str) -> None:
    await client.request("POST", "/api/v1/namespaces", body={"metadata": {"name": name}})


@contextmanager
def _real(directory: Path) -> Iterator[tuple[Path, Path]]:
    with control_planes(directory) as planes:
        yield planes.virtual_kubeconfig, planes.host_kubeconfig


@contextmanager
def _sandbox(directory: Path) -> Iterator[tuple[Path, Path]]:
    directory.mkdir(parents=True)
    files = directory / "virtual.kubeconfig", directory / "host.kubeconfig"
    command = [sys.executable, "-m", "sandbox", "--no-kubelet", "--dir", str(directory)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not all(file.exists() for file in files):
            if child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the sandbox did not start")
            time.sleep(0.05)
        yield files
    finally:
        child.terminate()
        child.wait()
