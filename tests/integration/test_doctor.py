"""`tohost doctor` finds each fault that is planted, and what it says to apply cures it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
import yaml

from common.cluster import Cluster
from common.context import Context
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.objects import Obj, get_path, namespace_of
from sandbox.redis import RedisServer
from tests.backends import sandbox_backend
from tests.e2e.waiting import eventually
from tests.integration.front import Front, front
from tests.integration.pipeline import Pipeline, open_pipeline
from tests.integration.test_status import Said
from tohost.cli import main
from tohost.doctor.finding import HOST
from tohost.documents import parse_documents
from workers.plan import host_object

CONFIGMAPS, SERVICES = REGISTRY["configmaps"], REGISTRY["services"]
DNS: Obj = {"metadata": {"name": "kube-dns"}, "spec": {"ports": [{"port": 53}]}}


@dataclass
class Bed:
    """A set-up in which all is well, but that nothing runs."""

    it: Pipeline
    virtual: Front
    host: Front
    said: Said

    async def run(self, *arguments: str) -> tuple[int, str]:
        self.said.readouterr()
        whole = ["doctor", "--config", str(self.it.config), *arguments]
        code = await asyncio.to_thread(main, whole)
        return code, self.said.readouterr().out

    async def found(self, check: str, where: str = "") -> Obj:
        """The finding of that check that isn't fine; the exit code must fit to it."""
        code, text = await self.run("-o", "json")
        told = orjson.loads(text)
        assert code == (0 if told["ok"] else 1)
        wrong = [
            each
            for each in told["checks"]
            if each["check"] == check and where in ("", each["where"]) and each["result"] != "ok"
        ]
        assert wrong, text
        return dict(wrong[0])

    async def is_fine(self, check: str) -> bool:
        _, text = await self.run("-o", "json")
        told = [each for each in orjson.loads(text)["checks"] if each["check"] == check]
        return bool(told) and all(each["result"] == "ok" for each in told)

    async def apply(self, where: str) -> None:
        """What `--manifests` prints, as kubectl would create it."""
        _, text = await self.run("--manifests", where)
        client = self.it.host if where == HOST else self.it.virtual
        objects = list(parse_documents(text, "doctor"))
        assert objects
        for each in objects:
            await client.request("POST", _path(each), body=each)

    def write(self, **settings: Obj) -> None:
        """Into the virtual cluster's configuration."""
        self.it.content["virtualClusters"][0].update(settings)
        self.it.config.write_text(yaml.safe_dump(self.it.content))


def _path(obj: Obj) -> str:
    api = obj["apiVersion"]
    start = f"/apis/{api}" if "/" in api else f"/api/{api}"
    within = f"/namespaces/{namespace_of(obj)}" if namespace_of(obj) else ""
    return f"{start}{within}/{obj['kind'].lower()}s"


@pytest.fixture
async def bed(tmp_path: Path, redis_server: RedisServer, capsys: Said) -> AsyncIterator[Bed]:
    async with AsyncExitStack() as stack:
        it = await stack.enter_async_context(open_pipeline(tmp_path, redis_server, sandbox_backend))
        virtual, host = [
            await stack.enter_async_context(front(file, tmp_path / f"{name}-front.kubeconfig"))
            for name, file in (
                ("virtual", it.made.virtual_kubeconfig),
                ("host", it.made.host_kubeconfig),
            )
        ]
        it.content["host"]["kubeconfig"] = str(tmp_path / "host-front.kubeconfig")
        made = await it.virtual.create(SERVICES, "kube-system", DNS)
        bed = Bed(it, virtual, host, capsys)
        bed.write(
            kubeconfig=str(tmp_path / "virtual-front.kubeconfig"),  # type: ignore[arg-type]
            networking={"dnsServiceIP": made["spec"]["clusterIP"]},
        )
        yield bed
        it.redis.config_set("appendonly", "no")
        it.redis.config_set("maxmemory-policy", "noeviction")


async def test_a_sound_set_up_passes(bed: Bed) -> None:
    bed.it.redis.config_set("appendonly", "yes")

    async def passes() -> str:
        code, text = await bed.run("--all")
        assert code == 0, text
        return text

    async with bed.it.running():
        text = await eventually(passes)
    assert "PROBLEM" not in text
    assert "WARNING" not in text
    assert text.splitlines()[-1].startswith("all is well: ")


async def test_a_redis_that_forgets_at_a_restart_is_a_warning(bed: Bed) -> None:
    bed.it.redis.config_set("appendonly", "no")
    told = await bed.found("persistence")
    assert (told["result"], told["where"]) == ("warning", "redis")
    assert "redis-cli config set appendonly yes" in told["remedy"]
    bed.it.redis.config_set("appendonly", "yes")
    assert await bed.is_fine("persistence")


