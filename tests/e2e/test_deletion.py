"""Deleting on either side, and objects that come again under an old name."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.half_deleted import leave_half_deleted
from tests.e2e.objects import claim, configmap, in_volume, pod, service
from tests.e2e.space import Space
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def slow_stop(world: World) -> AsyncIterator[None]:
    """Pods take a second to end, so that they can be seen ending."""
    kubelet = world.backend.kubelet
    assert kubelet
    usual_s, kubelet.stop_latency_s = kubelet.stop_latency_s, 1.0
    yield
    kubelet.stop_latency_s = usual_s


@pytest.mark.usefixtures("slow_stop")
async def test_a_pod_ends_on_the_host_with_the_same_grace_period(space: Space) -> None:
    await space.create("pods", pod("p"))
    await space.running("p")
    await space.delete("pods", "p", grace_s=7)
    host = await space.host("pods", "p", lambda host: "deletionTimestamp" in host["metadata"])
    assert host["metadata"]["deletionGracePeriodSeconds"] == 7
    virtual = await space.see("pods", "p")
    assert virtual
    assert virtual["metadata"]["deletionTimestamp"]
    await space.host_gone("pods", "p")
    await space.virtual_gone("pods", "p")


@pytest.mark.usefixtures("slow_stop")
async def test_a_pod_that_ends_on_the_host_ends_in_the_virtual_cluster(space: Space) -> None:
    await space.create("pods", pod("p"))
    await space.running("p")
    await space.delete_host("pods", "p", grace_s=9)
    virtual = await space.virtual("pods", "p", lambda pod: "deletionTimestamp" in pod["metadata"])
    assert virtual["metadata"]["deletionGracePeriodSeconds"] == 9
    await space.virtual_gone("pods", "p")
    assert await space.see_host("pods", "p") is None


async def test_a_pod_that_an_api_server_left_half_deleted_goes(space: Space) -> None:
    await space.create("pods", pod("p"))
    await space.running("p")
    await space.settled()
    await leave_half_deleted(space.world.backend, space.world.virtual, space.namespace, "p")
    await space.host_gone("pods", "p")
    await space.virtual_gone("pods", "p")


@pytest.mark.usefixtures("slow_stop")
async def test_a_shorter_grace_period_follows(space: Space) -> None:
    await space.create("pods", pod("p"))
    await space.running("p")
    await space.delete("pods", "p", grace_s=60)
    await space.host("pods", "p", lambda host: "deletionTimestamp" in host["metadata"])
    await space.delete("pods", "p", grace_s=3)
    await space.host("pods", "p", lambda host: host["metadata"]["deletionGracePeriodSeconds"] == 3)
    await space.virtual_gone("pods", "p")


async def test_a_pod_killed_on_the_host_is_not_started_a_second_time(space: Space) -> None:
    """The virtual pod can't go at once: it has a finalizer."""
    obj = pod("p")
    obj["metadata"]["finalizers"] = ["example.com/hold"]
    await space.create("pods", obj)
    await space.running("p")
    await space.delete_host("pods", "p", grace_s=0)
    await space.virtual("pods", "p", lambda pod: "deletionTimestamp" in pod["metadata"])
    await space.settled()
    assert await space.see_host("pods", "p") is None
    await space.patch("pods", "p", {"metadata": {"finalizers": None}})
    await space.virtual_gone("pods", "p")


async def test_a_pod_deleted_with_grace_0_goes_at_once_on_the_host(space: Space) -> None:
    await space.create("pods", pod("p"))
    await space.running("p")
    await space.delete("pods", "p", grace_s=0)
    await space.host_gone("pods", "p")
    assert await space.see("pods", "p") is None


