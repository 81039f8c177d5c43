"""Kinds that were on and are off: what stays, what goes, and what is told."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common import kinds
from common.config import load
from common.objects import Obj, is_deleting
from common.store import Store
from sandbox.redis import RedisServer
from tests.e2e.waiting import eventually
from tests.integration.pipeline import SNAPSHOTS, Pipeline, open_pipeline
from watchers import keeper

ON: Obj = {"enabled": True}
OFF: Obj = {"enabled": False}
CLEANED: Obj = {"enabled": False, "cleanupOnDisable": True}
LEFT = "host objects of volumesnapshots are left from when it was on"


@pytest.fixture
async def pipeline(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pipeline]:
    monkeypatch.setitem(kinds.REGISTRY, SNAPSHOTS.plural, SNAPSHOTS)
    monkeypatch.setattr(keeper, "MISSING_S", 0.5)
    async with open_pipeline(tmp_path, redis_server) as it:
        yield it


@pytest.fixture
async def synced(pipeline: Pipeline) -> Pipeline:
    """Two synced snapshots, and a Secret that is on the host because of one of them."""
    await pipeline.install_both("v1")
    await pipeline.secret("wanted")
    await pipeline.snapshot("a", secret="wanted")
    await pipeline.snapshot("b")
    pipeline.switch(volumeSnapshots=ON)
    async with pipeline.running():
        await pipeline.snapshots_are("a", "b")
        await pipeline.arrives("secrets", "wanted")
    return pipeline


async def test_what_a_kind_leaves_is_told_and_stays(synced: Pipeline) -> None:
    synced.switch(volumeSnapshots=OFF)
    async with synced.running():
        await synced.tells(f"2 {LEFT}; set sync.toHost.volumeSnapshots.cleanupOnDisable: true")
        await synced.snapshots_are("a", "b")


async def test_what_an_object_of_a_kind_that_is_off_refers_to_is_no_longer_wanted(
    synced: Pipeline,
) -> None:
    synced.switch(volumeSnapshots=OFF)
    async with synced.running():
        await synced.leaves("secrets", "wanted")
    stored = [key.decode() for key in synced.redis.keys("tohost:{v}:*volumesnapshots*")]
    assert stored == []
    assert not [stream for stream in synced.synced() if stream[1] == "volumesnapshots"]


async def test_a_kind_that_is_on_again_starts_from_what_there_is_by_then(synced: Pipeline) -> None:
    synced.switch(volumeSnapshots=OFF)
    async with synced.running():
        await synced.tells(LEFT)
        path = "/apis/snapshot.storage.k8s.io/v1/namespaces/default/volumesnapshots/a"
        await synced.virtual.request("DELETE", path)
        await synced.snapshot("c")
    synced.switch(volumeSnapshots=ON)
    async with synced.running():
        await synced.snapshots_are("b", "c")
        await synced.tells("")


async def test_a_kind_that_is_to_be_cleaned_up_leaves_the_host_and_only_that(
    synced: Pipeline,
) -> None:
    synced.switch(volumeSnapshots=CLEANED)
    async with synced.running():
        await synced.snapshots_are()
        await synced.leaves("secrets", "wanted")
        page = await synced.virtual.list_page("/apis/snapshot.storage.k8s.io/v1/volumesnapshots")
        assert len(page.items) == 2
        await synced.tells("")
        await eventually(lambda: _quiet(synced))


async def test_a_kind_is_cleaned_up_whether_or_not_the_virtual_cluster_has_it(
    synced: Pipeline,
) -> None:
    await synced.uninstall("virtual")
    synced.redis.flushall()
    synced.switch(volumeSnapshots=CLEANED)
    async with synced.running():
        await synced.snapshots_are()
        await eventually(lambda: _quiet(synced))


async def test_a_kind_to_be_cleaned_up_that_the_host_lacks_is_no_trouble(
    pipeline: Pipeline,
) -> None:
    await pipeline.secret("wanted")
    pipeline.switch(volumeSnapshots=CLEANED, secrets={"all": True})
    async with pipeline.running():
        await pipeline.arrives("secrets", "wanted")
        await pipeline.tells("")


async def _quiet(it: Pipeline) -> bool:
    return not [member for member in it.busy() if member.startswith("volumesnapshots")]


async def test_cleaning_up_pods_leaves_the_virtual_ones_alone(pipeline: Pipeline) -> None:
    """Though a virtual pod whose host pod is deleted otherwise goes with it."""
    pods = kinds.REGISTRY["pods"]
    spec = {"containers": [{"name": "c", "image": "i"}], "terminationGracePeriodSeconds": 0}
    pipeline.switch()
    async with pipeline.running():
        await pipeline.virtual.create(pods, "default", {"metadata": {"name": "p"}, "spec": spec})
        await pipeline.arrives("pods", "p")
    pipeline.switch(pods=CLEANED)
    async with pipeline.running():
        await pipeline.leaves("pods", "p")
        await eventually(lambda: _no_pods(pipeline))
        assert not is_deleting(await pipeline.virtual.get(pods, "default", "p"))
        assert ("virtual", "pods") not in pipeline.synced()


async def _no_pods(it: Pipeline) -> bool:
    return not Store(it.redis).versions("v", "host", "pods") and not it.busy()


def test_that_there_is_nothing_to_clean_up_of_a_kind_that_is_on_is_told(
    tmp_path: Path,
) -> None:
    (tmp_path / "t.yaml").write_text(
        "virtualClusters: [{name: v, hostNamespace: h, sync: {toHost: {ingresses:"
        " {enabled: true, cleanupOnDisable: true}, storageClasses: {cleanupOnDisable: true}}}}]"
    )
    config = load(tmp_path / "t.yaml", {})
    assert config.virtual_cluster("v").cluster().draining == {"storageclasses"}
    assert (
        "v: sync.toHost.ingresses.cleanupOnDisable: does nothing while"
        " sync.toHost.ingresses.enabled is true"
    ) in config.notes


async def test_keys_of_a_kind_that_is_off_wait_in_no_queue(pipeline: Pipeline) -> None:
    """Here the kind was missing when it was on, so its keys were never taken."""
    await pipeline.install("virtual", "v1")
    pipeline.switch(volumeSnapshots=ON)
    async with pipeline.running():
        await pipeline.snapshot("a")
        await eventually(lambda: _queued(pipeline, 1))
    pipeline.switch(volumeSnapshots=OFF)
    async with pipeline.running():
        await eventually(lambda: _queued(pipeline, 0))
        assert not [member for member in pipeline.busy() if member.startswith("volumesnapshots")]
    await pipeline.install("host", "v1")
    pipeline.switch(volumeSnapshots=ON)
    async with pipeline.running():
        await pipeline.snapshots_are("a")


async def _queued(it: Pipeline, count: int) -> bool:
    return int(it.redis.llen("rq:queue:v.volumesnapshots")) == count