async def test_a_redis_that_throws_keys_out_is_a_problem(bed: Bed) -> None:
    bed.it.redis.config_set("maxmemory-policy", "allkeys-lru")
    told = await bed.found("eviction")
    assert told["result"] == "problem"
    assert "allkeys-lru" in told["message"]
    assert "config set maxmemory-policy noeviction" in told["remedy"]


async def test_without_redis_the_clusters_are_still_looked_at(bed: Bed) -> None:
    bed.it.content["redis"] = {"url": "redis://:hunter2@127.0.0.1:1/0"}
    bed.write()
    told = await bed.found("connection")
    assert "can't be reached" in told["message"]
    code, text = await bed.run("--all")
    assert code == 1
    assert "hunter2" not in text
    assert "ok       host: API server: answers, v1.36" in text


async def test_a_server_that_is_away_is_a_problem_of_its_own(bed: Bed) -> None:
    bed.virtual.away = True
    told = await bed.found("API server")
    assert (told["where"], told["result"]) == ("v", "problem")
    assert "start it, or correct the server" in told["remedy"]


async def test_a_kubeconfig_that_is_not_there_is_told_with_its_path(bed: Bed) -> None:
    bed.write(kubeconfig="/nowhere/kubeconfig")  # type: ignore[arg-type]
    told = await bed.found("kubeconfig")
    assert (told["where"], told["result"]) == ("v", "problem")
    assert "/nowhere/kubeconfig" in told["message"]


async def test_a_missing_verb_is_named_with_the_role_that_has_it(bed: Bed) -> None:
    bed.host.denied = lambda asked: (
        asked["verb"] == "*"
        or (asked["verb"], asked["resource"], asked.get("subresource")) == ("patch", "pods", None)
    )
    told = await bed.found("rights", HOST)
    assert told["result"] == "problem"
    assert "may not patch pods in namespace h" in told["message"]
    roles = [each for each in told["manifests"] if each["kind"] == "Role"]
    assert any(
        "pods" in rule["resources"] and "patch" in rule["verbs"]
        for role in roles
        for rule in role["rules"]
    )
    assert {namespace_of(each) for each in told["manifests"]} == {"h"}


async def test_a_service_account_is_asked_only_for_its_own_rights(bed: Bed) -> None:
    user = {"username": "system:serviceaccount:sync:tohost-watcher"}
    path = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    bed.host.answers[path] = {"status": {"userInfo": user}}
    bed.host.denied = lambda asked: asked["verb"] in ("*", "create", "list")
    told = await bed.found("rights", HOST)
    assert "create" not in told["message"]
    assert "list pods" in told["message"]
    [binding] = [each for each in told["manifests"] if each["kind"] == "RoleBinding"]
    account = {"kind": "ServiceAccount", "name": "tohost-watcher", "namespace": "sync"}
    assert binding["subjects"] == [account]


async def test_a_crd_that_the_host_lacks_is_taken_from_the_virtual_cluster(bed: Bed) -> None:
    await bed.it.install("virtual", "v1")
    bed.write(sync={"toHost": {"volumeSnapshots": {"enabled": True}}})
    told = await bed.found("kinds")
    assert (told["where"], told["result"]) == (HOST, "problem")
    assert "install its CRD" in told["remedy"]
    await bed.apply(HOST)
    assert await bed.is_fine("kinds")


async def test_versions_that_are_too_far_apart_are_told(bed: Bed) -> None:
    bed.host.answers["/version"] = {"major": "1", "minor": "32+", "gitVersion": "v1.32.1"}
    told = await bed.found("version", "v")
    assert told["result"] == "problem"
    assert "the host v1.32.1: more than 3 minor versions apart" in told["message"]
    assert told["remedy"] == "bring the host to a newer version"


async def test_a_clock_that_is_off_is_told(bed: Bed) -> None:
    bed.host.off_s = -90
    told = await bed.found("clock")
    assert (told["where"], told["result"]) == (HOST, "warning")
    assert told["message"].startswith("its clock is ")
    assert told["message"].endswith(" s behind the others")


async def test_a_missing_host_namespace_is_made_by_the_manifest(bed: Bed) -> None:
    bed.write(hostNamespace="elsewhere")  # type: ignore[arg-type]
    told = await bed.found("host namespace")
    assert told["message"].startswith("elsewhere of v is missing")
    await bed.apply(HOST)
    assert await bed.is_fine("host namespace")


async def test_a_dns_service_that_the_host_lacks_stops_all_and_is_a_problem(bed: Bed) -> None:
    bed.write(networking={"dnsService": "h/dns"})
    told = await bed.found("networking.dnsService")
    assert told["result"] == "problem"
    assert "the host has no Service h/dns" in told["message"]
    assert "h/v-kube-system-kube-dns-x-kube-system-x-v" in told["remedy"]


