"""A watcher and a worker within the test's process, on two clusters and a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import aiohttp
import orjson
import yaml
from redis import Redis

from common.config import load
from common.context import Context, Ref
from common.errors import NotFoundError
from common.kind import Kind
from common.kinds import REGISTRY
from common.kube.client import MERGE_PATCH, KubeClient
from common.objects import Obj, get_path, namespace_of
from common.store import Store
from sandbox.ports import free_port
from sandbox.redis import RedisServer
from tests.backends import Backend, backend
from tests.e2e.waiting import eventually
from watchers import command as watcher
from workers import command as worker

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "snapshot.storage.k8s.io"
DEFINITION = f"{DEFINITIONS}/volumesnapshots.{GROUP}"
Where = Literal["virtual", "host"]
Clusters = Callable[..., AbstractAsyncContextManager[Backend]]


def _secret_of(virtual: Obj) -> tuple[Ref, ...]:
    name = get_path(virtual, "spec.secret")
    return (Ref("secrets", namespace_of(virtual), name),) if name else ()


def _spec(virtual: Obj, _context: Context) -> Obj:
    return {"spec": virtual.get("spec") or {}}


# A kind that servers may lack and that refers to Secrets.
SNAPSHOTS = Kind(
    plural="volumesnapshots",
    kind="VolumeSnapshot",
    option="volumeSnapshots",
    group=GROUP,
    discovered=True,
    translate=_spec,
    owned=("spec",),
    references=_secret_of,
)


def definition(*versions: str, scope: str = "Namespaced", retired: tuple[str, ...] = ()) -> Obj:
    """A CRD that serves these versions and stores the first; `retired` aren't served any more."""
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    names = {"plural": "volumesnapshots", "singular": "volumesnapshot", "kind": "VolumeSnapshot"}
    names["listKind"] = "VolumeSnapshotList"
    listed = [
        {
            "name": name,
            "served": name not in retired,
            "storage": name == (*versions, *retired)[0],
            "schema": {"openAPIV3Schema": free},
            "subresources": {"status": {}},
        }
        for name in (*versions, *retired)
    ]
    # The group is Kubernetes' own, so API servers want to know who approved of it.
    approval = {"api-approved.kubernetes.io": "https://github.com/kubernetes-csi"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"volumesnapshots.{GROUP}", "annotations": approval},
        "spec": {"group": GROUP, "scope": scope, "names": names, "versions": listed},
    }


