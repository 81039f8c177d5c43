"""A watcher and a worker within the test's process, on sandbox clusters and any form of Redis.

What is made is made in each virtual cluster.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import orjson
import yaml

from common.cluster import Cluster
from common.config import load
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.naming import host_name
from common.objects import Obj
from sandbox.kubeconfig import write_kubeconfig
from sandbox.ports import free_port
from sandbox.run import sandbox
from sandbox.server.apiserver import ApiServer
from tests.e2e.objects import configmap, in_volume, pod, service
from tests.e2e.waiting import eventually
from watchers import command as watcher
from workers import command as worker

KINDS = ("services", "configmaps", "pods")


@dataclass
class Sync:
    """The virtual clusters by name; the host namespace of each is called `h-<name>`."""

    virtual: Mapping[str, KubeClient]
    host: KubeClient
    config: Path
    ports: list[int] = field(default_factory=lambda: [free_port(), free_port()])

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        stop, config = asyncio.Event(), load(self.config, check_kubeconfigs=True)
        runs = (watcher.run, worker.run)
        tasks = [
            asyncio.create_task(run(config, port, stop))
            for run, port in zip(runs, self.ports, strict=True)
        ]
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 15)

    async def create(self, name: str) -> None:
        """A Service, and a ConfigMap that is only synced because a pod needs it."""
        await self._create("services", service(name))
        await self._create("configmaps", configmap(name))
        await self._create("pods", pod(name, in_volume("configmaps", name)))

    async def create_again(self, name: str) -> None:
        """The Service, after it was deleted; wait until all of that name is there."""
        await self._create("services", service(name))
        await self.synced(name)

    async def _create(self, plural: str, body: Obj) -> None:
        for client in self.virtual.values():
            await client.create(REGISTRY[plural], "default", body)

    async def delete(self, plural: str, name: str) -> None:
        for client in self.virtual.values():
            await client.delete(REGISTRY[plural], "default", name)

    async def uids(self, *names: str) -> dict[tuple[str, str, str], str]:
        """Of the host objects that there are, by virtual cluster, kind and virtual name."""
        found = {}
        for cluster in (Cluster(name, f"h-{name}") for name in self.virtual):
            for plural in KINDS:
                page = await self.host.list_page(
                    f"/api/v1/namespaces/{cluster.host_namespace}/{plural}"
                )
                uids = {each["metadata"]["name"]: each["metadata"]["uid"] for each in page.items}
                for name in names:
                    called = host_name(cluster, "default", name, plural)
                    if called in uids:
                        found[cluster.name, plural, name] = uids[called]
        return found

    async def synced(self, *names: str, within_s: float = 15) -> dict[tuple[str, str, str], str]:
        """Wait until these are on the host, and their pods' status is in the virtual cluster."""

        async def look() -> bool:
            for client in self.virtual.values():
                for name in names:
                    seen = await client.get(REGISTRY["pods"], "default", name)
                    assert seen["status"]["phase"] == "Running", seen["status"]
            uids = await self.uids(*names)
            assert len(uids) == len(names) * len(KINDS) * len(self.virtual), sorted(uids)
            return True

        await eventually(look, within_s)
        return await self.uids(*names)

    async def gone(self, plural: str, name: str) -> None:
        """Wait until no host namespace has it."""

        async def look() -> bool:
            return all(key[1] != plural for key in await self.uids(name))

        await eventually(look)

    async def told(self, words: str, within_s: float = 15) -> None:
        """Wait until watcher and worker both aren't ready and say these words of Redis."""

        async def look() -> bool:
            for port in self.ports:
                status, report = await _ready(port)
                assert (status, words in report["waiting"].get("redis", "")) == (503, True), report
            return True

        await eventually(look, within_s)

    async def fine(self, within_s: float = 15) -> None:
        """Wait until both are ready."""

        async def look() -> bool:
            reports = [await _ready(port) for port in self.ports]
            assert [status for status, _ in reports] == [200, 200], reports
            return True

        await eventually(look, within_s)


async def _ready(port: int) -> tuple[int, Obj]:
    """Status 0 while nothing listens."""
    url = f"http://127.0.0.1:{port}/readyz"
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            return response.status, orjson.loads(await response.read())
    except aiohttp.ClientConnectorError:
        return 0, {"waiting": {}}


@asynccontextmanager
async def open_sync(
    folder: Path, redis: dict[str, str], names: Sequence[str] = ("v",)
) -> AsyncIterator[Sync]:
    """Nothing runs yet but the clusters. `redis`: that section of the configuration."""
    async with AsyncExitStack() as stack:
        box = await stack.enter_async_context(sandbox(folder))
        files = {names[0]: box.virtual_kubeconfig}
        for name in names[1:]:
            files[name] = await _further(stack, folder / f"{name}.kubeconfig")
        host = await _client(stack, box.host_kubeconfig)
        for name in names:
            body = {"metadata": {"name": f"h-{name}"}}
            await host.request("POST", "/api/v1/namespaces", body=body)
        config = folder / "tohost.yaml"
        content = {
            "redis": redis,
            "host": {"kubeconfig": str(box.host_kubeconfig)},
            "virtualClusters": [
                {"name": name, "hostNamespace": f"h-{name}", "kubeconfig": str(file)}
                for name, file in files.items()
            ],
        }
        config.write_text(yaml.safe_dump(content))
        clients = {name: await _client(stack, file) for name, file in files.items()}
        yield Sync(clients, host, config)


async def _further(stack: AsyncExitStack, file: Path) -> Path:
    """One more virtual cluster's kubeconfig."""
    server = ApiServer()
    await server.start()
    stack.push_async_callback(server.stop)
    return write_kubeconfig(file, server.url)


async def _client(stack: AsyncExitStack, file: Path) -> KubeClient:
    return await stack.enter_async_context(await KubeClient.connect(str(file), name=file.stem))
