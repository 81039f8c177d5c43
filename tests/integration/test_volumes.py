"""Volumes between two clusters whose binder is the test: what is bound, grows, goes and stays."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from common.errors import NotFoundError
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.objects import Obj, get_path
from sandbox.redis import RedisServer
from tests.e2e.waiting import eventually
from tests.integration.pipeline import Pipeline, host_name, open_pipeline

VOLUMES, CLAIMS = REGISTRY["persistentvolumes"], REGISTRY["persistentvolumeclaims"]
CLEANED: Obj = {"enabled": False, "cleanupOnDisable": True}
# Its host name is shortened, and doesn't tell it.
LONG = "a-disk-with-a-name-that-is-longer-than-what-fits-into-a-label"


@pytest.fixture
async def running(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pipeline]:
    async with open_pipeline(tmp_path, redis_server) as it:
        it.switch(persistentVolumes={"enabled": True})
        async with it.running():
            yield it


def volume(name: str, policy: str = "Retain", **spec: Any) -> Obj:
    return {
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "nfs": {"server": "192.0.2.1", "path": f"/{name}"},
            "persistentVolumeReclaimPolicy": policy,
            **spec,
        },
    }


def claim(name: str, **spec: Any) -> Obj:
    resources = {"requests": {"storage": "1Gi"}}
    body = {"accessModes": ["ReadWriteOnce"], "resources": resources, "storageClassName": ""}
    return {"metadata": {"name": name}, "spec": {**body, **spec}}


async def has(client: KubeClient, name: str, **wanted: Any) -> Obj:
    """The volume, once the fields at these paths (`_` for dots) are as wanted."""

    async def look() -> Obj:
        there = await client.get(VOLUMES, "", name)
        for path, value in wanted.items():
            assert get_path(there, path.replace("_", ".")) == value, there
        return there

    return await eventually(look)


async def gone(client: KubeClient, name: str) -> None:
    async def look() -> bool:
        try:
            await client.get(VOLUMES, "", name)
        except NotFoundError:
            return True
        return False

    await eventually(look)


async def bind(it: Pipeline, name: str, host_volume: str) -> Obj:
    """What the host's binder does to both; answers the host claim."""
    await it.arrives("persistentvolumeclaims", name)
    there = await it.host.get(CLAIMS, "h", host_name(name))
    reference = {"namespace": "h", "name": host_name(name), "uid": there["metadata"]["uid"]}
    await it.host.patch(VOLUMES, "", host_volume, {"spec": {"claimRef": reference}})
    await phase(it, host_volume, "Bound")
    bound = {"spec": {"volumeName": host_volume}}
    await it.host.patch(CLAIMS, "h", host_name(name), bound)
    return await grow(it, name, "1Gi")


async def phase(it: Pipeline, host_volume: str, phase: str) -> None:
    await it.host.patch(
        VOLUMES, "", host_volume, {"status": {"phase": phase}}, subresource="status"
    )


async def grow(it: Pipeline, name: str, size: str) -> Obj:
    status = {"phase": "Bound", "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"]}
    return await it.host.patch(
        CLAIMS, "h", host_name(name), {"status": status}, subresource="status"
    )


async def unprotect(client: KubeClient, name: str) -> None:
    """What a volume's own cluster does once it isn't in use, or its volume is reclaimed."""
    await client.patch(VOLUMES, "", name, {"metadata": {"finalizers": None}})


async def ours(it: Pipeline) -> str:
    """The name of the one host volume that tohost made."""

    async def look() -> str:
        selector = {"labelSelector": "vcluster.loft.sh/managed-by=h-x-v"}
        found = (await it.host.list_page("/api/v1/persistentvolumes", selector)).items
        assert len(found) == 1, found
        return str(found[0]["metadata"]["name"])

    return await eventually(look)


async def test_who_the_host_binds_to_each_other_are_bound_by_their_virtual_names(
    running: Pipeline,
) -> None:
    await running.virtual.create(VOLUMES, "", volume(LONG))
    made = await running.virtual.create(CLAIMS, "default", claim("data"))
    await bind(running, "data", await ours(running))
    await has(
        running.virtual,
        LONG,
        status_phase="Bound",
        spec_claimRef_name="data",
        spec_claimRef_namespace="default",
        spec_claimRef_uid=made["metadata"]["uid"],
    )
    shown = await running.virtual.get(CLAIMS, "default", "data")
    assert shown["spec"]["volumeName"] == LONG
    listed = await running.virtual.list_page("/api/v1/persistentvolumes")
    assert [each["metadata"]["name"] for each in listed.items] == [LONG]


