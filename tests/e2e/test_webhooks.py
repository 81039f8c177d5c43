"""Admission webhooks that add to host objects or change them back: tohost doesn't fight them."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from common.kube.client import KubeClient
from common.objects import Obj, labels
from tests.e2e.objects import configmap, in_volume, pod, secret
from tests.e2e.space import Space
from tests.e2e.waiting import eventually
from tests.e2e.webhooks import (
    MUTATING,
    Answer,
    WebhookServer,
    in_namespace,
    merged_into,
    rule,
    webhook_server,
    with_sidecar,
)
from tests.e2e.world import HOST_NAMESPACE, World
from workers.fights import ROUNDS

pytestmark = pytest.mark.asyncio(loop_scope="session")

QUIET_S = 2.0
SIDECAR = {"name": "proxy", "image": "proxy:1"}
LABEL, NOTE = {"injected": "yes"}, {"injector.example.com/at": "1"}
OBJECTS = {"pods": pod("x"), "configmaps": configmap("x")}


@dataclass
class Hooks:
    """Webhooks for the objects of one virtual namespace; in force once `mutate` returns."""

    server: WebhookServer
    space: Space
    _made: list[tuple[Path, str]] = field(default_factory=list)

    async def mutate_host(self, path: str, answer: Answer, *resources: str) -> None:
        chosen = {"matchLabels": {"vcluster.loft.sh/namespace": self.space.namespace}}
        selectors = {"namespaceSelector": in_namespace(HOST_NAMESPACE), "objectSelector": chosen}
        hook = self.server.hook(path, answer, [rule(*resources, "configmaps")], **selectors)
        kubeconfig = self.space.world.backend.host_kubeconfig
        await self._install(kubeconfig, hook, path, HOST_NAMESPACE, chosen["matchLabels"])

    async def mutate_virtual(self, path: str, answer: Answer, *resources: str) -> None:
        selector = {"namespaceSelector": in_namespace(self.space.namespace)}
        hook = self.server.hook(path, answer, [rule(*resources, "configmaps")], **selector)
        kubeconfig = self.space.world.backend.virtual_kubeconfig
        await self._install(kubeconfig, hook, path, self.space.namespace, {})

    async def _install(
        self, kubeconfig: Path, hook: Obj, path: str, namespace: str, chosen: dict[str, str]
    ) -> None:
        name = f"{path}-{self.space.namespace}"
        probe = {"metadata": {"name": "probe", "labels": chosen}}
        collection = f"/api/v1/namespaces/{namespace}/configmaps"
        async with await KubeClient.connect(str(kubeconfig), name="webhooks") as client:
            body = {"metadata": {"name": name}, "webhooks": [hook]}
            await client.request("POST", MUTATING, body=body)
            self._made.append((kubeconfig, name))

            async def asked() -> bool:
                await client.request("POST", collection, body=probe, params={"dryRun": "All"})
                return self.server.dry_runs[path] > 0

            await eventually(asked)

    async def remove(self) -> None:
        for kubeconfig, name in self._made:
            async with await KubeClient.connect(str(kubeconfig), name="webhooks") as client:
                await client.request("DELETE", f"{MUTATING}/{name}")

    async def quiet_writes(self, path: str, plural: str) -> int:
        """How many writes there were, once tohost is done; fails if more come while it's quiet."""
        await self.space.settled()
        before = len(self.server.writes(path, plural))
        await asyncio.sleep(QUIET_S)
        assert len(self.server.writes(path, plural)) == before, self.server.writes(path, plural)
        return before


@pytest_asyncio.fixture(loop_scope="session")
async def hooks(classic: Space) -> AsyncIterator[Hooks]:
    """In the virtual cluster where all ConfigMaps and Secrets are synced."""
    async with webhook_server() as server:
        made = Hooks(server, classic)
        yield made
        await made.remove()


def inject(request: Obj) -> list[Obj]:
    return [
        *with_sidecar(request, SIDECAR),
        *merged_into(request, "labels", LABEL),
        *merged_into(request, "annotations", NOTE),
    ]


