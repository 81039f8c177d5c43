"""Kinds that a server lacks, serves in another version, gets and loses while tohost runs."""

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common import kinds
from common.objects import Obj, annotations
from sandbox.redis import RedisServer
from tests.backends import sandbox_backend
from tests.e2e.waiting import eventually
from tests.integration.pipeline import GROUP, SNAPSHOTS, Pipeline, host_name, open_pipeline
from watchers import keeper

ON: Obj = {"enabled": True}
BACKEND = {"name": "s", "port": {"number": 80}}


@pytest.fixture
async def pipeline(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pipeline]:
    monkeypatch.setitem(kinds.REGISTRY, SNAPSHOTS.plural, SNAPSHOTS)
    async with open_pipeline(tmp_path, redis_server) as it:
        it.switch(volumeSnapshots=ON)
        yield it


@pytest.fixture
async def faulty(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pipeline]:
    """On servers that can be made to fail."""
    monkeypatch.setitem(kinds.REGISTRY, SNAPSHOTS.plural, SNAPSHOTS)
    async with open_pipeline(tmp_path, redis_server, sandbox_backend) as it:
        it.switch(volumeSnapshots=ON)
        yield it


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again sooner, for tests that aren't about how soon."""
    monkeypatch.setattr(keeper, "MISSING_S", 0.5)
    monkeypatch.setattr(keeper, "SERVED_S", 0.5)


async def pod(it: Pipeline, name: str, secret: str = "wanted") -> None:
    """A virtual pod that refers to a Secret."""
    container = {"name": "c", "image": "i", "envFrom": [{"secretRef": {"name": secret}}]}
    body = {"metadata": {"name": name}, "spec": {"containers": [container]}}
    await it.virtual.create(kinds.REGISTRY["pods"], "default", body)


async def test_a_kind_that_is_missing_stops_nothing_else_and_is_synced_once_it_is_there(
    pipeline: Pipeline,
) -> None:
    """Secrets wait for whatever may refer to them, but not for what can't exist."""
    await pipeline.secret("wanted")
    await pod(pipeline, "p")
    async with pipeline.running():
        await pipeline.arrives("secrets", "wanted")
        await pipeline.tells(f"the virtual cluster and the host serve no volumesnapshots.{GROUP};")
        await pipeline.install("host", "v1")
        await pipeline.install("virtual", "v1")
        began = time.monotonic()
        await pipeline.secret("other")
        await pipeline.snapshot("s", secret="other")
        await pipeline.snapshots_are("s")
        assert time.monotonic() - began < 15
        await pipeline.arrives("secrets", "other")
        await pipeline.tells("")


@pytest.mark.usefixtures("hasty")
async def test_what_only_the_virtual_cluster_has_waits_for_the_host(pipeline: Pipeline) -> None:
    await pipeline.install("virtual", "v1")
    async with pipeline.running():
        await pipeline.snapshot("s")
        await pipeline.tells("the host serves no volumesnapshots")
        await eventually(lambda: _holds(pipeline.busy().get("volumesnapshots default/s") == "q"))
        await pipeline.install("host", "v1")
        await pipeline.snapshots_are("s")


async def _holds(condition: bool) -> bool:
    return condition


@pytest.mark.usefixtures("hasty")
async def test_versions_of_which_none_is_served_on_both_sides_are_told(pipeline: Pipeline) -> None:
    await pipeline.install("virtual", "v1")
    await pipeline.install("host", "v1beta1")
    async with pipeline.running():
        await pipeline.secret("wanted")
        await pipeline.snapshot("s", secret="wanted")
        await pipeline.tells("no version of")
        await pipeline.arrives("secrets", "wanted")
        await pipeline.install("host", "v1", "v1beta1")
        await pipeline.snapshots_are("s")
        await pipeline.tells("")


@pytest.mark.usefixtures("hasty")
async def test_another_scope_than_the_declared_one_is_told(pipeline: Pipeline) -> None:
    await pipeline.install("virtual", "v1")
    await pipeline.install("host", "v1", scope="Cluster")
    await pipeline.secret("wanted")
    await pod(pipeline, "p")
    async with pipeline.running():
        await pipeline.tells("the host serves it with scope Cluster; mend its CRD or set")
        await pipeline.arrives("secrets", "wanted")


@pytest.mark.usefixtures("hasty")
async def test_the_host_objects_of_a_kind_that_is_deleted_go_and_come_again(
    pipeline: Pipeline,
) -> None:
    await pipeline.install_both("v1")
    await pipeline.secret("wanted")
    async with pipeline.running():
        await pipeline.snapshot("s", secret="wanted")
        await pipeline.snapshots_are("s")
        await pipeline.arrives("secrets", "wanted")
        await pipeline.uninstall("virtual")
        await pipeline.snapshots_are()
        await pipeline.leaves("secrets", "wanted")
        await pipeline.tells("the virtual cluster serves no")
        await pipeline.install("virtual", "v1")
        await pipeline.snapshot("t", secret="wanted")
        await pipeline.snapshots_are("t")
        await pipeline.arrives("secrets", "wanted")


