"""Namespace sync: each virtual namespace has a host namespace of its own, and what is in it keeps
its name. On clusters of its own, for it is switched on for a whole virtual cluster."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from common.objects import Obj, annotations, get_path, labels, merge_patch, uid
from tests.e2e.objects import (
    configmap,
    encode,
    in_env,
    in_projection,
    in_volume,
    pod,
    secret,
    service,
)
from tests.e2e.waiting import eventually
from tests.e2e.world import HOST_NAMESPACE, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

V = "spaces"
MARK = {"vcluster.loft.sh/managed-by": f"{HOST_NAMESPACE}-x-{V}"}
IMPORTED = "vcluster.loft.sh/imported"
NAMESPACES = {
    "enabled": True,
    "mappings": {"byName": {"shop": "prod-shop", "team-*": "${name}-team-*", "old": "handed"}},
    "extraLabels": {"tenant": V},
}
# Within a few tries of what had to wait for a host namespace.
WAITED_S = 90.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    tohost = {"sync": {"toHost": {"namespaces": NAMESPACES, "configMaps": {"all": True}}}}
    folder = tmp_path_factory.mktemp("e2e-namespaces")
    async with open_world(folder, V, tohost, classic=False) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def strict_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Only what the mappings name."""
    namespaces = {**NAMESPACES, "mappingsOnly": True}
    tohost = {"sync": {"toHost": {"namespaces": namespaces, "configMaps": {"all": True}}}}
    folder = tmp_path_factory.mktemp("e2e-mappings-only")
    async with open_world(folder, V, tohost, classic=False) as opened:
        yield opened


@dataclass(frozen=True)
class Place:
    """A virtual namespace and the host namespace that it becomes."""

    world: World
    virtual: str
    host: str

    async def open(self, **metadata: object) -> "Place":
        body = {"metadata": {"name": self.virtual, **metadata}}
        await self.world.virtual.create("namespaces", "", body)
        await self.add("serviceaccounts", {"metadata": {"name": "default"}})
        return self

    async def add(self, plural: str, obj: Obj) -> None:
        await self.world.virtual.create(plural, self.virtual, obj)

    async def arrives(self, plural: str, name: str, within_s: float = 15) -> Obj:
        async def look() -> Obj | None:
            return await self.world.host.get(plural, self.host, name)

        return await eventually(look, within_s) or {}

    async def leaves(self, plural: str, name: str) -> None:
        async def gone() -> bool:
            return await self.world.host.get(plural, self.host, name) is None

        await eventually(gone)

    async def shows(self, plural: str, name: str, path: str, value: object) -> Obj:
        """The virtual object, once it has this value."""

        async def look() -> Obj | None:
            seen = await self.world.virtual.get(plural, self.virtual, name)
            assert get_path(seen or {}, path) == value, f"not as expected: {seen}"
            return seen

        return await eventually(look) or {}

    async def becomes(self, **expected: str | None) -> Obj:
        """The host namespace, once it has these labels."""

        async def look() -> Obj:
            there = await self.world.host.get("namespaces", "", self.host) or {}
            assert {key: labels(there).get(key) for key in expected} == expected, there
            return there

        return await eventually(look)

    async def close(self) -> None:
        """Delete the virtual namespace, and wait until it is gone."""
        await self.world.virtual.delete("namespaces", "", self.virtual)
        await self.closed()

    async def closed(self) -> None:
        async def gone() -> bool:
            return await self.world.virtual.get("namespaces", "", self.virtual) is None

        await eventually(gone)

    async def warning(self, reason: str) -> Obj:
        """The Warning event on the virtual Namespace."""

        async def look() -> Obj | None:
            events = await self.world.virtual.list("events", "default")
            about = [e for e in events if e["involvedObject"]["name"] == self.virtual]
            return next((e for e in about if (e["type"], e["reason"]) == ("Warning", reason)), None)

        return await eventually(look) or {}