def keep_team(request: Obj) -> list[Obj]:
    """Changes the label `team` back on every write."""
    return merged_into(request, "labels", {"team": "host"})


async def fights(world: World, plural: str) -> float:
    """What the workers count."""
    total, name = 0.0, f'tohost_fights_total{{cluster="{world.name}",plural="{plural}"}} '
    async with aiohttp.ClientSession() as session:
        for process in world.running("workers"):
            url = f"http://127.0.0.1:{process.health_port}/metrics"
            async with session.get(url) as response:
                text = await response.text()
            found = re.findall(f"^{re.escape(name)}(.*)$", text, re.MULTILINE)
            total += sum(map(float, found))
    return total


async def warnings(space: Space, name: str) -> list[str]:
    events = await space.world.virtual.list("events", space.namespace)
    about = [event for event in events if event["involvedObject"]["name"] == name]
    return [event["reason"] for event in about if event["type"] == "Warning"]


def with_team(obj: Obj, team: str) -> Obj:
    return {**obj, "metadata": {**obj["metadata"], "labels": {"team": team}}}


def has(obj: Obj, wanted: dict[str, str]) -> bool:
    return labels(obj).items() >= wanted.items()


async def test_what_a_webhook_adds_stays_on_the_host(classic: Space, hooks: Hooks) -> None:
    await hooks.mutate_host("inject", inject, "pods")
    await classic.create("configmaps", configmap("c"))
    await classic.create("pods", pod("x", in_volume("configmaps", "c")))
    seen = await classic.running("x")
    assert names_of(seen["status"]["containerStatuses"]) == ["main"]
    host = await classic.host("pods", "x", lambda obj: has(obj, LABEL))
    assert names_of(host["spec"]["containers"]) == ["main", "proxy"]
    assert host["metadata"]["annotations"].items() >= NOTE.items()
    await classic.host("configmaps", "c", lambda obj: has(obj, LABEL))
    virtual = await classic.virtual("pods", "x")
    assert names_of(virtual["spec"]["containers"]) == ["main"]
    assert not has(virtual, LABEL)
    assert await hooks.quiet_writes("inject", "pods") == 1
    assert await hooks.quiet_writes("inject", "configmaps") == 1


def names_of(containers: Sequence[Obj]) -> list[str]:
    return [container["name"] for container in containers]


async def test_what_a_webhook_adds_outlives_a_change(classic: Space, hooks: Hooks) -> None:
    await hooks.mutate_host("inject", inject, "pods")
    for plural, obj in OBJECTS.items():
        await classic.create(plural, obj)
        await classic.host(plural, "x", lambda obj: has(obj, LABEL))
    await classic.running("x")
    changed = {"metadata": {"labels": {"app": "web"}}}
    for plural in OBJECTS:
        await classic.patch(plural, "x", changed)
        await classic.host(plural, "x", lambda obj: has(obj, {"app": "web", **LABEL}))
    await classic.patch("configmaps", "x", {"data": {"key": "new"}})
    await classic.host("configmaps", "x", lambda obj: obj["data"] == {"key": "new"})
    await classic.patch("pods", "x", {"spec": {"activeDeadlineSeconds": 600}})
    await classic.host("pods", "x", lambda obj: obj["spec"].get("activeDeadlineSeconds") == 600)
    assert await hooks.quiet_writes("inject", "pods") == 3
    assert await hooks.quiet_writes("inject", "configmaps") == 3
    assert await warnings(classic, "x") == []


@pytest.mark.parametrize("plural", OBJECTS)
async def test_a_label_that_is_changed_back_ends_in_a_warning(
    classic: Space, hooks: Hooks, plural: str
) -> None:
    counted = await fights(classic.world, plural)
    await hooks.mutate_host("team", keep_team, plural)
    await classic.create(plural, with_team(OBJECTS[plural], "tenant"))
    await classic.warning("x", "HostObjectChangedBack")
    host = await classic.host(plural, "x")
    assert labels(host)["team"] == "host"
    # What a kubelet's write overtakes is shown too, and again when the server tries once more.
    assert 1 + ROUNDS <= await hooks.quiet_writes("team", plural) <= 1 + 3 * ROUNDS
    assert await fights(classic.world, plural) == counted + 1


