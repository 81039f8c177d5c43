"""What `tohost cleanup` removes of a virtual cluster that isn't configured, and what stays."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml

from common.cluster import Cluster
from common.context import Context
from common.custom.kind import bare
from common.errors import ConfigError, NotFoundError
from common.kinds import REGISTRY
from common.kube.served import Served, as_served
from common.metadata import MANAGED_BY
from common.objects import Obj, get_path, is_deleting, labels, meta, name_of
from common.patches.rules import CustomRule
from sandbox.redis import RedisServer
from tests.backends import sandbox_backend
from tests.conformance.definitions import definition
from tests.crds import install
from tests.e2e.waiting import eventually
from tests.integration.pipeline import Pipeline, host_name, open_pipeline
from tohost.cleanup.command import main
from workers.plan import host_object

CONFIGMAPS, CLAIMS, VOLUMES = (
    REGISTRY[each] for each in ("configmaps", "persistentvolumeclaims", "persistentvolumes")
)
NAMESPACES, PODS, SERVICES = (REGISTRY[each] for each in ("namespaces", "pods", "services"))
ON: Obj = {"enabled": True}
WIDGETS = as_served(
    bare(CustomRule("widgets.example.com")), Served("v1", "Widget", True, has_status=False)
)
VOLUME = "vcluster-disk-x-h-x-v"
SPEC: Obj = {
    "accessModes": ["ReadWriteOnce"],
    "capacity": {"storage": "1Gi"},
    "persistentVolumeReclaimPolicy": "Delete",
    "nfs": {"server": "192.0.2.1", "path": "/"},
}


@pytest.fixture
async def pipeline(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pipeline]:
    async with open_pipeline(tmp_path, redis_server, sandbox_backend) as it:
        yield it


async def sync(it: Pipeline, **to_host: Obj) -> None:
    """A pod with its settings, a Service, a volume and its claim come to the host; then the virtual
    cluster is taken out of the configuration."""
    it.switch(configMaps={"all": True}, persistentVolumes=ON, **to_host)
    async with it.running():
        await it.virtual.create(CONFIGMAPS, "default", {"metadata": {"name": "settings"}})
        container = {"name": "c", "image": "nginx"}
        pod = {"metadata": {"name": "web"}, "spec": {"containers": [container]}}
        await it.virtual.create(PODS, "default", pod)
        ports = {"ports": [{"port": 80}], "selector": {"app": "web"}}
        await it.virtual.create(SERVICES, "default", {"metadata": {"name": "web"}, "spec": ports})
        await it.virtual.create(VOLUMES, "", {"metadata": {"name": "disk"}, "spec": SPEC})
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        claim |= {"storageClassName": "", "volumeName": "disk"}
        await it.virtual.create(CLAIMS, "default", {"metadata": {"name": "data"}, "spec": claim})
        if "namespaces" not in to_host:
            await it.arrives("pods", "web")
            await it.arrives("services", "web")
            await it.arrives("configmaps", "settings")
            await it.arrives("persistentvolumeclaims", "data")
        await eventually(lambda: it.host.get(VOLUMES, "", VOLUME))
        await eventually(lambda: _quiet(it))
    it.content["virtualClusters"] = []
    it.config.write_text(yaml.safe_dump(it.content))


async def _quiet(it: Pipeline) -> bool:
    return not it.busy()


async def cleanup(it: Pipeline, *more: str) -> int:
    arguments = ["v", "--config", str(it.config), "--timeout", "1", *more]
    return await asyncio.to_thread(main, arguments)


async def names(it: Pipeline, plural: str, namespace: str = "h", label: str = "v") -> set[str]:
    """Of the host objects with the label."""
    selector = f"{MANAGED_BY}={label}"
    listed = it.host.list_all(REGISTRY[plural], namespace, selector)
    return {name_of(each) async for each in listed}


async def look_alikes(it: Pipeline) -> set[tuple[str, str]]:
    """Objects beside those of `v`, that aren't; answers their plurals and names."""
    real = await it.host.get(CONFIGMAPS, "h", host_name("settings"))
    marked = {key: meta(real)[key] for key in ("labels", "annotations")}
    copy = {"metadata": {"name": "a-copy", **marked}}
    service = {"metadata": {"name": host_name("settings"), **marked}}
    service["spec"] = {"ports": [{"port": 80}]}
    labelled = {"metadata": {"name": host_name("labelled"), "labels": {MANAGED_BY: "v"}}}
    plain = {"metadata": {"name": host_name("plain")}}
    for obj in (copy, labelled, plain):
        await it.host.create(CONFIGMAPS, "h", obj)
    await it.host.create(SERVICES, "h", service)
    virtual = {"metadata": {"name": "settings", "namespace": "default", "uid": "u"}}
    other = host_object(CONFIGMAPS, virtual, Context(Cluster("v2", "h")))
    await it.host.create(CONFIGMAPS, "h", other)
    names = ["a-copy", host_name("labelled"), host_name("plain"), name_of(other)]
    return {("services", host_name("settings")), *(("configmaps", each) for each in names)}