async def test_a_virtual_cluster_without_dns_gets_its_service_from_the_manifest(bed: Bed) -> None:
    await bed.it.virtual.delete(SERVICES, "kube-system", "kube-dns")
    bed.write(networking={})
    told = await bed.found("DNS")
    assert "the virtual cluster has no Service kube-system/kube-dns" in told["message"]
    await bed.apply("v")
    told = await bed.found("DNS")
    assert "doesn't name it" in told["message"]


async def test_another_tohost_with_the_same_name_is_told_by_its_objects(bed: Bed) -> None:
    theirs = {"metadata": {"name": "a", "namespace": "default", "uid": "not-ours"}}
    made = host_object(CONFIGMAPS, theirs, Context(Cluster("v", "h")))
    await bed.it.host.create(CONFIGMAPS, "h", made)
    told = await bed.found("same name")
    assert told["result"] == "problem"
    assert "1 object is there in the name of v" in told["message"]
    assert "for default/a" in told["message"]


async def test_two_installations_for_one_name_are_told_by_their_configmaps(bed: Bed) -> None:
    content = yaml.safe_dump({"virtualClusters": [{"name": "v", "hostNamespace": "h"}]})
    label = {"app.kubernetes.io/part-of": "tohost"}
    await bed.it.host.create(
        CONFIGMAPS, "default", {"metadata": {"name": "tohost"}, "data": {"tohost.yaml": content}}
    )
    assert await bed.is_fine("installations")
    metadata = {"name": "mine", "labels": label}
    for number, data in enumerate(({"tohost.yaml": "- ["}, {"tohost.yaml": "[1]"}, {})):
        odd = {"metadata": {"name": f"odd-{number}", "labels": label}, "data": data}
        await bed.it.host.create(CONFIGMAPS, "h", odd)
    await bed.it.host.create(
        CONFIGMAPS, "h", {"metadata": metadata, "data": {"tohost.yaml": content}}
    )
    told = await bed.found("installations")
    assert told["result"] == "problem"
    assert told["message"].startswith("default/tohost and h/mine are configurations of several")


async def test_another_cluster_of_that_name_in_redis_is_told(bed: Bed) -> None:
    bed.it.redis.set("tohost:{v}:identity", "another")
    told = await bed.found("identity", "v")
    assert told["result"] == "problem"
    assert "another tohost with this Redis has one of the same name" in told["message"]


async def test_a_kubeconfig_that_leads_to_the_host_is_told(bed: Bed) -> None:
    bed.write(kubeconfig=str(bed.it.made.host_kubeconfig))  # type: ignore[arg-type]
    told = await bed.found("identity", "v")
    assert "leads to the host cluster itself" in told["message"]


async def test_what_fails_is_pointed_to(bed: Bed) -> None:
    faults = bed.it.made.sandbox.host.faults if bed.it.made.sandbox else None
    assert faults is not None
    faults.fail(403, method="POST", path="/namespaces/h/configmaps")
    bed.write(sync={"toHost": {"configMaps": {"all": True}}})
    async with bed.it.running():
        await bed.it.virtual.create(CONFIGMAPS, "default", {"metadata": {"name": "a"}})

        async def told() -> bool:
            _, text = await bed.run("-o", "json")
            said = [each["message"] for each in orjson.loads(text)["checks"]]
            assert "1 object fails" in said, said
            return True

        await eventually(told)


async def test_text_names_the_remedy_and_the_command_that_applies_it(bed: Bed) -> None:
    bed.write(hostNamespace="elsewhere")  # type: ignore[arg-type]
    code, text = await bed.run()
    assert code == 1
    lines = text.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("PROBLEM  host: host namespace"))
    assert lines[at + 1 : at + 3] == [
        "         do: apply the manifest, or correct hostNamespace",
        "         manifest: tohost doctor --manifests host | kubectl --context host apply -f -",
    ]
    assert "ok       " not in text


async def test_where_nothing_is_to_be_applied_nothing_is_printed(bed: Bed) -> None:
    assert await bed.run("--manifests", "v") == (0, "")


async def test_a_wrong_cluster_for_manifests_is_wrong_usage(bed: Bed) -> None:
    assert (await bed.run("--manifests", "w"))[0] == 2


async def test_it_writes_nothing(bed: Bed) -> None:
    before = await _everything(bed.it.host), bed.it.redis.dbsize()
    await bed.run()
    assert (await _everything(bed.it.host), bed.it.redis.dbsize()) == before


async def _everything(client: KubeClient) -> list[str]:
    found = [
        str(get_path(obj, "metadata.resourceVersion"))
        for plural in ("namespaces", "configmaps", "services", "events")
        async for obj in client.list_all(REGISTRY[plural])
    ]
    return sorted(found)
