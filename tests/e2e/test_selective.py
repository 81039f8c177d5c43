"""ConfigMaps and Secrets are on the host while a synced object refers to them."""

from collections.abc import Callable

import pytest

from common.objects import Obj
from tests.e2e.objects import (
    configmap,
    encode,
    in_env,
    in_env_from,
    in_init_container,
    in_projection,
    in_pull_secrets,
    in_volume,
    pod,
    secret,
)
from tests.e2e.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="session")

MAKERS: dict[str, Callable[[str], Obj]] = {"configmaps": configmap, "secrets": secret}
WAYS = [in_env, in_env_from, in_volume, in_projection, in_init_container]
PAIRS = [(plural, way) for plural in MAKERS for way in WAYS] + [("secrets", in_pull_secrets)]


@pytest.mark.parametrize(
    ("plural", "way"), PAIRS, ids=[f"{plural}-{way.__name__}" for plural, way in PAIRS]
)
async def test_the_first_reference_brings_it_and_the_last_one_takes_it_away(
    space: Space, plural: str, way: Callable[[str, str], Obj]
) -> None:
    await space.create(plural, MAKERS[plural]("c"))
    await space.create("pods", pod("first", way(plural, "c")))
    await space.host(plural, "c")
    await space.create("pods", pod("second", way(plural, "c")))
    await space.running("second")
    await space.delete("pods", "first", grace_s=0)
    await space.host_gone("pods", "first")
    await space.settled()
    assert await space.see_host(plural, "c")
    await space.delete("pods", "second", grace_s=0)
    await space.host_gone(plural, "c")


@pytest.mark.parametrize("plural", MAKERS)
async def test_what_nothing_refers_to_is_not_on_the_host(space: Space, plural: str) -> None:
    await space.create(plural, MAKERS[plural]("c"))
    await space.create("pods", pod("p", in_volume(plural, "another")))
    await space.host("pods", "p")
    await space.settled()
    assert await space.on_host(plural) == []


@pytest.mark.parametrize("plural", MAKERS)
async def test_it_comes_when_it_is_made_after_the_pod(space: Space, plural: str) -> None:
    await space.create("pods", pod("p", in_env(plural, "c")))
    await space.host("pods", "p")
    await space.create(plural, MAKERS[plural]("c"))
    await space.host(plural, "c")


@pytest.mark.parametrize("plural", MAKERS)
async def test_all_brings_every_one(classic: Space, plural: str) -> None:
    await classic.create(plural, MAKERS[plural]("c"))
    await classic.host(plural, "c")


async def test_all_leaves_out_helm_releases_tokens_and_the_root_certificate(
    classic: Space,
) -> None:
    await classic.create("secrets", secret("release", type="helm.sh/release.v1"))
    await classic.service_account()
    token = secret("token", type="kubernetes.io/service-account-token")
    token["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "default"}
    await classic.create("secrets", token)
    await classic.create("configmaps", configmap("kube-root-ca.crt"))
    await classic.create("configmaps", configmap("last"))
    await classic.host("configmaps", "last")
    await classic.settled()
    assert await classic.on_host("secrets") == []
    assert len(await classic.on_host("configmaps")) == 1


async def test_a_token_secret_that_a_pod_refers_to_arrives_as_opaque(space: Space) -> None:
    await space.service_account()
    token = secret("token", {"token": "t"}, type="kubernetes.io/service-account-token")
    token["metadata"]["annotations"] = {"kubernetes.io/service-account.name": "default"}
    await space.create("secrets", token)
    await space.create("pods", pod("p", in_volume("secrets", "token")))
    assert (await space.host("secrets", "token"))["type"] == "Opaque"


async def test_changed_data_of_a_secret_arrives_and_removed_keys_go(space: Space) -> None:
    await space.create("secrets", secret("s", {"a": "1", "b": "2"}))
    await space.create("pods", pod("p", in_env_from("secrets", "s")))
    await space.host("secrets", "s")
    await space.patch("secrets", "s", {"data": {"a": encode("new"), "b": None, "c": encode("3")}})
    expected = {"a": encode("new"), "c": encode("3")}
    await space.host("secrets", "s", lambda host: host["data"] == expected)


@pytest.mark.parametrize("plural", MAKERS)
async def test_one_that_becomes_immutable_with_other_data_is_made_anew(
    space: Space, plural: str
) -> None:
    await space.create(plural, MAKERS[plural]("c") | {"immutable": True})
    await space.create("pods", pod("p", in_env(plural, "c")))
    old = await space.host(plural, "c")
    await space.delete(plural, "c")
    other = MAKERS[plural]("c") | {"immutable": True}
    other["data"] = {"key": encode("other")}
    await space.create(plural, other)
    new = await space.host(plural, "c", lambda host: host["data"] == other["data"])
    assert new["metadata"]["uid"] != old["metadata"]["uid"]
    assert new["immutable"] is True


@pytest.mark.parametrize("plural", MAKERS)
async def test_the_labels_of_an_immutable_one_follow(space: Space, plural: str) -> None:
    await space.create(plural, MAKERS[plural]("c") | {"immutable": True})
    await space.create("pods", pod("p", in_env(plural, "c")))
    await space.host(plural, "c")
    await space.patch(plural, "c", {"metadata": {"labels": {"tier": "web"}}})
    await space.host(plural, "c", lambda host: host["metadata"]["labels"]["tier"] == "web")