async def test_a_stand_in_shows_the_host_volume_and_grows_with_its_claim(running: Pipeline) -> None:
    await running.host.create(VOLUMES, "", volume("pvc-7", "Delete", capacity={"storage": "2Gi"}))
    await running.virtual.create(CLAIMS, "default", claim("data"))
    await bind(running, "data", "pvc-7")
    policy = "spec_persistentVolumeReclaimPolicy"
    await has(running.virtual, "pvc-7", spec_capacity_storage="2Gi", **{policy: "Delete"})
    await running.host.patch(VOLUMES, "", "pvc-7", {"spec": {"capacity": {"storage": "5Gi"}}})
    await grow(running, "data", "5Gi")
    await has(running.virtual, "pvc-7", spec_capacity_storage="5Gi", status_phase="Bound")


async def test_a_volume_that_the_host_reclaimed_goes(running: Pipeline) -> None:
    await running.virtual.create(VOLUMES, "", volume("disk", "Delete"))
    name = await ours(running)
    await phase(running, name, "Released")
    await has(running.virtual, "disk", status_phase="Released")
    await running.host.delete(VOLUMES, "", name)
    await gone(running.host, name)
    await gone(running.virtual, "disk")


async def test_a_volume_that_keeps_its_data_comes_again(running: Pipeline) -> None:
    await running.virtual.create(VOLUMES, "", volume("disk"))
    name = await ours(running)
    await phase(running, name, "Released")
    await has(running.virtual, "disk", status_phase="Released")
    old = await running.host.get(VOLUMES, "", name)
    await running.host.delete(VOLUMES, "", name)

    async def again() -> bool:
        there = await running.host.get(VOLUMES, "", name)
        return bool(there["metadata"]["uid"] != old["metadata"]["uid"])

    await eventually(again)


async def test_a_deleted_volume_tells_its_status_and_goes_when_the_host_lets_it_go(
    running: Pipeline,
) -> None:
    await running.virtual.create(VOLUMES, "", volume("disk"))
    name = await ours(running)
    protection = {"metadata": {"finalizers": ["example.com/in-use"]}}
    for client, each in ((running.virtual, "disk"), (running.host, name)):
        await client.patch(VOLUMES, "", each, protection)
    await phase(running, name, "Bound")
    await has(running.virtual, "disk", status_phase="Bound")
    await running.virtual.delete(VOLUMES, "", "disk")

    async def deleting() -> bool:
        return "deletionTimestamp" in (await running.host.get(VOLUMES, "", name))["metadata"]

    await eventually(deleting)
    await phase(running, name, "Released")
    await has(running.virtual, "disk", status_phase="Released")
    for client, each in ((running.host, name), (running.virtual, "disk")):
        await unprotect(client, each)
        await gone(client, each)


async def test_cleaning_up_keeps_the_data_and_what_is_in_use(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with open_pipeline(tmp_path, redis_server) as it:
        it.switch(persistentVolumes={"enabled": True})
        async with it.running():
            await it.virtual.create(VOLUMES, "", volume("used", "Delete"))
            used = await ours(it)
            await phase(it, used, "Bound")
            await it.virtual.create(VOLUMES, "", volume("free", "Delete"))
            await has(it.virtual, "used", status_phase="Bound")
            await has(it.host, "vcluster-free-x-h-x-v")
        finalizers = {"metadata": {"finalizers": ["example.com/watching"]}}
        await it.host.patch(VOLUMES, "", "vcluster-free-x-h-x-v", finalizers)
        it.switch(persistentVolumes=CLEANED)
        async with it.running():
            policy = "spec_persistentVolumeReclaimPolicy"
            going = await has(it.host, "vcluster-free-x-h-x-v", **{policy: "Retain"})

            async def deleting() -> bool:
                there = await it.host.get(VOLUMES, "", going["metadata"]["name"])
                return "deletionTimestamp" in there["metadata"]

            await eventually(deleting)
            there = await it.host.get(VOLUMES, "", used)
            assert "deletionTimestamp" not in there["metadata"]
            assert there["spec"]["persistentVolumeReclaimPolicy"] == "Delete"
        assert await it.virtual.get(VOLUMES, "", "free")