async def test_what_two_namespaces_hold_lands_in_two_host_namespaces_under_its_own_names(
    world: World,
) -> None:
    shop = await Place(world, "shop", "prod-shop").open()
    team = await Place(world, "team-a", f"{V}-team-a").open()
    for place in (shop, team):
        await place.add("configmaps", configmap("settings", {"key": place.virtual}))
        await place.add("secrets", secret("login", {"key": place.virtual}))
        await place.add("services", service("web"))
        wants = in_env("configmaps", "settings"), in_volume("secrets", "login")
        await place.add("pods", pod("web", *wants))
    for place in (shop, team):
        assert (await place.arrives("configmaps", "settings"))["data"] == {"key": place.virtual}
        login = await place.arrives("secrets", "login")
        assert login["data"] == {"key": encode(place.virtual)}
        await place.shows("pods", "web", "status.phase", "Running")
        there = await place.arrives("services", "web")
        await place.shows("services", "web", "spec.clusterIP", there["spec"]["clusterIP"])
        volumes = (await place.arrives("pods", "web"))["spec"]["volumes"]
        assert {"secretName": "login"}.items() <= volumes[0]["secret"].items()
    await world.virtual.delete("services", "shop", "web")
    await shop.leaves("services", "web")
    assert await world.host.get("services", team.host, "web")
    assert await world.host.list("pods", HOST_NAMESPACE) == []


async def test_a_namespace_without_a_mapping_has_a_name_made_for_it(world: World) -> None:
    given = {"team": "a", "tenant": "me", "pod-security.kubernetes.io/enforce": "privileged"}
    await world.virtual.create("namespaces", "", {"metadata": {"name": "free", "labels": given}})

    async def look() -> Obj | None:
        ours = await world.host.list("namespaces", "", "team=a")
        return ours[0] if ours else None

    there = await eventually(look) or {}
    assert there["metadata"]["name"].startswith(f"vcluster-{V}-x-free-x-")
    assert labels(there) == {
        **MARK,
        "team": "a",
        "tenant": V,
        "kubernetes.io/metadata.name": there["metadata"]["name"],
    }
    assert annotations(there)["vcluster.loft.sh/name"] == "free"


async def test_the_uid_that_identifies_the_virtual_cluster_is_not_shown_to_the_host(
    world: World,
) -> None:
    async def look() -> Obj | None:
        namespaces = await world.host.list("namespaces", "", "tenant")
        named = {annotations(each)["vcluster.loft.sh/name"]: each for each in namespaces}
        return named.get("kube-system")

    there = await eventually(look) or {}
    assert annotations(there)["vcluster.loft.sh/uid"] == ""


async def test_the_hosts_own_root_certificate_stays_beside_the_virtual_one(world: World) -> None:
    place = await Place(world, "team-ca", f"{V}-team-ca").open()
    await place.becomes(tenant=V)
    own = configmap("kube-root-ca.crt", {"ca.crt": "host"})
    await world.host.create("configmaps", place.host, own)
    await place.add("configmaps", configmap("kube-root-ca.crt", {"ca.crt": "virtual"}))
    await place.add("pods", pod("web", in_projection("configmaps", "kube-root-ca.crt")))
    await place.shows("pods", "web", "status.phase", "Running")
    made = await place.arrives("pods", "web")
    source = made["spec"]["volumes"][0]["projected"]["sources"][0]["configMap"]
    there = await place.arrives("configmaps", source["name"])
    assert there["data"] == {"ca.crt": "virtual"}
    left = await place.arrives("configmaps", "kube-root-ca.crt")
    assert left["data"] == {"ca.crt": "host"}


async def test_labels_follow_and_the_hosts_own_stay(world: World) -> None:
    place = await Place(world, "team-labels", f"{V}-team-labels").open(labels={"team": "a"})
    await place.becomes(team="a", tenant=V)
    await world.host.patch("namespaces", "", place.host, {"metadata": {"labels": {"by": "host"}}})
    patch = {"metadata": {"labels": {"team": None, "stage": "dev"}}}
    await world.virtual.patch("namespaces", "", place.virtual, patch)
    await place.becomes(team=None, stage="dev", by="host")


async def test_a_host_namespace_goes_when_the_virtual_one_is_gone(world: World) -> None:
    place = await Place(world, "team-gone", f"{V}-team-gone").open()
    await place.add("configmaps", configmap("settings"))
    await place.arrives("configmaps", "settings")
    await place.close()
    await place.leaves("namespaces", place.host)