async def test_a_pod_that_comes_again_at_once_gets_a_host_pod_of_its_own(space: Space) -> None:
    await space.create("pods", pod("p"))
    await space.running("p")
    old = await space.host("pods", "p")
    for _ in range(3):
        await space.delete("pods", "p", grace_s=0)
        made = await space.create("pods", pod("p"))
    await space.running("p")
    new = await space.host("pods", "p")
    assert new["metadata"]["annotations"]["vcluster.loft.sh/uid"] == made["metadata"]["uid"]
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
    assert len(await space.on_host("pods")) == 1


async def test_a_configmap_that_came_again_while_nothing_ran_is_replaced(
    restored: World, space: Space
) -> None:
    await space.create("configmaps", configmap("c"))
    await space.create("pods", pod("p", in_volume("configmaps", "c")))
    old = await space.host("configmaps", "c")
    await restored.stop()
    await space.delete("configmaps", "c")
    made = await space.create("configmaps", configmap("c", {"of": "the new one"}))
    await restored.start("watchers", "workers")
    new = await space.host("configmaps", "c", lambda host: "of" in host["data"])
    assert new["metadata"]["annotations"]["vcluster.loft.sh/uid"] == made["metadata"]["uid"]
    assert new["metadata"]["uid"] != old["metadata"]["uid"]


async def test_a_claim_and_a_service_that_came_again_take_over_what_is_there(
    restored: World, space: Space
) -> None:
    await space.create("persistentvolumeclaims", claim("data"))
    await space.create("services", service("web"))
    for plural, name in (("persistentvolumeclaims", "data"), ("services", "web")):
        await space.host(plural, name)
    await space.settled()
    before = [
        await space.host("persistentvolumeclaims", "data"),
        await space.host("services", "web"),
    ]
    await restored.stop()
    for plural, obj in (("persistentvolumeclaims", claim("data")), ("services", service("web"))):
        name = obj["metadata"]["name"]
        await space.delete(plural, name)
        await space.virtual_gone(plural, name)
        obj["metadata"]["labels"] = {"again": "yes"}
        await space.create(plural, obj)
    await restored.start("watchers", "workers")
    for plural, old in (("persistentvolumeclaims", before[0]), ("services", before[1])):
        name = old["metadata"]["annotations"]["vcluster.loft.sh/name"]
        new = await space.host(plural, name, lambda host: "again" in host["metadata"]["labels"])
        assert new["metadata"]["uid"] == old["metadata"]["uid"]


async def test_what_was_deleted_while_nothing_ran_goes_afterwards(
    restored: World, space: Space
) -> None:
    await space.create("configmaps", configmap("c"))
    await space.create("pods", pod("p", in_volume("configmaps", "c")))
    await space.host("configmaps", "c")
    await space.running("p")
    await restored.stop()
    await space.delete("pods", "p", grace_s=0)
    await space.delete("configmaps", "c")
    await restored.start("watchers", "workers")
    await space.host_gone("pods", "p")
    await space.host_gone("configmaps", "c")


@pytest.mark.parametrize("plural", ["configmaps", "services", "persistentvolumeclaims"])
async def test_a_host_object_deleted_by_hand_comes_back(space: Space, plural: str) -> None:
    makers = {"configmaps": configmap("x"), "services": service("x")}
    await space.create(plural, makers.get(plural) or claim("x"))
    if plural == "configmaps":
        await space.create("pods", pod("p", in_volume("configmaps", "x")))
    old = await space.host(plural, "x")
    await space.settled()
    await space.delete_host(plural, "x")
    await space.host_gone(plural, "x", old)
    new = await space.host(plural, "x")
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
    assert (
        new["metadata"]["annotations"] == old["metadata"]["annotations"] or plural != "configmaps"
    )


async def test_a_host_object_changed_by_hand_is_put_right(space: Space) -> None:
    await space.create("configmaps", configmap("c"))
    await space.create("pods", pod("p", in_volume("configmaps", "c")))
    await space.host("configmaps", "c")
    await space.patch_host("configmaps", "c", {"data": {"key": "changed", "more": "x"}})
    await space.host("configmaps", "c", lambda host: host["data"] == {"key": "value"})
