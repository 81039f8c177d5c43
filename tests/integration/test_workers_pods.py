"""Pods that the host refuses for now: they come when what they need has come."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.changes import active_plurals
from common.cluster import Cluster, PodOptions
from common.context import Related
from common.errors import NotFoundError
from common.identity import identify
from common.keys import Key
from common.kinds import REGISTRY
from common.kube import KubeClient
from common.objects import Obj
from common.workqueue import Blocked, Outcome
from tests.backends import backend
from workers.fights import Fights
from workers.gate import gates
from workers.reconcile import Reconciler
from workers.session import Session
from workers.work import Work

PODS = REGISTRY["pods"]
CLUSTER = Cluster("v", "h", enabled=frozenset({"pods"}), pods=PodOptions(priority_class="high"))
HOST_NAME = "v-n-p-x-n-x-v"


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    async with (
        backend(tmp_path, kubelet=False) as servers,
        await KubeClient.connect(str(servers.virtual_kubeconfig), name="v") as virtual,
        await KubeClient.connect(str(servers.host_kubeconfig), name="host") as host,
    ):
        for client, name in ((virtual, "n"), (host, "h")):
            await client.request("POST", "/api/v1/namespaces", body={"metadata": {"name": name}})
        known, active = await identify(virtual), active_plurals(REGISTRY.values(), CLUSTER)
        ways = gates(REGISTRY.values(), CLUSTER)
        yield Session(CLUSTER, virtual, host, known.key, REGISTRY, active, ways)


async def reconcile(session: Session, virtual: Obj) -> Outcome:
    work = Work(Key("v", "pods", "n", "p"), PODS, CLUSTER, virtual, None, Related(), b"key")
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
