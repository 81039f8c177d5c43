"""Where a fleet plays: many virtual clusters, one host, a Redis of its own, and clients of all.

The virtual clusters' API servers are the sandbox's, many in one process. The host is a real
kube-apiserver when KUBEBUILDER_ASSETS names its folder, else the sandbox's in another process.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from redis import Redis

from benchmarks.fleet import delay, servers
from benchmarks.fleet.child import child
from common.config.model import VirtualCluster
from common.kube.client import KubeClient
from common.objects import Obj
from sandbox.redis import RedisServer
from tests.controlplane import api_servers, assets
from watchers.streams import streams_of

HOST: Final = "host"
HOST_CIDR: Final = "10.97.0.0/16"
DIRECT_NAMESPACE: Final = "direct"
_NAMESPACES: Final = "/api/v1/namespaces"


@dataclass(frozen=True, slots=True)
class Place:
    """`virtual` by name; `files` has the kubeconfigs of these, and the host's as HOST."""

    directory: Path
    virtual: Mapping[str, KubeClient]
    host: KubeClient
    files: Mapping[str, Path]
    redis: Redis
    redis_url: str
    real: bool

    def write_config(self, host: Path | None = None, more: Mapping[str, Any] | None = None) -> Path:
        """A tohost.yaml for all of them. `host`: another way there; `more`: further sections."""
        content = {
            "redis": {"url": self.redis_url},
            "host": {"kubeconfig": str(host or self.files[HOST])},
            "virtualClusters": [self._settings(name) for name in self.virtual],
            **(more or {}),
        }
        file = self.directory / "tohost.yaml"
        file.write_text(yaml.safe_dump(content))
        return file

    def _settings(self, name: str) -> Obj:
        addresses = {"apiServiceIP": "10.97.0.10", "dnsServiceIP": "10.97.0.11"}
        return {
            "name": name,
            "hostNamespace": host_namespace(name),
            "kubeconfig": str(self.files[name]),
            "networking": addresses,
        }

    def streams(self) -> int:
        """How many there are to watch."""
        settings = [VirtualCluster.model_validate(self._settings(name)) for name in self.virtual]
        return len(list(streams_of([each.cluster() for each in settings])))

    @property
    def servers(self) -> str:
        """What it stands on, for people."""
        host = "a real kube-apiserver" if self.real else "the sandbox's API server"
        return f"{host} as the host, and API servers of the sandbox for the virtual clusters"


def names(count: int, start: str = "v") -> list[str]:
    return [f"{start}{number:03}" for number in range(count)]


def host_namespace(name: str) -> str:
    return f"vc-{name}"


@asynccontextmanager
async def place(directory: Path, *groups: Sequence[str]) -> AsyncIterator[Place]:
    """The virtual clusters of each group share a process. Their host namespaces are there."""
    await asyncio.to_thread(directory.mkdir, parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        server = stack.enter_context(RedisServer(directory / "redis"))
        files: dict[str, Path] = {}
        for number, group in enumerate(groups):
            started = sandbox_servers(directory / f"virtual-{number}", group)
            files |= stack.enter_context(started)
        real = assets() is not None
        files |= stack.enter_context(_real_host(directory) if real else _host(directory))
        clients = {
            name: await stack.enter_async_context(await KubeClient.connect(str(file), name=name))
            for name, file in files.items()
        }
        redis = Redis.from_url(server.url)
        stack.callback(redis.close)
        host = clients.pop(HOST)
        await _create_namespaces(host, clients)
        yield Place(directory, clients, host, files, redis, server.url, real)


@contextmanager
def sandbox_servers(directory: Path, group: Sequence[str]) -> Iterator[dict[str, Path]]:
    """API servers by these names, in one process; answers their kubeconfigs."""
    directory.mkdir(parents=True)
    arguments = ["benchmarks.fleet.servers", str(directory), *group]
    ready = directory / servers.READY
    with child(arguments, directory / "servers.log", ready.exists):
        yield {name: servers.kubeconfig(directory, name) for name in group}


@contextmanager
def longer_way(kubeconfig: Path, seconds: float) -> Iterator[Path]:
    """A kubeconfig for the same server, where each request arrives so much later."""
    wanted = delay.delayed(kubeconfig)
    arguments = ["benchmarks.fleet.delay", str(kubeconfig), "--seconds", str(seconds)]
    with child(arguments, kubeconfig.with_suffix(".delay.log"), wanted.exists):
        yield wanted


@contextmanager
def _host(directory: Path) -> Iterator[dict[str, Path]]:
    with sandbox_servers(directory / HOST, [HOST]) as files:
        yield files


@contextmanager
def _real_host(directory: Path) -> Iterator[dict[str, Path]]:
    with api_servers(directory / HOST, {HOST: HOST_CIDR}) as files:
        yield files


async def _create_namespaces(host: KubeClient, clusters: Mapping[str, KubeClient]) -> None:
    for name in (DIRECT_NAMESPACE, *map(host_namespace, clusters)):
        await host.request("POST", _NAMESPACES, body={"metadata": {"name": name}})