@pytest.mark.usefixtures("hasty")
async def test_host_objects_that_went_with_their_kind_come_again_with_it(
    pipeline: Pipeline,
) -> None:
    await pipeline.install_both("v1")
    async with pipeline.running():
        await pipeline.snapshot("s")
        await pipeline.snapshots_are("s")
        await pipeline.uninstall("host")
        await pipeline.tells("the host serves no")
        await pipeline.snapshot("t")
        await pipeline.install("host", "v1")
        await pipeline.snapshots_are("s", "t")


@pytest.mark.usefixtures("hasty")
async def test_what_is_left_of_a_kind_that_went_while_nobody_watched_goes(
    pipeline: Pipeline,
) -> None:
    await pipeline.install_both("v1")
    async with pipeline.running():
        for name in ("a", "b"):
            await pipeline.snapshot(name)
        await pipeline.snapshots_are("a", "b")
    await pipeline.uninstall("virtual")
    async with pipeline.running():
        await pipeline.snapshots_are()


@pytest.mark.usefixtures("hasty")
async def test_nothing_is_taken_for_gone_without_proof(faulty: Pipeline) -> None:
    """The kind isn't served, but nobody says that there is no definition of it."""
    await faulty.install_both("v1")
    await faulty.secret("wanted")
    assert faulty.made.sandbox
    async with faulty.running():
        await faulty.snapshot("s", secret="wanted")
        await faulty.snapshots_are("s")
        await faulty.arrives("secrets", "wanted")
    unsure = faulty.made.sandbox.virtual.faults.fail(403, path="customresourcedefinitions/vol")
    away = faulty.made.sandbox.virtual.faults.fail(404, path=f"/apis/{GROUP}")
    faulty.redis.flushall()
    async with faulty.running():
        await faulty.tells("isn't certain that there are none")
        await pod(faulty, "p")
        await faulty.arrives("pods", "p")
        assert await faulty.on_host("secrets", "wanted")
        assert (await faulty.host_snapshots()).keys() == {host_name("s")}
        faulty.made.sandbox.virtual.faults.remove(away)
        faulty.made.sandbox.virtual.faults.remove(unsure)
        await faulty.tells("")
        await faulty.arrives("secrets", "wanted")


@pytest.mark.usefixtures("hasty")
async def test_a_kind_moves_to_the_version_that_both_sides_serve_by_then(
    pipeline: Pipeline,
) -> None:
    await pipeline.install_both("v1beta1")
    async with pipeline.running():
        await pipeline.snapshot("s", "v1beta1")
        await pipeline.snapshots_are("s", version="v1beta1")
        await pipeline.install_both("v1", retired=("v1beta1",))
        await pipeline.snapshot("t")
        await pipeline.snapshots_are("s", "t")

        async def noted() -> bool:
            there = (await pipeline.host_snapshots())[host_name("s")]
            return annotations(there)["vcluster.loft.sh/kind"].startswith(f"{GROUP}/v1,")

        await eventually(noted)
        assert not [member for member, state in pipeline.busy().items() if state == "f"]


@pytest.mark.usefixtures("hasty")
async def test_a_kind_that_every_server_should_have_may_be_missing_as_well(
    faulty: Pipeline,
) -> None:
    """Its objects may come back with it, so nothing is deleted for that."""
    faulty.switch(ingresses=ON)
    ingress: Obj = {
        "metadata": {"name": "i"},
        "spec": {"tls": [{"secretName": "wanted"}], "defaultBackend": {"service": BACKEND}},
    }
    await faulty.secret("wanted")
    await faulty.virtual.create(kinds.REGISTRY["ingresses"], "default", ingress)
    async with faulty.running():
        await faulty.arrives("ingresses", "i")
        await faulty.arrives("secrets", "wanted")
    assert faulty.made.sandbox
    faults = faulty.made.sandbox.virtual.faults
    away = faults.fail(404, path="/apis/networking.k8s.io")
    async with faulty.running():
        await faulty.tells("the virtual cluster serves no ingresses.networking.k8s.io/v1; switch")
        await faulty.secret("other")
        await pod(faulty, "p", "other")
        await faulty.arrives("secrets", "other")
        assert await faulty.on_host("secrets", "wanted")
        assert await faulty.on_host("ingresses", "i")
        faults.remove(away)
        await faulty.virtual.delete(kinds.REGISTRY["ingresses"], "default", "i")
        await faulty.leaves("ingresses", "i")
        await faulty.tells("")
