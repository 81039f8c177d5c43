"""The periodic scan on a running pipeline: what no event told is healed, and nothing else done."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from common.changes import active_plurals, change_of
from common.config import load
from common.kind import Kind
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.metadata import NAME, UID
from common.objects import Obj, Side, meta
from common.store import Change, Store
from sandbox.redis import RedisServer
from tests.backends import sandbox_backend
from tests.e2e.waiting import eventually
from tests.integration.pipeline import Pipeline, host_name, open_pipeline

CONFIGMAPS, SERVICES = REGISTRY["configmaps"], REGISTRY["services"]
SCANNED = "tohost:{v}:scan"


@pytest.fixture
async def pipeline(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pipeline]:
    """Three ConfigMaps and a Service in sync, with nothing running."""
    async with open_pipeline(tmp_path, redis_server, sandbox_backend) as it:
        it.switch(configMaps={"all": True})
        for name in ("edited", "lost", "gone"):
            body = {"metadata": {"name": name}, "data": {"key": "value"}}
            await it.virtual.create(CONFIGMAPS, "default", body)
        spec = {"ports": [{"port": 80}], "selector": {"app": "web"}}
        await it.virtual.create(SERVICES, "default", {"metadata": {"name": "web"}, "spec": spec})
        async with it.running():
            for name in ("edited", "lost", "gone"):
                await it.arrives("configmaps", name)
            await it.arrives("services", "web")
            await eventually(lambda: _quiet(it))
        it.content["safety"] = {"scanEvery": "0.2s"}
        it.switch(configMaps={"all": True})
        yield it


async def _quiet(it: Pipeline) -> bool:
    return not it.busy()


async def unnoticed(it: Pipeline, kind: Kind, side: Side, obj: Obj | None, field: str = "") -> None:
    """Store what happened and pass over it, as a worker does that dies before it looks."""
    cluster = load(it.config).virtual_cluster("v").cluster()
    active = active_plurals(REGISTRY.values(), cluster)
    client = it.virtual if side == "virtual" else it.host
    version = (await client.list_page("/api/v1/namespaces")).resource_version
    change = change_of(kind, side, cluster, active, obj, False, b"") if obj else None
    store = Store(it.redis)
    store.put("v", side, kind.plural, [change or Change(field, version, None)], wake_own=False)
    position = store.stream("v", side, kind.plural)[1]
    assert store.move_position("v", side, kind.plural, position, version)


async def data_of(client: KubeClient, name: str) -> dict[str, str]:
    there = await client.get(CONFIGMAPS, "h", name)
    return cast(dict[str, str], there["data"])


async def scans(it: Pipeline, count: int) -> int:
    """Wait for so many scans from now on; answers how many keys they woke."""
    seen: dict[bytes, int] = {}
    before = it.redis.hget(SCANNED, "at")

    async def enough() -> bool:
        found = it.redis.hgetall(SCANNED)
        if found and found[b"at"] != before:
            seen[found[b"at"]] = int(found[b"woken"])
        return len(seen) >= count

    await eventually(enough)
    return sum(seen.values())


async def test_what_differs_and_nobody_was_told_of_is_healed_once(pipeline: Pipeline) -> None:
    """A field edited on the host, an orphan, a host object that went, a virtual one that did. Then
    nothing differs, and scans write nothing anywhere."""
    name = host_name("edited")
    edited = await pipeline.host.patch(CONFIGMAPS, "h", name, {"data": {"key": "other"}})
    await unnoticed(pipeline, CONFIGMAPS, "host", edited)
    there = await pipeline.host.get(CONFIGMAPS, "h", host_name("edited"))
    notes = {**there["metadata"]["annotations"], NAME: "orphan", UID: "its-own"}
    metadata = {"name": host_name("orphan"), "annotations": notes}
    metadata["labels"] = there["metadata"]["labels"]
    orphan = await pipeline.host.create(CONFIGMAPS, "h", {"metadata": metadata, "data": {}})
    await unnoticed(pipeline, CONFIGMAPS, "host", orphan)
    await pipeline.host.delete(CONFIGMAPS, "h", host_name("lost"))
    await unnoticed(pipeline, CONFIGMAPS, "host", None, "default/lost")
    await pipeline.virtual.delete(CONFIGMAPS, "default", "gone")
    await unnoticed(pipeline, CONFIGMAPS, "virtual", None, "default/gone")

    async def undone() -> bool:
        return await data_of(pipeline.host, name) == {"key": "value"}

    async with pipeline.running():
        await pipeline.arrives("configmaps", "lost")
        await pipeline.leaves("configmaps", "orphan")
        await pipeline.leaves("configmaps", "gone")
        await eventually(undone)
        await eventually(lambda: _quiet(pipeline))
        await scans(pipeline, 1)
        clients = (pipeline.virtual, pipeline.host)
        before = [await version(client) for client in clients]
        assert await scans(pipeline, 2) == 0
        assert int(pipeline.redis.hget(SCANNED, "pairs")) >= 4
        assert [await version(client) for client in clients] == before


async def test_an_orphan_that_only_the_store_believes_in_is_not_deleted(pipeline: Pipeline) -> None:
    """The scan goes by the store, deletions by what the virtual cluster says at that moment."""
    there = await pipeline.host.get(CONFIGMAPS, "h", host_name("edited"))
    await unnoticed(pipeline, CONFIGMAPS, "virtual", None, "default/edited")
    async with pipeline.running():
        assert await scans(pipeline, 2) >= 1
        await eventually(lambda: _quiet(pipeline))
    still = await pipeline.host.get(CONFIGMAPS, "h", host_name("edited"))
    assert meta(still)["uid"] == meta(there)["uid"]
    assert "deletionTimestamp" not in meta(still)


async def version(client: KubeClient) -> str:
    """Moves with every write to the server."""
    return (await client.list_page("/api/v1/namespaces")).resource_version