@dataclass
class Pipeline:
    """Two clusters, a Redis, and a configuration that joins them as virtual cluster `v`."""

    made: Backend
    redis: Any
    virtual: KubeClient
    host: KubeClient
    config: Path
    content: Obj
    port: int = field(default_factory=free_port)

    def switch(self, **to_host: Obj) -> None:
        """Write the configuration, with this below `sync.toHost`."""
        self.content["virtualClusters"][0]["sync"] = {"toHost": to_host}
        self.config.write_text(yaml.safe_dump(self.content))

    @asynccontextmanager
    async def running(self, *, working: bool = True) -> AsyncIterator[None]:
        """A watcher, and a worker unless told otherwise."""
        stop, config = asyncio.Event(), load(self.config)
        tasks = [asyncio.create_task(watcher.run(config, self.port, stop))]
        if working:
            tasks.append(asyncio.create_task(worker.run(config, 0, stop)))
        try:
            yield
        finally:
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 15)

    async def install_both(self, *versions: str, retired: tuple[str, ...] = ()) -> None:
        await self.install("virtual", *versions, retired=retired)
        await self.install("host", *versions, retired=retired)

    async def install(
        self,
        where: Where,
        *versions: str,
        scope: str = "Namespaced",
        retired: tuple[str, ...] = (),
    ) -> None:
        """A CRD, or other versions of the one that's there."""
        body = definition(*versions, scope=scope, retired=retired)
        client = self._client(where)
        try:
            await client.request("GET", DEFINITION)
        except NotFoundError:
            await client.request("POST", DEFINITIONS, body=body)
        else:
            await client.request("PATCH", DEFINITION, body=body, content_type=MERGE_PATCH)

    async def uninstall(self, where: Where) -> None:
        await self._client(where).request("DELETE", DEFINITION)

    async def snapshot(self, name: str, version: str = "v1", secret: str = "") -> None:
        """Create a virtual one, once that version is served."""
        body: Obj = {
            "apiVersion": f"{GROUP}/{version}",
            "kind": "VolumeSnapshot",
            "metadata": {"name": name},
            "spec": {"secret": secret, "size": 1},
        }
        path = f"/apis/{GROUP}/{version}/namespaces/default/volumesnapshots"
        await eventually(lambda: self.virtual.request("POST", path, body=body))

    async def host_snapshots(self, version: str = "v1") -> dict[str, Obj]:
        """By name; none also when the kind isn't served."""
        path = f"/apis/{GROUP}/{version}/namespaces/h/volumesnapshots"
        try:
            page = await self.host.list_page(path)
        except NotFoundError:
            return {}
        return {each["metadata"]["name"]: each for each in page.items}

    async def snapshots_are(self, *names: str, version: str = "v1", within_s: float = 15) -> None:
        """Wait until the host has those of these virtual names, and no other one."""
        wanted = {host_name(name) for name in names}

        async def same() -> bool:
            return (await self.host_snapshots(version)).keys() == wanted

        await eventually(same, within_s)

    async def secret(self, name: str) -> None:
        body = {"metadata": {"name": name}, "stringData": {"key": "value"}}
        await self.virtual.create(REGISTRY["secrets"], "default", body)

    async def on_host(self, plural: str, name: str) -> bool:
        try:
            await self.host.get(REGISTRY[plural], "h", host_name(name))
        except NotFoundError:
            return False
        return True

    async def arrives(self, plural: str, name: str, within_s: float = 15) -> None:
        async def there() -> bool:
            return await self.on_host(plural, name)

        await eventually(there, within_s)

    async def leaves(self, plural: str, name: str, within_s: float = 15) -> None:
        async def away() -> bool:
            return not await self.on_host(plural, name)

        await eventually(away, within_s)

    async def readiness(self) -> tuple[int, Obj]:
        """Status and report of the watcher; status 0 while nothing listens."""
        url = f"http://127.0.0.1:{self.port}/readyz"
        try:
            async with aiohttp.ClientSession() as session, session.get(url) as response:
                return response.status, orjson.loads(await response.read())
        except aiohttp.ClientConnectorError:
            return 0, {"notes": {}}

    async def tells(self, words: str, within_s: float = 15) -> None:
        """Wait until the watcher is ready and notes something with these words."""

        async def told() -> bool:
            status, report = await self.readiness()
            assert status == 200, report
            found = any(words in note for note in report["notes"].values())
            assert found if words else not report["notes"], report
            return True

        await eventually(told, within_s)

    def synced(self) -> frozenset[tuple[str, str]]:
        return Store(self.redis).synced("v")

    def busy(self) -> dict[str, str]:
        """State by member of what isn't idle."""
        states = self.redis.hgetall("tohost:{v}:state")
        return {member.decode(): state.decode() for member, state in states.items()}

    def _client(self, where: Where) -> KubeClient:
        return self.virtual if where == "virtual" else self.host


def host_name(name: str) -> str:
    return f"v-default-{name}-x-default-x-v"


@asynccontextmanager
async def open_pipeline(
    folder: Path, redis: RedisServer, clusters: Clusters = backend
) -> AsyncIterator[Pipeline]:
    """Nothing runs yet but the clusters."""
    async with AsyncExitStack() as stack:
        made = await stack.enter_async_context(clusters(folder, kubelet=False))
        virtual, host = [
            await stack.enter_async_context(await KubeClient.connect(str(path), name=path.stem))
            for path in (made.virtual_kubeconfig, made.host_kubeconfig)
        ]
        await host.request("POST", "/api/v1/namespaces", body={"metadata": {"name": "h"}})
        content = {
            "redis": {"url": redis.url},
            "host": {"kubeconfig": str(made.host_kubeconfig)},
            "virtualClusters": [
                {"name": "v", "hostNamespace": "h", "kubeconfig": str(made.virtual_kubeconfig)}
            ],
        }
        client = Redis.from_url(redis.url)
        client.flushall()
        yield Pipeline(made, client, virtual, host, folder / "tohost.yaml", content)
        client.close()
