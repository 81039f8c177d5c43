"""The first part of docs/troubleshooting.md: faults are made, told and cured as the page says."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from common.kinds import REGISTRY
from common.kube.client import MERGE_PATCH, KubeClient
from common.metadata import UID
from common.objects import Obj, annotations, uid
from sandbox.redis import RedisServer
from sandbox.run import Sandbox
from tests.backends import sandbox_backend
from tests.e2e.objects import configmap, in_env, pod
from tests.e2e.waiting import eventually
from tests.e2e.webhooks import VALIDATING, denial, in_namespace, rule, webhook_server
from tests.integration.pipeline import Pipeline, host_name, open_pipeline
from tests.pages import section
from tohost.cli import main

ALL: Obj = {"enabled": True, "all": True}
QUOTA = "exceeded quota: few, requested: count/configmaps=1"
INGRESS: Obj = {
    "metadata": {"name": "site"},
    "spec": {"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}},
}
Said = pytest.CaptureFixture[str]


@pytest.fixture
async def it(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pipeline]:
    async with open_pipeline(tmp_path, redis_server, sandbox_backend) as opened:
        opened.switch()
        yield opened


async def tohost(it: Pipeline, said: Said, *arguments: str) -> str:
    """What a command prints, as someone would run it beside the pipeline."""
    said.readouterr()
    await asyncio.to_thread(main, [*arguments, "--config", str(it.config)])
    return said.readouterr().out


async def told(it: Pipeline, said: Said, about: tuple[str, str], *words: str) -> None:
    """Wait until `tohost explain` says all of these."""

    async def look() -> bool:
        output = await tohost(it, said, "explain", *about)
        assert all(each in output for each in words), output
        return True

    await eventually(look)


async def create(it: Pipeline, plural: str, obj: Obj) -> Obj:
    return await it.virtual.create(REGISTRY[plural], "default", obj)


def on_page(heading: str, *words: str) -> None:
    text = " ".join(section("troubleshooting", heading).split())
    assert all(each in text for each in words), text


async def test_a_kind_that_is_off_is_told_and_arrives_once_it_is_on(
    it: Pipeline, capsys: Said
) -> None:
    fault = "no ingresses of this virtual cluster are watched"
    on_page("Its kind is not synced", fault)
    await create(it, "ingresses", INGRESS)
    async with it.running():
        await told(it, capsys, ("ingresses", "default/site"), "unknown", fault)
    it.switch(ingresses={"enabled": True})
    async with it.running():
        await it.arrives("ingresses", "site")
        await told(it, capsys, ("ingresses", "default/site"), "in sync")


async def test_an_object_that_nobody_made_is_told_and_arrives_once_it_is_made(
    it: Pipeline, capsys: Said
) -> None:
    fault = "it is on neither side: none was ever seen, or its end is long ago"
    on_page("It isn't in the virtual cluster", fault)
    async with it.running():
        await told(it, capsys, ("pods", "default/web"), "unknown", fault)
        await create(it, "pods", pod("web"))
        await it.arrives("pods", "web")
        await told(it, capsys, ("pods", "default/web"), "in sync")


async def test_what_the_host_refuses_is_told_in_its_words_and_arrives_when_the_cause_is_gone(
    it: Pipeline, capsys: Said
) -> None:
    on_page("The host refuses it", "exceeded quota", "tohost requeue")
    it.switch(configMaps=ALL)
    async with webhook_server() as server, it.running():
        hook = server.hook("quota", lambda _: denial(QUOTA), [rule("configmaps")])
        hook["namespaceSelector"] = in_namespace("h")
        body = {"metadata": {"name": "quota"}, "webhooks": [hook]}
        await it.host.request("POST", VALIDATING, body=body)
        await create(it, "configmaps", configmap("settings"))
        await told(it, capsys, ("configmaps", "default/settings"), "failing", QUOTA)
        await it.host.request("DELETE", f"{VALIDATING}/quota")
        assert "queued" in await tohost(it, capsys, "requeue", "configmaps", "default/settings")
        await it.arrives("configmaps", "settings", within_s=4)


async def test_a_missing_right_is_told_by_name_and_rbac_prints_it(
    it: Pipeline, capsys: Said
) -> None:
    on_page("A right is missing", "tohost rbac --config tohost.yaml --host | kubectl apply -f -")
    it.switch(secrets=ALL)
    faults = sandbox(it).host.faults
    missing = faults.fail(403, method="POST", path="/namespaces/h/secrets")
    async with it.running():
        await it.secret("token")
        await told(it, capsys, ("secrets", "default/token"), "failing", "POST", "403")
        assert worker_may(await tohost(it, capsys, "rbac", "--host"), "create", "secrets")
        faults.remove(missing)
        await tohost(it, capsys, "requeue", "--failing")
        await it.arrives("secrets", "token", within_s=4)


def sandbox(it: Pipeline) -> Sandbox:
    assert it.made.sandbox is not None
    return it.made.sandbox


def worker_may(roles: str, verb: str, resource: str) -> bool:
    return any(
        verb in rule["verbs"] and resource in rule["resources"]
        for role in yaml.safe_load_all(roles)
        if role["kind"] == "Role" and role["metadata"]["name"] == "tohost-worker"
        for rule in role["rules"]
    )


async def test_a_host_object_with_another_uid_is_deleted_once_and_made_anew(
    it: Pipeline, capsys: Said
) -> None:
    on_page("A resource keeps being deleted", "vcluster\\.loft\\.sh/uid", "once")
    it.switch(configMaps=ALL)
    virtual = await create(it, "configmaps", configmap("settings"))
    async with it.running():
        await it.arrives("configmaps", "settings")
        old = await host_configmap(it.host)
        await write_old_copy(it.host)

        async def made_anew() -> Obj | None:
            found = await host_configmap(it.host)
            return found if uid(found) != uid(old) else None

        new = await eventually(made_anew) or {}
        assert annotations(new)[UID] == uid(virtual)
        await told(it, capsys, ("configmaps", "default/settings"), "in sync")
        await tohost(it, capsys, "requeue", "configmaps", "default/settings")
        await told(it, capsys, ("configmaps", "default/settings"), "in sync")
        assert uid(await host_configmap(it.host)) == uid(new)


async def host_configmap(host: KubeClient) -> Obj:
    return await host.get(REGISTRY["configmaps"], "h", host_name("settings"))


async def write_old_copy(host: KubeClient) -> None:
    """As a tool does that keeps the host object as it was in an earlier life."""
    path = f"/api/v1/namespaces/h/configmaps/{host_name('settings')}"
    body = {"metadata": {"annotations": {UID: "an-earlier-one"}}}
    await host.request("PATCH", path, body=body, content_type=MERGE_PATCH)


async def test_a_configmap_that_nothing_refers_to_is_told_and_arrives_with_a_pod_or_with_all(
    it: Pipeline, capsys: Said
) -> None:
    fault = "nothing that is synced refers to it, and sync.toHost.configMaps.all is off"
    on_page("ConfigMaps or Secrets are not synced", fault, "all: true")
    for name in ("settings", "further"):
        await create(it, "configmaps", configmap(name))
    async with it.running():
        await told(it, capsys, ("configmaps", "default/settings"), "not synced", fault)
        await create(it, "pods", pod("web", in_env("configmaps", "settings")))
        await it.arrives("configmaps", "settings")
        assert not await it.on_host("configmaps", "further")
    it.switch(configMaps=ALL)
    async with it.running():
        await it.arrives("configmaps", "further")