async def test_all_of_it_goes_and_look_alikes_stay(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    await sync(pipeline, pods={"useSecretsForSATokens": True})
    others = await look_alikes(pipeline)
    await install(pipeline.host, [definition("example.com", False)])
    virtual = {"metadata": {"name": "w", "namespace": "default", "uid": "u"}}
    widget = host_object(WIDGETS, virtual, Context(Cluster("v", "h", name_format="classic")))
    await pipeline.host.create(WIDGETS, "h", widget)
    pipeline.redis.set("tohost:{v2}:identity", "another's")
    assert await cleanup(pipeline, "-n", "h", "--dry-run") == 0
    shown = capsys.readouterr().out
    for line in ("pods", f"h/{host_name('web')}", "keep the data, then delete", "a-copy: its name"):
        assert line in shown
    assert "v2-default" not in shown
    assert await names(pipeline, "pods") == {host_name("web")}
    assert await cleanup(pipeline, "-n", "h", "--yes", "-o", "json") == 0
    said = orjson.loads(capsys.readouterr().out)
    assert {each["done"] for each in said["objects"]} == {True}
    assert {each["kind"] for each in said["objects"]} == {
        *("configmaps", "persistentvolumeclaims", "persistentvolumes", "pods", "services"),
        "widgets.example.com",
    }
    assert {each["name"] for each in said["leftAlone"]} == {
        name for plural, name in others if name not in (host_name("plain"),) and "v2" not in name
    }
    for plural, name in others:
        assert not is_deleting(await pipeline.host.get(REGISTRY[plural], "h", name))
    assert await names(pipeline, "pods") == await names(pipeline, "secrets") == set()
    assert [each async for each in pipeline.host.list_all(WIDGETS, "h")] == []
    assert await names(pipeline, "services") == {host_name("settings")}
    assert await names(pipeline, "persistentvolumes", "", "h-x-v") == set()
    assert [key for key in pipeline.redis.scan_iter() if b"v__" in key or b"v." in key] == []
    assert pipeline.redis.keys("tohost:{v}*") == []
    assert pipeline.redis.get("tohost:{v2}:identity")
    assert await cleanup(pipeline, "-n", "h", "--yes") == 0, "again is as good"


async def test_what_cannot_go_is_told_and_keeps_its_data(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pipeline.made.sandbox
    await sync(pipeline)
    faults = pipeline.made.sandbox.host.faults
    faults.fail(403, method="PATCH", path="/persistentvolumes/")
    faults.fail(403, method="DELETE", path="/services/")
    assert await cleanup(pipeline, "-n", "h", "--yes") == 1
    told = capsys.readouterr().err
    assert "persistentvolumes vcluster-disk-x-h-x-v: " in told
    assert f"services h/{host_name('web')}: " in told
    assert "could not be told to keep the data" in told
    assert (await names(pipeline, "configmaps"), await names(pipeline, "pods")) == (set(), set())
    assert await names(pipeline, "persistentvolumeclaims") == {host_name("data")}
    assert pipeline.redis.keys("tohost:{v}:*"), "they stay until all is gone"
    faults.clear()
    keep = {"metadata": {"finalizers": ["example.com/watching"]}}
    await pipeline.host.patch(VOLUMES, "", VOLUME, keep)
    assert await cleanup(pipeline, "-n", "h", "--yes") == 1
    assert "still there (finalizers: example.com/watching)" in capsys.readouterr().err
    there = await pipeline.host.get(VOLUMES, "", VOLUME)
    assert is_deleting(there)
    assert get_path(there, "spec.persistentVolumeReclaimPolicy") == "Retain"
    assert await names(pipeline, "persistentvolumeclaims") == set()
    await pipeline.host.patch(VOLUMES, "", VOLUME, {"metadata": {"finalizers": None}})
    assert await cleanup(pipeline, "-n", "h", "--yes") == 0


async def test_what_may_be_a_configured_virtual_clusters_stays(pipeline: Pipeline) -> None:
    """`v` in `a-x-b` and `b-x-v` in `a` mark and name cluster-scoped objects alike."""
    entry = {"name": "b-x-v", "hostNamespace": "a", "kubeconfig": "nowhere"}
    pipeline.content["virtualClusters"] = [entry]
    pipeline.config.write_text(yaml.safe_dump(pipeline.content))
    virtual = {"metadata": {"name": "disk", "uid": "u"}, "spec": SPEC}
    body = host_object(VOLUMES, virtual, Context(Cluster("b-x-v", "a")))
    await pipeline.host.create(VOLUMES, "", body)
    assert await cleanup(pipeline, "-n", "a-x-b", "--yes") == 0
    assert not is_deleting(await pipeline.host.get(VOLUMES, "", name_of(body)))


async def test_what_cannot_be_listed_is_told(
    pipeline: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    assert pipeline.made.sandbox
    pipeline.content["virtualClusters"] = []
    pipeline.config.write_text(yaml.safe_dump(pipeline.content))
    pipeline.made.sandbox.host.faults.fail(403, method="GET", path="/secrets")
    assert await cleanup(pipeline, "-n", "h", "--yes") == 1
    assert "secrets can't be looked at" in capsys.readouterr().err


async def test_host_namespaces_go_or_are_given_back(pipeline: Pipeline) -> None:
    by_name = {"shop": "prod-shop", "lent": "lent-shop", "default": "prod-default"}
    mark = {MANAGED_BY: "h-x-v", "whose": "theirs"}
    lent = {"metadata": {"name": "lent-shop", "labels": mark}}
    await pipeline.host.request("POST", "/api/v1/namespaces", body=lent)
    untouched = {"metadata": {"name": "waiting", "labels": mark}}
    await pipeline.host.request("POST", "/api/v1/namespaces", body=untouched)
    for name in ("shop", "lent"):
        body = {"metadata": {"name": name}}
        await pipeline.virtual.request("POST", "/api/v1/namespaces", body=body)
        await pipeline.virtual.create(CONFIGMAPS, name, {"metadata": {"name": "mine"}})
    theirs = {"metadata": {"name": "theirs"}}
    await pipeline.host.create(CONFIGMAPS, "lent-shop", theirs)
    await sync(pipeline, namespaces={"enabled": True, "mappings": {"byName": by_name}})
    assert "mine" in await names(pipeline, "configmaps", "prod-shop")
    assert await cleanup(pipeline, "--all-namespaces", "--yes") == 0
    for gone in ("prod-shop", "prod-default"):
        with pytest.raises(NotFoundError):
            await pipeline.host.get(NAMESPACES, "", gone)
    back = await pipeline.host.get(NAMESPACES, "", "lent-shop")
    assert labels(back) == {"whose": "theirs", "kubernetes.io/metadata.name": "lent-shop"}
    assert not any("vcluster" in key for key in meta(back).get("annotations") or {})
    assert await names(pipeline, "configmaps", "lent-shop") == set()
    assert await pipeline.host.get(CONFIGMAPS, "lent-shop", "theirs")
    assert labels(await pipeline.host.get(NAMESPACES, "", "waiting"))[MANAGED_BY] == "h-x-v"


@pytest.mark.parametrize("more", [["--yes"], ["--dry-run"]], ids=" ".join)
async def test_a_configured_virtual_cluster_is_refused(pipeline: Pipeline, more: list[str]) -> None:
    pipeline.switch()
    with pytest.raises(ConfigError, match="still in the configuration"):
        await cleanup(pipeline, "-n", "h", *more)


async def test_one_that_is_still_served_or_was_on_another_host_is_refused(
    pipeline: Pipeline,
) -> None:
    pipeline.content["virtualClusters"] = []
    pipeline.config.write_text(yaml.safe_dump(pipeline.content))
    pipeline.redis.set("tohost:{v}:lease:host:pods", "watcher")
    with pytest.raises(ConfigError, match="still served by a watcher"):
        await cleanup(pipeline, "-n", "h", "--yes")
    pipeline.redis.delete("tohost:{v}:lease:host:pods")
    pipeline.redis.set("tohost:{v}:host-identity", "another one")
    with pytest.raises(ConfigError, match="another host cluster"):
        await cleanup(pipeline, "-n", "h", "--yes")
    pipeline.redis.delete("tohost:{v}:host-identity")
    with pytest.raises(ConfigError, match="no terminal"):
        await cleanup(pipeline, "-n", "h")


async def test_at_a_terminal_its_name_must_be_typed(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.content["virtualClusters"] = []
    pipeline.config.write_text(yaml.safe_dump(pipeline.content))
    pipeline.redis.set("tohost:{v}:scan", "left")

    class Terminal:
        answer = "yes\n"

        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return self.answer

    terminal: Any = Terminal()
    monkeypatch.setattr("sys.stdin", terminal)
    with pytest.raises(ConfigError, match="nothing was removed"):
        await cleanup(pipeline, "-n", "h")
    assert pipeline.redis.exists("tohost:{v}:scan")
    terminal.answer = "v\n"
    assert await cleanup(pipeline, "-n", "h") == 0
    assert not pipeline.redis.exists("tohost:{v}:scan")
