"""Reconciles of what tenants forge, hands on the host break, and crashes leave half done."""

from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from common.actions import Patch
from common.changes import active_plurals
from common.cluster import Cluster, PodOptions
from common.context import Related
from common.errors import RetryError
from common.keys import Key
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.objects import Obj, annotations, name_of, uid
from common.safety.identity import identify
from common.service import HOST_CLUSTER_IP, MOVING
from common.workqueue import Outcome, Retry, Terminal
from sandbox.run import sandbox
from workers.fights import Fights
from workers.gate import gates
from workers.perform import Performer
from workers.reconcile import Reconciler
from workers.session import Session
from workers.work import Work

ENABLED = frozenset({"pods", "services", "configmaps", "secrets"})
PODS = PodOptions(secrets_for_tokens=True)
CLUSTER = Cluster("v", "h", enabled=ENABLED, all_objects=ENABLED, pods=PODS)
TOKEN = {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}
NODE_PORT = {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30500}]}


def work_on(plural: str, virtual: Obj, gone: str = "") -> Work:
    """`gone`: of which virtual uid the host object was seen deleted."""
    key = Key("v", plural, "n", name_of(virtual))
    related = Related(host_gone_uid=gone, host_seen_gone=bool(gone))
    return Work(key, REGISTRY[plural], CLUSTER, virtual, None, related, b"key")


class Bench:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.virtual, self.host = session.virtual, session.host

    async def create(self, plural: str, name: str, spec: Obj, **metadata: object) -> Obj:
        body = {"metadata": {"name": name, **metadata}, "spec": spec}
        return await self.virtual.create(REGISTRY[plural], "n", body)

    async def pod(self, name: str, *volumes: Obj, **metadata: object) -> Obj:
        containers = [{"name": "c", "image": "i"}]
        spec = {"containers": containers, "volumes": list(volumes), "serviceAccountName": "default"}
        return await self.create("pods", name, spec, **metadata)

    async def reconcile(self, plural: str, virtual: Obj, gone: str = "") -> Outcome:
        work = work_on(plural, virtual, gone)
        return await Reconciler(self.session, Fights()).reconcile(work, lambda: True)

    async def on_host(self, plural: str, name: str) -> Obj:
        return await self.host.get(REGISTRY[plural], "h", f"v-n-{name}-x-n-x-v")


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with (
        sandbox(tmp_path, kubelet=False) as box,
        await KubeClient.connect(str(box.virtual_kubeconfig), name="v") as virtual,
        await KubeClient.connect(str(box.host_kubeconfig), name="host") as host,
    ):
        for client, name in ((virtual, "n"), (host, "h")):
            namespace = {"metadata": {"name": name}}
            await client.request("POST", "/api/v1/namespaces", body=namespace)
        known, active = await identify(virtual), active_plurals(REGISTRY.values(), CLUSTER)
        ways = gates(REGISTRY.values(), CLUSTER)
        session = Session(CLUSTER, virtual, host, known.key, REGISTRY, active, ways)
        yield Bench(session)


@pytest.mark.parametrize(
    "note", ["junk", "[0, 3]", '["x", {}]', "{}", '[0, {"clusterIP": "../x"}]']
)
async def test_a_forged_move_is_passed_over(bench: Bench, note: str) -> None:
    pod = await bench.pod("p", annotations={MOVING: note})
    service = await bench.create("services", "s", NODE_PORT, annotations={MOVING: note})
    assert not isinstance(await bench.reconcile("pods", pod), Terminal)
    assert not isinstance(await bench.reconcile("services", service), Terminal)
    assert await bench.on_host("pods", "p")
    assert await bench.on_host("services", "s")


async def test_a_move_that_cannot_end_never_leaves_a_service_nowhere(bench: Bench) -> None:
    """Neither when another Service took its node port meanwhile."""
    await bench.create("services", "taker", NODE_PORT)
    spec = {**NODE_PORT, "clusterIP": "10.200.0.1", "clusterIPs": ["10.200.0.1"]}
    notes = {MOVING: orjson.dumps([1.0, spec]).decode()}
    nowhere = {"type": "ExternalName", "externalName": "nowhere.tohost.invalid"}
    await bench.reconcile(
        "services", await bench.create("services", "s", nowhere, annotations=notes)
    )
    service = await bench.virtual.get(REGISTRY["services"], "n", "s")
    assert service["spec"]["type"] == "NodePort"
    assert MOVING not in annotations(service)


