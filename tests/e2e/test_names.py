"""Host names: long ones, and those that another object bears already."""

import hashlib

import pytest

from common.objects import Obj
from tests.e2e.objects import configmap, in_volume, pod, secret
from tests.e2e.space import Space, new_space
from tests.e2e.waiting import eventually
from tests.e2e.world import HOST_NAMESPACE, World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_name_that_would_be_too_long_is_cut_and_gets_a_digest(either: Space) -> None:
    name = "a-rather-long-name-for-a-pod." + "x" * 120
    await either.create("pods", pod(name))
    cluster, namespace = either.world.name, either.namespace
    classic = f"{name}-x-{namespace}-x-{cluster}"
    full = classic if either.world.classic else f"{cluster}-{namespace}-{classic}"
    digest = hashlib.sha256(full.encode()).hexdigest()[:10]
    expected = f"{full[:52]}-{digest}".replace(".-", "-")

    async def there() -> bool:
        return [pod["metadata"]["name"] for pod in await either.on_host("pods")] == [expected]

    await eventually(there)
    await either.delete("pods", name, grace_s=0)


async def test_two_objects_that_would_have_one_name_both_exist(classic_world: World) -> None:
    await make_namespaces(classic_world, "b-x-c", "c")
    first, second = Space(classic_world, "b-x-c"), Space(classic_world, "c")
    assert first.host_name("a") == second.host_name("a-x-b")
    await first.create("configmaps", configmap("a", {"of": "first"}))
    await first.host("configmaps", "a", lambda host: host["data"] == {"of": "first"})
    await second.create("configmaps", configmap("a-x-b", {"of": "second"}))
    await second.warning("a-x-b", "NameCollision")
    theirs = await eventually(lambda: second.on_host("configmaps"))
    assert [host["data"] for host in theirs] == [{"of": "second"}]
    assert (await first.host("configmaps", "a"))["data"] == {"of": "first"}


async def test_a_pod_never_gets_the_secret_of_another_that_bears_its_name(
    classic_world: World,
) -> None:
    await make_namespaces(classic_world, "k-x-m", "m")
    first, second = Space(classic_world, "k-x-m"), Space(classic_world, "m")
    await first.create("secrets", secret("a", {"of": "first"}))
    await first.host("secrets", "a")
    await second.create("pods", pod("p", in_volume("secrets", "a-x-k")))
    await second.create("secrets", secret("a-x-k", {"of": "second"}))
    host = await second.host("pods", "p")
    named = host["spec"]["volumes"][0]["secret"]["secretName"]
    assert named != second.host_name("a-x-k")
    theirs = await eventually(lambda: second.on_host("secrets"))
    assert [each["metadata"]["name"] for each in theirs] == [named]
    await second.delete("pods", "p", grace_s=0)


async def test_the_later_of_two_such_objects_is_changed_and_deleted_alone(
    classic_world: World,
) -> None:
    await make_namespaces(classic_world, "e-x-f", "f")
    first, second = Space(classic_world, "e-x-f"), Space(classic_world, "f")
    await first.create("configmaps", configmap("d"))
    await first.host("configmaps", "d")
    await second.create("configmaps", configmap("d-x-e"))
    await eventually(lambda: second.on_host("configmaps"))
    await second.patch("configmaps", "d-x-e", {"data": {"key": "changed"}})

    async def changed() -> bool:
        return [host["data"]["key"] for host in await second.on_host("configmaps")] == ["changed"]

    await eventually(changed)
    await second.delete("configmaps", "d-x-e")

    async def gone() -> bool:
        return await second.on_host("configmaps") == []

    await eventually(gone)
    assert (await first.host("configmaps", "d"))["data"] == {"key": "value"}


async def make_namespaces(world: World, *names: str) -> None:
    for name in names:
        await world.virtual.create("namespaces", "", {"metadata": {"name": name}})


async def test_an_object_of_someone_else_is_never_overwritten(space: Space) -> None:
    theirs = {"metadata": {"name": space.host_name("c")}, "data": {"of": "someone else"}}
    await space.world.host.create("configmaps", HOST_NAMESPACE, theirs)
    await space.create("configmaps", configmap("c"))
    await space.create("pods", pod("p", in_volume("configmaps", "c")))
    await space.warning("c", "NameCollision")
    [ours] = await eventually(lambda: space.on_host("configmaps"))
    assert ours["data"] == {"key": "value"}
    await space.delete("configmaps", "c")

    async def gone() -> bool:
        return await space.on_host("configmaps") == []

    await eventually(gone)
    assert (await space.host("configmaps", "c"))["data"] == {"of": "someone else"}


async def test_what_a_tenant_writes_below_our_prefix_never_reaches_the_host(space: Space) -> None:
    prefix = "vcluster.loft.sh/"
    forged = {prefix + "managed-by": "other", prefix + "namespace": "kube-system"}
    notes = {prefix + key: "forged" for key in ("name", "uid", "kind", "managed-labels", "x")}
    obj = pod("p")
    obj["metadata"] |= {"labels": forged, "annotations": notes}
    made = await space.create("pods", obj)
    host = (await space.host("pods", "p"))["metadata"]
    assert host["labels"][prefix + "managed-by"] == space.world.name
    assert host["labels"][prefix + "namespace"] == space.namespace
    assert host["annotations"][prefix + "uid"] == made["metadata"]["uid"]
    assert "forged" not in host["annotations"].values()


async def test_a_host_object_that_says_it_is_another_ones_is_left_alone(space: Space) -> None:
    """Someone in the host namespace labels an object as ours that isn't."""
    made = await space.create("configmaps", configmap("c"))
    lies = labelled_as_ours(space, made)
    await space.world.host.create("configmaps", HOST_NAMESPACE, lies)
    await space.settled()
    there = await space.world.host.get("configmaps", HOST_NAMESPACE, lies["metadata"]["name"])
    assert there is not None
    assert there["data"] == {"of": "someone else"}


def labelled_as_ours(space: Space, virtual: Obj) -> Obj:
    prefix = "vcluster.loft.sh/"
    labels = {prefix + "managed-by": space.world.name, prefix + "namespace": space.namespace}
    notes = {
        prefix + "name": "c",
        prefix + "namespace": space.namespace,
        prefix + "uid": virtual["metadata"]["uid"],
        prefix + "kind": "/v1, Kind=ConfigMap",
    }
    metadata = {"name": f"liar-{space.namespace}", "labels": labels, "annotations": notes}
    return {"metadata": metadata, "data": {"of": "someone else"}}


async def test_a_new_namespace_of_an_old_name_starts_afresh(space: Space) -> None:
    await space.create("configmaps", configmap("c"))
    await space.create("pods", pod("p", in_volume("configmaps", "c")))
    old = await space.host("configmaps", "c")
    await space.world.virtual.delete("namespaces", "", space.namespace)

    async def gone() -> bool:
        return await space.world.virtual.get("namespaces", "", space.namespace) is None

    await eventually(gone)
    await space.host_gone("configmaps", "c")
    again = await new_space_of(space)
    await again.create("configmaps", configmap("c"))
    await again.create("pods", pod("p", in_volume("configmaps", "c")))
    new = await again.host("configmaps", "c")
    assert new["metadata"]["uid"] != old["metadata"]["uid"]


async def new_space_of(space: Space) -> Space:
    await make_namespaces(space.world, space.namespace)
    return await new_space(space.world, space.namespace)
