"""Accidents that happen to clusters, and what is on both sides afterwards."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
import orjson
import yaml

from common.config import load
from common.kinds import REGISTRY
from common.metadata import NAME
from common.objects import Obj, annotations, name_of, uid
from common.process import metrics
from common.safety.brake import Pace
from sandbox.ports import free_port
from sandbox.redis import RedisServer
from sandbox.server.apiserver import ApiServer
from tests.backends import Backend, sandbox_backend
from tests.e2e.waiting import eventually
from tests.integration.pipeline import Pipeline, Where, open_pipeline
from watchers import command as watcher
from watchers import history
from workers import command as worker
from workers import connections

PACE = Pace(settle_s=0.8, fresh_s=0.3)
SETTLED_S = 1.2
"""Longer than the brake waits before it judges what a lie of a server brought."""
Lost = list[tuple[str, Obj]]


@dataclass
class Place:
    """Two sandbox clusters, tohost between them, and what may happen to all of that."""

    pipeline: Pipeline
    ports: dict[str, int] = field(
        default_factory=lambda: {"watcher": free_port(), "worker": free_port()}
    )
    servers: dict[str, ApiServer] = field(default_factory=dict)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """A watcher and a worker, as the configuration is now, that look more often than usual."""
        self.pipeline.config.write_text(yaml.safe_dump(self.pipeline.content))
        stop, config = asyncio.Event(), load(self.pipeline.config)
        tasks = [
            asyncio.create_task(module.run(config, self.ports[name], stop))
            for name, module in (("watcher", watcher), ("worker", worker))
        ]
        try:
            with (
                patch.multiple(connections, VERIFY_S=0.5, IDLE_VERIFY_S=0.5, LOOK_S=0.2, PACE=PACE),
                patch.multiple(history, FOR_S=0.3),
            ):
                yield
        finally:
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 15)

    async def create(
        self, plural: str, names: Iterable[str], where: Where = "virtual", mounts: str = ""
    ) -> None:
        """Objects of these names, in the namespace `default`; pods may mount a ConfigMap."""
        client, more = self._client(where), {"spec": _spec(mounts)} if plural == "pods" else {}
        for name in names:
            await client.create(REGISTRY[plural], "default", {"metadata": {"name": name}, **more})

    async def virtual(self, plural: str, namespace: str = "default") -> dict[str, Obj]:
        """By name."""
        found = [each async for each in self.pipeline.virtual.list_all(REGISTRY[plural], namespace)]
        return {name_of(each): each for each in found}

    async def host(self, plural: str, namespace: str = "h") -> dict[str, Obj]:
        """What is there that we made, by virtual name."""
        listed = self.pipeline.host.list_all(REGISTRY[plural], namespace)
        found = [each async for each in listed]
        named = ((annotations(each).get(NAME), each) for each in found)
        return {name: each for name, each in named if name}

    async def host_has(self, plural: str, names: Iterable[str], within_s: float = 15) -> None:
        """Wait until the host has just these."""
        wanted = set(names)

        async def same() -> bool:
            found = (await self.host(plural)).keys()
            assert found == wanted, f"{len(found)} of {len(wanted)}"
            return True

        await eventually(same, within_s)

    async def notes(self, process: str) -> str:
        url = f"http://127.0.0.1:{self.ports[process]}/readyz"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            report = orjson.loads(await response.read())
        return "\n".join({**report["waiting"], **report["notes"]}.values())

    async def tells(self, process: str, words: str, within_s: float = 15) -> None:
        """Wait until that process says this in /readyz."""

        async def told() -> bool:
            try:
                found = await self.notes(process)
            except aiohttp.ClientConnectionError:
                found = ""
            assert words in found, found
            return True

        await eventually(told, within_s)

    async def silent(self, process: str, words: str, within_s: float = 15) -> None:
        async def done() -> bool:
            return words not in await self.notes(process)

        await eventually(done, within_s)

    def metric(self) -> float:
        """How many deletions are held, as /metrics tells."""
        value = metrics.REGISTRY.get_sample_value("tohost_brake", {"cluster": "v"})
        assert value is not None
        return value

    async def replace(self, where: Where, *, keep_system: bool = False) -> None:
        """Another cluster stands at this one's address, empty as it was made; `keep_system`: with
        the namespaces of the old one, as when only its other objects are lost."""
        old = self.servers[where]
        await old.stop()
        new = ApiServer(port=int(old.url.rpartition(":")[2]))
        if keep_system:
            for item in old.storage.collection("namespaces").items():
                new.storage.put("namespaces", item.copy())
        await new.start()
        self.servers[where] = new

    async def lose(self, where: Where, lost: Callable[[str, Obj], bool]) -> Lost:
        """Objects vanish from etcd without a trace, while the API server is down."""
        server = self.servers[where]
        await server.stop()
        taken: Lost = []
        for collection, items in server.storage.collections():
            for item in items.items():
                if lost(collection, item.obj):
                    taken.append((collection, item.copy()))
                    del items.namespaces[item.namespace][item.name]
        server.storage.version += 1000
        server.storage.expire_history()
        await server.start()
        return taken

    def restore(self, where: Where, lost: Lost) -> None:
        """From a backup: as they were."""
        for collection, obj in lost:
            self.servers[where].storage.put(collection, obj)

    def _client(self, where: Where) -> Any:
        return self.pipeline.virtual if where == "virtual" else self.pipeline.host


def _spec(mounts: str) -> Obj:
    """Of a pod."""
    spec: Obj = {"containers": [{"name": "c", "image": "i"}]}
    if mounts:
        spec["volumes"] = [{"name": "v", "configMap": {"name": mounts}}]
    return spec


def of(plural: str, *names: str) -> Callable[[str, Obj], bool]:
    """All of a collection, or those of these names."""
    return lambda collection, obj: collection == plural and (not names or name_of(obj) in names)


def numbered(count: int) -> list[str]:
    return [f"o{number}" for number in range(count)]


def uids(objects: dict[str, Obj]) -> dict[str, str]:
    return {name: uid(obj) for name, obj in objects.items()}


@asynccontextmanager
async def open_place(
    folder: Path, redis: RedisServer, *, kubelet: bool = False, **to_host: Obj
) -> AsyncIterator[Place]:
    """Nothing runs yet but the clusters. All ConfigMaps are synced."""

    def clusters(folder: Path, **_: bool) -> Any:
        return sandbox_backend(folder, kubelet=kubelet)

    async with open_pipeline(folder, redis, clusters) as pipeline:
        made: Backend = pipeline.made
        assert made.sandbox is not None
        virtual = pipeline.content["virtualClusters"][0]
        virtual["sync"] = {"toHost": {"configMaps": {"enabled": True, "all": True}, **to_host}}
        place = Place(pipeline)
        place.servers = {"virtual": made.sandbox.virtual, "host": made.sandbox.host}
        yield place
        for server in place.servers.values():
            await server.stop()
