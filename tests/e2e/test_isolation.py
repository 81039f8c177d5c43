"""Attacks of one tenant on another who shares its host namespace: none gets anywhere."""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio

from common.objects import Obj, annotations, labels, meta, name_of, uid
from common.process.metrics import INGRESS_HOST_CONFLICTS
from tests.e2e.neighbours import (
    ATTACKER,
    HOST,
    MARK,
    VICTIM,
    Neighbours,
    marks,
    open_neighbours,
)
from tests.e2e.objects import (
    configmap,
    disruption_budget,
    in_env,
    in_env_from,
    in_init_container,
    in_projection,
    in_pull_secrets,
    in_volume,
    network_policy,
    pod,
    secret,
    service,
)
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Neighbours]:
    """The victim has a Secret and a pod that uses it; the attacker has a Secret of the name that
    the victim's has on the host."""
    async with open_neighbours(tmp_path_factory.mktemp("neighbours")) as opened:
        web = pod("web", in_volume("secrets", "key"))
        web["metadata"]["labels"] = {"app": "web"}
        await opened.victim.create("secrets", secret("key", {"password": "hidden"}))
        await opened.victim.create("pods", web)
        await opened.attacker.create("secrets", secret(opened.victim.host_name("key")))
        async with opened.running():
            await opened.victim.on_host("pods", "web")
            yield opened


async def test_marks_that_a_tenant_sets_are_not_passed_on(both: Neighbours) -> None:
    real = await both.victim.on_host("secrets", "key")
    forged = {**marks(real), f"{MARK}imported": "true", f"{MARK}managed-labels": "app"}
    metadata = {"name": "forged", "labels": {f"{MARK}managed-by": VICTIM}, "annotations": forged}
    made = await both.attacker.create("configmaps", {"metadata": metadata, "data": {"a": "b"}})
    bears = marks(await both.attacker.on_host("configmaps", "forged"))
    assert bears[f"{MARK}managed-by"] == ATTACKER
    assert (bears[f"{MARK}name"], bears[f"{MARK}uid"]) == ("forged", uid(made))
    assert f"{MARK}imported" not in bears
    assert await both.victim.on_host("secrets", "key") == real


WAYS = [in_volume, in_env, in_env_from, in_init_container, in_projection, in_pull_secrets]


@pytest.mark.parametrize("refer", WAYS, ids=lambda way: way.__name__)
async def test_a_guessed_host_name_means_the_tenants_own_object(
    both: Neighbours, refer: Callable[[str, str], Obj]
) -> None:
    guess, name = both.victim.host_name("key"), f"by-{refer.__name__.replace('_', '-')}"
    await both.attacker.create("pods", pod(name, refer("secrets", guess)))
    named = set(texts((await both.attacker.on_host("pods", name))["spec"]))
    assert name_of(await both.victim.on_host("secrets", "key")) == guess
    assert guess not in named
    assert name_of(await both.attacker.on_host("secrets", guess)) in named


def texts(value: Any) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)
    elif isinstance(value, str):
        yield value


async def test_no_selector_finds_the_pods_of_another_tenant(both: Neighbours) -> None:
    theirs = {f"{MARK}managed-by": VICTIM, "app": "web"}
    await both.attacker.create("services", service("all", selector=theirs))
    await both.attacker.create("networkpolicies", network_policy("all", "x", podSelector={}))
    await both.attacker.create("poddisruptionbudgets", disruption_budget("all", "web"))
    policy = (await both.attacker.on_host("networkpolicies", "all"))["spec"]
    budget = (await both.attacker.on_host("poddisruptionbudgets", "all"))["spec"]
    for selector in (
        (await both.attacker.on_host("services", "all"))["spec"]["selector"],
        policy["podSelector"]["matchLabels"],
        policy["ingress"][0]["from"][0]["podSelector"]["matchLabels"],
        budget["selector"]["matchLabels"],
    ):
        assert await selected(both, selector) <= {ATTACKER}


async def selected(both: Neighbours, selector: dict[str, str]) -> set[str]:
    """Whose pods the host finds by such labels."""
    asked = ",".join(f"{key}={value}" for key, value in selector.items())
    return {labels(each)[f"{MARK}managed-by"] for each in await both.host.list("pods", HOST, asked)}


async def test_a_pod_minds_no_pods_but_those_of_its_own_tenant(both: Neighbours) -> None:
    term = {"topologyKey": "zone", "labelSelector": {}, "namespaceSelector": {}}
    affinity = {"podAntiAffinity": {_REQUIRED: [term]}}
    await both.attacker.create("pods", pod("apart", affinity=affinity))
    spec = (await both.attacker.on_host("pods", "apart"))["spec"]
    [sent] = spec["affinity"]["podAntiAffinity"][_REQUIRED]
    assert await selected(both, sent["labelSelector"]["matchLabels"]) == {ATTACKER}
    assert not sent.keys() & {"namespaces", "namespaceSelector"}