async def test_a_host_namespace_that_someone_deletes_comes_again_with_what_was_in_it(
    world: World,
) -> None:
    place = await Place(world, "team-again", f"{V}-team-again").open()
    await place.add("configmaps", configmap("settings"))
    before = await place.becomes(tenant=V)
    await place.arrives("configmaps", "settings")
    await world.host.delete("namespaces", "", place.host)

    async def again() -> bool:
        there = await world.host.get("namespaces", "", place.host)
        return there is not None and uid(there) != uid(before)

    await eventually(again)
    await place.arrives("configmaps", "settings", WAITED_S)


async def test_a_namespace_made_anew_takes_its_host_namespace_over(world: World) -> None:
    place = await Place(world, "team-anew", f"{V}-team-anew").open()
    before = await place.becomes(tenant=V)
    [worker] = world.running("workers")
    await worker.stop()
    await place.close()
    await place.open(labels={"age": "new"})
    await world.start("workers")
    there = await place.becomes(age="new")
    assert uid(there) == uid(before)
    seen = await world.virtual.get("namespaces", "", place.virtual) or {}
    assert annotations(there)["vcluster.loft.sh/uid"] == uid(seen)


async def test_someone_elses_host_namespace_is_left_alone_until_it_is_handed_over(
    world: World,
) -> None:
    made = {"name": "handed", "labels": {"cost": "12"}, "annotations": {"owner": "infra"}}
    before = await world.host.create("namespaces", "", {"metadata": made})
    place = await Place(world, "old", "handed").open(labels={"cost": "0", "team": "a"})
    await place.add("configmaps", configmap("settings"))
    message = (await place.warning("NameCollision"))["message"]
    command = "kubectl label namespace handed " + "=".join(*MARK.items())
    assert message.endswith(f"to hand it over: {command}")
    await world.settled(" old")
    assert await world.host.get("namespaces", "", "handed") == before
    assert await world.host.get("configmaps", "handed", "settings") is None

    await world.host.patch("namespaces", "", "handed", {"metadata": {"labels": MARK}})
    there = await place.becomes(team="a", tenant=V, cost="12")
    assert annotations(there)[IMPORTED] == "true"
    await place.arrives("configmaps", "settings", WAITED_S)

    await place.close()
    await place.leaves("configmaps", "settings")
    left = await place.becomes(**dict.fromkeys(MARK), team=None, tenant=None)
    assert left["metadata"].get("deletionTimestamp") is None
    kept = merge_patch(before["metadata"], {"resourceVersion": None, "managedFields": None})
    assert kept.items() <= left["metadata"].items()


async def test_a_host_namespace_handed_over_early_waits_for_its_virtual_one(world: World) -> None:
    made = {"name": f"{V}-team-early", "labels": MARK}
    before = await world.host.create("namespaces", "", {"metadata": made})
    await world.settled()
    place = Place(world, "team-early", f"{V}-team-early")
    assert uid(await place.becomes(**MARK)) == uid(before)
    await place.open()
    there = await place.becomes(tenant=V)
    assert uid(there) == uid(before)
    assert annotations(there)[IMPORTED] == "true"


async def test_with_mappings_only_other_namespaces_stay_and_are_told_so(
    strict_world: World,
) -> None:
    team = await Place(strict_world, "team-b", f"{V}-team-b").open()
    other = await Place(strict_world, "other", "").open()
    for place in (team, other):
        await place.add("configmaps", configmap("settings"))
        await place.add("pods", pod("web"))
    await team.shows("pods", "web", "status.phase", "Running")
    event = await other.warning("NamespaceNotSynced")
    assert event["message"].startswith("namespace other is not synced: no mapping")
    patch = {"metadata": {"labels": {"touched": "1"}}}
    await strict_world.virtual.patch("namespaces", "", "other", patch)
    await strict_world.settled()
    assert (await other.warning("NamespaceNotSynced"))["count"] == 1
    on_host = await strict_world.host.list("pods")
    assert [each["metadata"]["namespace"] for each in on_host] == [team.host]
    namespaces = await strict_world.host.list("namespaces", "", "tenant")
    assert [each["metadata"]["name"] for each in namespaces] == [team.host]
