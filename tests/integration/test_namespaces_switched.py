"""Namespace sync that is switched off, cleaned up, or given other mappings."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from common.errors import NotFoundError
from common.kinds import REGISTRY
from common.kube.client import MERGE_PATCH
from common.objects import Obj, labels
from sandbox.redis import RedisServer
from tests.e2e.waiting import eventually
from tests.integration.pipeline import Pipeline, open_pipeline

MARK = {"vcluster.loft.sh/managed-by": "h-x-v"}
MAPPED: Obj = {"mappings": {"byName": {"shop": "prod", "old": "handed"}}, "mappingsOnly": True}
ALL: Obj = {"all": True}


@pytest.fixture
async def synced(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pipeline]:
    """Two namespaces with a ConfigMap each; the host namespace of `old` was handed over."""
    async with open_pipeline(tmp_path, redis_server) as it:
        handed: Obj = {"metadata": {"name": "handed", "labels": {**MARK, "cost": "12"}}}
        await it.host.create(REGISTRY["namespaces"], "", handed)
        for name in ("shop", "old"):
            await it.virtual.create(REGISTRY["namespaces"], "", {"metadata": {"name": name}})
            await it.virtual.create(REGISTRY["configmaps"], name, {"metadata": {"name": "c"}})
        it.switch(namespaces={"enabled": True, **MAPPED}, configMaps=ALL)
        async with it.running():
            await present(it, "prod", "c")
            await present(it, "handed", "c")
        yield it


async def host_labels(it: Pipeline, name: str) -> Mapping[str, str] | None:
    """Of a host namespace; None when there is none."""
    try:
        return labels(await it.host.get(REGISTRY["namespaces"], "", name))
    except NotFoundError:
        return None


async def present(it: Pipeline, namespace: str, name: str) -> None:
    await eventually(lambda: it.host.get(REGISTRY["configmaps"], namespace, name))


async def test_what_namespace_sync_leaves_is_told_and_stays(synced: Pipeline) -> None:
    synced.switch(namespaces={"enabled": False, **MAPPED}, configMaps=ALL)
    async with synced.running():
        await present(synced, "h", "v-shop-c-x-shop-x-v")
        await synced.tells("2 host objects of namespaces are left from when it was on")
        for namespace in ("prod", "handed"):
            await present(synced, namespace, "c")


async def test_cleaned_up_its_host_namespaces_go_and_those_handed_over_are_given_back(
    synced: Pipeline,
) -> None:
    synced.switch(namespaces={"enabled": False, "cleanupOnDisable": True, **MAPPED}, configMaps=ALL)

    async def cleaned() -> bool:
        given_back = {"cost": "12", "kubernetes.io/metadata.name": "handed"}
        gone = await host_labels(synced, "prod") is None
        return gone and await host_labels(synced, "handed") == given_back

    async with synced.running():
        await eventually(cleaned)
        await present(synced, "h", "v-old-c-x-old-x-v")
        await synced.tells("")


async def test_with_other_mappings_what_is_synced_goes_elsewhere_and_the_old_stays(
    synced: Pipeline,
) -> None:
    other = {"mappings": {"byName": {"shop": "next"}}, "mappingsOnly": True}
    synced.switch(namespaces={"enabled": True, **other}, configMaps=ALL)
    async with synced.running():
        await present(synced, "next", "c")
        path = "/api/v1/namespaces/shop/configmaps/c"
        changed = {"data": {"a": "b"}}
        await synced.virtual.request("PATCH", path, body=changed, content_type=MERGE_PATCH)

        async def follows() -> bool:
            there = await synced.host.get(REGISTRY["configmaps"], "next", "c")
            return there.get("data") == {"a": "b"}

        await eventually(follows)
    for namespace in ("prod", "handed"):
        there = await synced.host.get(REGISTRY["configmaps"], namespace, "c")
        assert "data" not in there
    assert await host_labels(synced, "prod")
