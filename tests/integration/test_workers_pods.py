"""Pods that the host refuses for now, and pods to which things happen while they are made."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from common.actions import Patch
from common.changes import active_plurals
from common.cluster import Cluster, PodOptions
from common.context import Related
from common.errors import NotFoundError
from common.keys import Key
from common.kinds import REGISTRY
from common.kube.client import MERGE_PATCH, KubeClient
from common.objects import Obj, uid
from common.safety.identity import identify
from common.workqueue import Blocked, Outcome
from tests.backends import backend
from tests.e2e.waiting import eventually
from tests.proxy import Proxy
from workers.fights import Fights
from workers.gate import gates
from workers.perform import Performer
from workers.reconcile import Reconciler
from workers.session import Session
from workers.work import Work

PODS = REGISTRY["pods"]
CLUSTER = Cluster("v", "h", enabled=frozenset({"pods"}), pods=PodOptions(priority_class="high"))
HOST_NAME = "v-n-p-x-n-x-v"


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    async with backend(tmp_path, kubelet=False) as servers:
        files = servers.virtual_kubeconfig, servers.host_kubeconfig
        async with opened(CLUSTER, *files) as session:
            yield session


@asynccontextmanager
async def opened(cluster: Cluster, virtual_file: Path, host_file: Path) -> AsyncIterator[Session]:
    async with (
        await KubeClient.connect(str(virtual_file), name="v") as virtual,
        await KubeClient.connect(str(host_file), name="host") as host,
    ):
        for client, name in ((virtual, "n"), (host, "h")):
            await client.request("POST", "/api/v1/namespaces", body={"metadata": {"name": name}})
        known, active = await identify(virtual), active_plurals(REGISTRY.values(), cluster)
        ways = gates(REGISTRY.values(), cluster)
        yield Session(cluster, virtual, host, known.key, REGISTRY, active, ways)


async def reconcile(session: Session, virtual: Obj) -> Outcome:
    key, cluster = Key("v", "pods", "n", "p"), session.cluster
    work = Work(key, PODS, cluster, virtual, None, Related(), b"key")
    return await Reconciler(session, Fights()).reconcile(work, lambda: True)


async def test_a_pod_whose_priority_class_is_missing_is_tried_again(session: Session) -> None:
    body = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    virtual = await session.virtual.create(PODS, "n", body)
    outcome = await reconcile(session, virtual)
    assert isinstance(outcome, Blocked)
    assert "no PriorityClass with name high" in outcome.message
    with pytest.raises(NotFoundError):
        await session.host.get(PODS, "h", HOST_NAME)
    high = {"metadata": {"name": "high"}, "value": 7}
    await session.host.create(REGISTRY["priorityclasses"], "", high)
    assert not isinstance(await reconcile(session, virtual), Blocked)
    host = await session.host.get(PODS, "h", HOST_NAME)
    assert (host["spec"]["priorityClassName"], host["spec"]["priority"]) == ("high", 7)


@pytest.mark.parametrize("someone_else", [False, True])
async def test_a_status_is_planned_again_only_when_the_answer_shows_more_than_was_written(
    session: Session, someone_else: bool
) -> None:
    body = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}
    virtual = await session.virtual.create(PODS, "n", body)
    work = Work(Key("v", "pods", "n", "p"), PODS, CLUSTER, virtual, None, Related(), b"key")
    if someone_else:
        await session.virtual.patch(PODS, "n", "p", {"metadata": {"labels": {"new": "yes"}}})
    told = {"status": {"phase": "Running"}}
    up = Patch("virtual", "n", "p", told, uid(virtual), subresource="status")
    await Performer(session).perform(work, up)
    assert work.plan_again is someone_else


async def test_what_becomes_of_a_pod_while_its_tokens_are_written_is_brought_up(
    tmp_path: Path,
) -> None:
    """The answer to the last write shows it, and the watch brings nothing newer."""
    cluster = replace(CLUSTER, pods=PodOptions(secrets_for_tokens=True))
    async with backend(tmp_path, kubelet=False) as servers:
        with Proxy(servers.host_kubeconfig, tmp_path, "slow") as proxy:
            proxy.faults.delay(0.5, methods="create", path="/secrets")
            async with opened(cluster, servers.virtual_kubeconfig, proxy.kubeconfig) as session:
                virtual = await pod_with_token(session.virtual)
                running = asyncio.create_task(start(session.host))
                await reconcile(session, virtual)
                await running
                there = await session.virtual.get(PODS, "n", "p")
                assert there["status"]["phase"] == "Running"


async def pod_with_token(virtual: KubeClient) -> Obj:
    await virtual.create(REGISTRY["serviceaccounts"], "n", {"metadata": {"name": "robot"}})
    sources = [{"serviceAccountToken": {"path": "token", "audience": "a"}}]
    spec = {
        "containers": [{"name": "c", "image": "i"}],
        "serviceAccountName": "robot",
        "volumes": [{"name": "t", "projected": {"sources": sources}}],
    }
    return await virtual.create(PODS, "n", {"metadata": {"name": "p"}, "spec": spec})


async def start(host: KubeClient) -> None:
    """As a kubelet does, as soon as the pod is there."""
    await eventually(lambda: host.get(PODS, "h", HOST_NAME))
    path = f"/api/v1/namespaces/h/pods/{HOST_NAME}/status"
    status = {"status": {"phase": "Running"}}
    await host.request("PATCH", path, body=status, content_type=MERGE_PATCH)
