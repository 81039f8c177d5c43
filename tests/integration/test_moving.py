"""docs/moving-from-vcluster.md: what vCluster made is taken over, with the page's own commands."""

import asyncio
import copy
import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from common.config import load as load_configuration
from common.explain import explain
from common.kinds import REGISTRY
from common.naming import PREFIX
from common.objects import Obj, annotations, meta, name_of, uid
from sandbox.redis import RedisServer
from tests.e2e.waiting import eventually
from tests.integration.pipeline import Pipeline, open_pipeline
from tests.pages import commands, section
from tests.reference.cases import load

pytestmark = pytest.mark.skipif(
    shutil.which("kubectl") is None and os.environ.get("CI") != "true",
    reason="kubectl is not on PATH",
)

NAMESPACE, HOST_NAMESPACE, CLUSTER = "oracle", "vc-my-vcluster", "my-vcluster"
MADE = {
    "configmaps": "configmap-plain",
    "secrets": "secret-opaque",
    "services": "service-web",
    "persistentvolumeclaims": "persistentvolumeclaim-data",
    "pods": "pod-plain",
}
_SERVERS = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")


@pytest.fixture
async def it(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pipeline]:
    async with open_pipeline(tmp_path, redis_server) as opened:
        [entry] = opened.content["virtualClusters"]
        entry |= {"name": CLUSTER, "hostNamespace": HOST_NAMESPACE, "naming": {"format": "classic"}}
        opened.switch(configMaps={"all": True}, secrets={"all": True})
        for client, name in ((opened.virtual, NAMESPACE), (opened.host, HOST_NAMESPACE)):
            await client.create(REGISTRY["namespaces"], "", {"metadata": {"name": name}})
        yield opened


async def as_vcluster_left_it(it: Pipeline) -> dict[str, Obj]:
    """Each pair of the reference, on both sides; answers the host objects."""
    found = {}
    for plural, name in MADE.items():
        pair = load(name)
        virtual = await it.virtual.create(REGISTRY[plural], NAMESPACE, bare(pair["virtual"]))
        host = bare(pair["host"])
        notes = host["metadata"]["annotations"]
        notes |= {key: uid(virtual) for key in notes if key.endswith("uid")}
        found[plural] = await it.host.create(REGISTRY[plural], HOST_NAMESPACE, host)
    return found


def bare(obj: Obj) -> Obj:
    """Without what an API server gives: it gives its own, and nobody owns anything here."""
    result = copy.deepcopy(obj)
    for field in (*_SERVERS, "ownerReferences"):
        meta(result).pop(field, None)
    result.pop("status", None)
    for field in ("clusterIP", "clusterIPs", "nodeName", "volumeName"):
        (result.get("spec") or {}).pop(field, None)
    return result


async def host_copies(it: Pipeline, plural: str) -> list[Obj]:
    """The host objects for the one virtual object of the reference."""
    kind, name = REGISTRY[plural], name_of(load(MADE[plural])["virtual"])
    path = f"{'/apis' if kind.group else '/api'}/{kind.api_version}"
    page = await it.host.list_page(f"{path}/namespaces/{HOST_NAMESPACE}/{plural}")
    told = (f"{PREFIX}name", f"{PREFIX}object-name")
    return [each for each in page.items if name in (annotations(each).get(key) for key in told)]


async def test_marked_host_objects_stay_the_ones_they_are(it: Pipeline, tmp_path: Path) -> None:
    before = await as_vcluster_left_it(it)
    await mark(it, tmp_path)
    async with it.running():
        await synced(it)
        for plural in MADE:
            assert [uid(each) for each in await host_copies(it, plural)] == [uid(before[plural])]


async def test_the_dns_service_stays_as_vcluster_made_it(it: Pipeline, tmp_path: Path) -> None:
    await it.virtual.create(REGISTRY["services"], "kube-system", dns_service("kube-dns"))
    host = dns_service("kube-dns-x-kube-system-x-my-vcluster")
    host["metadata"]["labels"] = {
        f"{PREFIX}managed-by": CLUSTER,
        f"{PREFIX}namespace": "kube-system",
    }
    names = {"object-name": "kube-dns", "object-namespace": "kube-system", "object-uid": "1"}
    host["metadata"]["annotations"] = {f"{PREFIX}{key}": value for key, value in names.items()}
    made = await it.host.create(REGISTRY["services"], HOST_NAMESPACE, host)
    before = await as_vcluster_left_it(it)
    await mark(it, tmp_path)
    async with it.running():
        await synced(it)
        left = await it.host.get(REGISTRY["services"], HOST_NAMESPACE, name_of(host))
        assert uid(left) == uid(made)
        assert f"{PREFIX}uid" not in annotations(left)
        [web] = await host_copies(it, "services")
        assert uid(web) == uid(before["services"])


def dns_service(name: str) -> Obj:
    return {"metadata": {"name": name}, "spec": {"ports": [{"port": 53, "protocol": "UDP"}]}}


async def mark(it: Pipeline, folder: Path) -> None:
    """The page's step, with the host's kubeconfig as the current one."""
    [script] = [each for each in commands("moving-from-vcluster", "Taking over") if "marks" in each]
    environ = {**os.environ, "KUBECONFIG": str(it.made.host_kubeconfig), "HOME": str(folder)}
    await asyncio.to_thread(
        subprocess.run,
        ["bash", "-euc", script],
        cwd=folder,
        env=environ,
        check=True,
        capture_output=True,
        timeout=60,
    )


async def synced(it: Pipeline) -> None:
    """Wait until every pair was looked at, and nothing is to be done about it."""

    async def told() -> bool:
        for plural, file in MADE.items():
            name = name_of(load(file)["virtual"])
            found = explain(it.redis, CLUSTER, plural, NAMESPACE, name)
            assert found.state == "in sync", found
        return True

    await eventually(told)


async def test_unmarked_ones_are_taken_for_somebody_elses(it: Pipeline) -> None:
    before = await as_vcluster_left_it(it)

    async def second_copy() -> bool:
        found = [uid(each) for each in await host_copies(it, "configmaps")]
        assert uid(before["configmaps"]) in found
        return len(found) == 2

    async with it.running():
        await eventually(second_copy)


def test_the_configuration_of_the_page_loads(tmp_path: Path) -> None:
    text = section("moving-from-vcluster", "Taking over")
    block = text.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "tohost.yaml").write_text(yaml.safe_dump(yaml.safe_load(block)))
    (tmp_path / "values.yaml").write_text("sync: {toHost: {pods: {enabled: true}}}\n")
    [virtual] = load_configuration(tmp_path / "tohost.yaml", {}).virtual_clusters
    assert virtual.naming.format == "classic"