async def test_other_news_of_the_host_object_start_no_new_fight(
    classic: Space, hooks: Hooks
) -> None:
    await hooks.mutate_host("team", keep_team)
    await classic.create("configmaps", with_team(configmap("x"), "tenant"))
    await classic.warning("x", "HostObjectChangedBack")
    before = await hooks.quiet_writes("team", "configmaps")
    for number in range(5):
        note = {"metadata": {"annotations": {"someone.example.com/else": str(number)}}}
        await classic.patch_host("configmaps", "x", note)
    assert await hooks.quiet_writes("team", "configmaps") == before + 5
    assert await warnings(classic, "x") == ["HostObjectChangedBack"]


async def test_a_change_of_the_virtual_object_tries_again(classic: Space, hooks: Hooks) -> None:
    """And the rest of it arrives even while the label is lost."""
    peaceful = asyncio.Event()

    def until_peace(request: Obj) -> list[Obj]:
        return [] if peaceful.is_set() else keep_team(request)

    await hooks.mutate_host("team", until_peace)
    await classic.create("configmaps", with_team(configmap("x"), "tenant"))
    await classic.warning("x", "HostObjectChangedBack")
    before = await hooks.quiet_writes("team", "configmaps")
    await classic.patch("configmaps", "x", {"data": {"key": "new"}})
    await classic.host("configmaps", "x", lambda obj: obj["data"] == {"key": "new"})
    after = await hooks.quiet_writes("team", "configmaps")
    assert before < after <= before + 1 + ROUNDS
    peaceful.set()
    await classic.patch("configmaps", "x", {"metadata": {"labels": {"team": "other"}}})
    await classic.host("configmaps", "x", lambda obj: has(obj, {"team": "other"}))
    assert await hooks.quiet_writes("team", "configmaps") == after + 1


async def test_an_object_is_not_made_anew_for_ever(classic: Space, hooks: Hooks) -> None:
    """A webhook that changes what can't be changed back, such as the type of a Secret."""

    def retype(request: Obj) -> list[Obj]:
        if request["resource"]["resource"] != "secrets" or request["operation"] != "CREATE":
            return []
        return [{"op": "add", "path": "/type", "value": "example.com/other"}]

    await hooks.mutate_host("type", retype, "secrets")
    await classic.create("secrets", secret("x"))
    await classic.warning("x", "HostObjectChangedBack")
    assert await hooks.quiet_writes("type", "secrets") <= 1 + ROUNDS
    assert await classic.see_host("secrets", "x")


async def test_a_status_that_the_virtual_cluster_changes_back_is_given_up(
    classic: Space, hooks: Hooks
) -> None:
    def hide(request: Obj) -> list[Obj]:
        told = "startTime" in (request["object"].get("status") or {})
        return [{"op": "remove", "path": "/status/startTime"}] if told else []

    await hooks.mutate_virtual("hide", hide, "pods/status")
    await classic.create("pods", pod("x"))
    await classic.warning("x", "VirtualObjectChangedBack")
    assert "startTime" not in (await classic.running("x"))["status"]
    assert await hooks.quiet_writes("hide", "pods") <= 4 + 2 * ROUNDS


async def test_an_object_that_cannot_be_marked_as_ours_is_not_written_for_ever(
    classic: Space, hooks: Hooks
) -> None:
    def strip(request: Obj) -> list[Obj]:
        mark = "/metadata/labels/vcluster.loft.sh~1managed-by"
        marked = "vcluster.loft.sh/managed-by" in labels(request["object"])
        return [{"op": "remove", "path": mark}] if marked else []

    await hooks.mutate_host("strip", strip)
    await classic.create("configmaps", configmap("x"))
    await classic.host("configmaps", "x")
    assert await hooks.quiet_writes("strip", "configmaps") <= 1 + ROUNDS
    assert await warnings(classic, "x")