async def moving_to_a_taken_address(bench: Bench, **notes: str) -> Outcome:
    """A move that just began, to the address of a Service with these annotations."""
    address = "10.96.7.7"
    taken = {"ports": [{"port": 80}], "clusterIP": address}
    await bench.create("services", "taker", taken, annotations=notes)
    spec = {"type": "ClusterIP", "clusterIP": address, "ports": [{"port": 80}]}
    began_s = bench.session.virtual.clock()
    nowhere = {"type": "ExternalName", "externalName": "nowhere.tohost.invalid"}
    moving = {MOVING: orjson.dumps([began_s, spec]).decode()}
    service = await bench.create("services", "s", nowhere, annotations=moving)
    return await bench.reconcile("services", service)


async def test_a_move_to_an_address_that_stays_another_ones_ends_at_once(bench: Bench) -> None:
    await moving_to_a_taken_address(bench, **{HOST_CLUSTER_IP: "10.200.0.1"})
    service = await bench.virtual.get(REGISTRY["services"], "n", "s")
    assert service["spec"]["type"] == "ClusterIP"
    assert service["spec"]["clusterIP"] != "10.96.7.7"
    assert annotations(service)[HOST_CLUSTER_IP] == "10.96.7.7"
    assert MOVING not in annotations(service)


async def test_a_move_waits_for_an_address_whose_service_moves_itself(bench: Bench) -> None:
    assert isinstance(await moving_to_a_taken_address(bench), Retry)
    service = await bench.virtual.get(REGISTRY["services"], "n", "s")
    assert MOVING in annotations(service)


async def test_what_somebody_changed_during_a_move_stays(bench: Bench) -> None:
    spec = {"type": "ClusterIP", "clusterIP": "10.96.7.7", "ports": [{"port": 80}]}
    notes = {MOVING: orjson.dumps([1.0, spec]).decode()}
    nowhere = {"type": "ExternalName", "externalName": "nowhere.tohost.invalid"}
    changed = {**nowhere, "ports": [{"port": 8080}], "selector": {"app": "new"}}
    await bench.reconcile(
        "services", await bench.create("services", "s", changed, annotations=notes)
    )
    service = await bench.virtual.get(REGISTRY["services"], "n", "s")
    assert service["spec"]["type"] == "ClusterIP"
    assert service["spec"]["selector"] == {"app": "new"}
    assert [port["port"] for port in service["spec"]["ports"]] == [8080]


async def test_a_node_port_that_another_service_still_has_is_waited_for(bench: Bench) -> None:
    taker = await bench.create("services", "taker", NODE_PORT)
    mine = {**NODE_PORT, "ports": [{"port": 80}]}
    service = await bench.create("services", "s", mine)
    work = work_on("services", service)
    told = Patch("virtual", "n", "s", {"spec": NODE_PORT}, uid(service))
    with pytest.raises(RetryError, match="already allocated"):
        await Performer(bench.session).perform(work, told)
    await bench.virtual.delete(REGISTRY["services"], "n", "taker", uid=uid(taker))
    await Performer(bench.session).perform(work, told)


async def test_a_pod_whose_host_pod_lost_its_label_is_not_taken_for_gone(bench: Bench) -> None:
    pod = await bench.pod("p")
    await bench.reconcile("pods", pod)
    stripped = {"metadata": {"labels": {"vcluster.loft.sh/managed-by": None}}}
    await bench.host.patch(REGISTRY["pods"], "h", "v-n-p-x-n-x-v", stripped)
    outcome = await bench.reconcile("pods", pod, gone=uid(pod))
    assert isinstance(outcome, Terminal)
    assert outcome.reason == "HostObjectNotOurs"
    assert await bench.virtual.get(REGISTRY["pods"], "n", "p")


async def test_a_pod_gets_its_own_token_secret_in_place_of_its_predecessors(bench: Bench) -> None:
    secrets, name = REGISTRY["secrets"], "v-n-p-x-n-x-v-sa-tokens"
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "v-n-p-x-n-x-v", "uid": "old"}
    labels = {"vcluster.loft.sh/managed-by": "v"}
    left = {"metadata": {"name": name, "labels": labels, "ownerReferences": [owner]}}
    await bench.host.create(secrets, "h", left)
    account = {"metadata": {"name": "default"}}
    await bench.virtual.request("POST", "/api/v1/namespaces/n/serviceaccounts", body=account)
    pod = await bench.pod("p", TOKEN)
    assert isinstance(await bench.reconcile("pods", pod), Retry)
    await bench.reconcile("pods", pod)
    secret = await bench.host.get(secrets, "h", name)
    made = await bench.on_host("pods", "p")
    assert [each["uid"] for each in secret["metadata"]["ownerReferences"]] == [uid(made)]
