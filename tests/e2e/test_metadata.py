"""Labels and annotations: what follows, and what stays because it is the host's."""

import hashlib

import pytest

from tests.e2e.objects import claim, pod, service
from tests.e2e.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="session")

OBJECTS = {"pods": pod("x"), "services": service("x"), "persistentvolumeclaims": claim("x")}


@pytest.mark.parametrize("plural", OBJECTS)
async def test_what_is_taken_away_goes_and_what_the_host_added_stays(
    space: Space, plural: str
) -> None:
    obj = {**OBJECTS[plural], "metadata": {"name": "x"}}
    obj["metadata"] |= {"labels": {"a": "1", "b": "1"}, "annotations": {"c": "1", "d": "1"}}
    await space.create(plural, obj)
    await space.host(plural, "x")
    added = {"labels": {"on-host": "yes"}, "annotations": {"on-host": "yes"}}
    await space.patch_host(plural, "x", {"metadata": added})
    taken = {"labels": {"a": None, "b": "2"}, "annotations": {"c": None, "d": "2"}}
    await space.patch(plural, "x", {"metadata": taken})
    host = await space.host(plural, "x", lambda host: host["metadata"]["labels"]["b"] == "2")
    labels, notes = host["metadata"]["labels"], host["metadata"]["annotations"]
    assert "a" not in labels
    assert "c" not in notes
    assert (labels["on-host"], notes["on-host"], notes["d"]) == ("yes", "yes", "2")


async def test_a_label_that_someone_takes_away_on_the_host_comes_back(space: Space) -> None:
    obj = service("s")
    obj["metadata"]["labels"] = {"tier": "web"}
    await space.create("services", obj)
    await space.host("services", "s")
    await space.patch_host("services", "s", {"metadata": {"labels": {"tier": None}}})
    await space.host("services", "s", lambda host: host["metadata"]["labels"]["tier"] == "web")


async def test_what_belongs_to_the_virtual_cluster_alone_stays_there(space: Space) -> None:
    obj = pod("p")
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "u-1"}
    applied = "kubectl.kubernetes.io/last-applied-configuration"
    obj["metadata"] |= {"ownerReferences": [{**owner, "controller": True}]}
    obj["metadata"] |= {"annotations": {applied: "{}", "kept": "yes"}}
    made = await space.create("pods", obj)
    metadata = (await space.host("pods", "p"))["metadata"]
    assert "ownerReferences" not in metadata
    assert metadata["uid"] != made["metadata"]["uid"]
    assert applied not in metadata["annotations"]
    assert metadata["annotations"]["kept"] == "yes"


async def test_changed_labels_of_a_namespace_follow_to_its_pods(space: Space) -> None:
    await space.create("pods", pod("p"))
    await space.host("pods", "p")
    key = f"vcluster.loft.sh/ns-label-{space.world.name}-x-{digest('team')}"
    await space.world.virtual.patch(
        "namespaces", "", space.namespace, {"metadata": {"labels": {"team": "red"}}}
    )
    await space.host("pods", "p", lambda host: host["metadata"]["labels"][key] == "red")
    await space.world.virtual.patch(
        "namespaces", "", space.namespace, {"metadata": {"labels": {"team": None}}}
    )
    await space.host("pods", "p", lambda host: key not in host["metadata"]["labels"])


async def test_the_label_release_travels_under_another_key_in_selectors_too(space: Space) -> None:
    obj = service("s", selector={"release": "stable"}, selected=False)
    obj["metadata"]["labels"] = {"release": "stable"}
    await space.create("services", obj)
    host = await space.host("services", "s")
    key = f"vcluster.loft.sh/label-{space.world.name}-x-{digest('release')}"
    assert host["metadata"]["labels"][key] == host["spec"]["selector"][key] == "stable"
    assert "release" not in {**host["metadata"]["labels"], **host["spec"]["selector"]}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