async def test_another_namespace_in_a_reference_is_one_of_the_tenants_own(
    both: Neighbours,
) -> None:
    """The host namespace by its name, say."""
    note = "nginx.ingress.kubernetes.io/auth-secret"
    ingress = site("reach", "reach.example.com")
    ingress["metadata"]["annotations"] = {note: f"{HOST}/key"}
    await both.attacker.create("ingresses", ingress)
    await both.attacker.virtual.create("persistentvolumes", "", volume_of_another("key"))
    own = f"{ATTACKER}-{HOST}-key-x-{HOST}-x-{ATTACKER}"
    sent = await both.attacker.on_host("ingresses", "reach")
    assert annotations(sent)[note] == f"{HOST}/{own}"

    async def volume() -> Obj | None:
        return await both.host.get("persistentvolumes", "", f"vcluster-reach-x-{HOST}-x-{ATTACKER}")

    spec = (await eventually(volume) or {})["spec"]
    for ref in (spec["claimRef"], spec["csi"]["nodeStageSecretRef"]):
        assert (ref["namespace"], ref["name"]) == (HOST, own)


def volume_of_another(name: str) -> Obj:
    ref = {"namespace": HOST, "name": name}
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "1Gi"},
        "claimRef": ref,
        "csi": {"driver": "csi.example.com", "volumeHandle": "v", "nodeStageSecretRef": ref},
    }
    return {"metadata": {"name": "reach"}, "spec": spec}


async def test_an_external_name_is_never_a_service_of_the_host(both: Neighbours) -> None:
    for name, target in (("bare", f"web.{HOST}"), ("whole", f"web.{HOST}.svc.cluster.local")):
        spec = {"type": "ExternalName", "externalName": target}
        await both.attacker.create("services", {"metadata": {"name": name}, "spec": spec})
    bare = (await both.attacker.on_host("services", "bare"))["spec"]["externalName"]
    whole = (await both.attacker.on_host("services", "whole"))["spec"]["externalName"]
    assert bare == f"web.{HOST}."
    assert whole == f"{ATTACKER}-{HOST}-web-x-{HOST}-x-{ATTACKER}.{HOST}.svc.cluster.local"


async def test_a_name_crafted_to_collide_is_a_name_of_its_own(both: Neighbours) -> None:
    crafted = both.victim.host_name("key")
    made, real = [
        await tenant.on_host("secrets", name)
        for tenant, name in ((both.attacker, crafted), (both.victim, "key"))
    ]
    assert name_of(made) != name_of(real) == crafted
    assert annotations(real)[f"{MARK}name"] == "key"


async def test_a_huge_object_delays_no_other_tenant(both: Neighbours) -> None:
    await both.attacker.create("configmaps", configmap("huge", {"a": "x" * 1_000_000}))
    await both.victim.create("configmaps", configmap("small"))
    await both.victim.on_host("configmaps", "small")


async def test_an_ingress_for_another_tenants_host_name_is_reported(both: Neighbours) -> None:
    before = INGRESS_HOST_CONFLICTS.labels(ATTACKER)._value.get()
    await both.victim.create("ingresses", site("shop", "shop.example.org"))
    await both.victim.on_host("ingresses", "shop")
    await both.attacker.create("ingresses", site("steal", "*.example.org"))
    message = await both.attacker.warning("steal", "HostNameConflict")
    assert "*.example.org" in message
    assert VICTIM not in message
    assert await both.attacker.on_host("ingresses", "steal")
    assert INGRESS_HOST_CONFLICTS.labels(ATTACKER)._value.get() == before + 1
    assert "HostNameConflict" not in await both.victim.event_reasons("shop")


def site(name: str, host: str) -> Obj:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    rule = {"host": host, "http": {"paths": [path]}}
    return {"metadata": {"name": name}, "spec": {"rules": [rule]}}


async def test_what_somebody_else_has_in_the_host_namespace_stays_as_it_is(
    both: Neighbours,
) -> None:
    """Under the very name that a tenant's object would have, and with some of our marks."""
    name = both.attacker.host_name("taken")
    half = {f"{MARK}managed-by": ATTACKER}
    planted = [
        await both.host.create(
            "configmaps", HOST, {"metadata": {"name": name}, "data": {"a": "b"}}
        ),
        await both.host.create("configmaps", HOST, {"metadata": {"name": "half", "labels": half}}),
    ]
    await both.attacker.create("configmaps", configmap("taken"))
    assert name_of(await both.attacker.on_host("configmaps", "taken")) != name
    assert "NameCollision" in await both.attacker.event_reasons("taken")
    await both.attacker.virtual.delete("configmaps", "default", "taken")

    async def gone() -> bool:
        listed = await both.host.list("configmaps", HOST)
        return not any(annotations(each).get(f"{MARK}name") == "taken" for each in listed)

    await eventually(gone)
    for each in planted:
        assert await both.host.get("configmaps", HOST, name_of(each)) == each


async def test_every_write_of_all_this_was_about_objects_of_ours_in_the_host_namespace(
    both: Neighbours,
) -> None:
    assert both.audit.verdicts == []
    assert [name_of(each) for each in await both.host.list("secrets", "default")] == []
    assert (
        not meta(await both.host.get("namespaces", "", HOST) or {})
        .get("labels", {})
        .get(f"{MARK}managed-by")
    )
