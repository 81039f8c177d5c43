"""Nothing is created in a host namespace that isn't provably the virtual cluster's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.changes import active_plurals
from common.cluster import Cluster, NamespaceRules
from common.context import Related
from common.keys import Key
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.metadata import KIND, MANAGED_BY, NAME, UID
from common.naming import managed_by
from common.objects import Obj, name_of
from common.safety.identity import identify
from common.workqueue import Done, Outcome, Retry
from sandbox.run import sandbox
from workers import session as sessions
from workers.fights import Fights
from workers.gate import gates
from workers.reconcile import Reconciler
from workers.session import Session
from workers.work import Work

ENABLED = frozenset({"configmaps", "namespaces"})
CLUSTER = Cluster(
    "v", "h", enabled=ENABLED, all_objects=ENABLED, namespaces=NamespaceRules(exact={"n": "mine"})
)
NAMESPACES, CONFIGMAPS = REGISTRY["namespaces"], REGISTRY["configmaps"]


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    async with (
        sandbox(tmp_path, kubelet=False) as box,
        await KubeClient.connect(str(box.virtual_kubeconfig), name="v") as virtual,
        await KubeClient.connect(str(box.host_kubeconfig), name="host") as host,
    ):
        await virtual.create(NAMESPACES, "", {"metadata": {"name": "n"}})
        known, active = await identify(virtual), active_plurals(REGISTRY.values(), CLUSTER)
        ways = gates(REGISTRY.values(), CLUSTER)
        yield Session(CLUSTER, virtual, host, known.key, REGISTRY, active, ways)


async def sync(session: Session, name: str) -> Outcome:
    body = {"metadata": {"name": name}, "data": {"a": "b"}}
    virtual = await session.virtual.create(CONFIGMAPS, "n", body)
    key = Key("v", "configmaps", "n", name)
    work = Work(key, CONFIGMAPS, CLUSTER, virtual, None, Related(), b"key")
    return await Reconciler(session, Fights()).reconcile(work, lambda: True)


def host_namespace(virtual: str = "n") -> Obj:
    return {
        "metadata": {
            "name": "mine",
            "labels": {MANAGED_BY: managed_by(CLUSTER, namespaced=False)},
            "annotations": {NAME: virtual, UID: "u", KIND: NAMESPACES.kind_annotation},
        }
    }


async def in_host_namespace(session: Session) -> list[str]:
    return sorted([name_of(each) async for each in session.host.list_all(CONFIGMAPS, "mine")])


async def test_an_object_waits_for_its_host_namespace(session: Session) -> None:
    outcome = await sync(session, "a")
    assert isinstance(outcome, Retry)
    assert "waits for host namespace mine" in outcome.message
    await session.host.create(NAMESPACES, "", host_namespace())
    assert isinstance(await sync(session, "b"), Done)
    assert "b" in await in_host_namespace(session)


@pytest.mark.parametrize(
    "there",
    [{"metadata": {"name": "mine"}}, host_namespace("other")],
    ids=["of nobody", "of another virtual namespace"],
)
async def test_someone_elses_namespace_gets_nothing(session: Session, there: Obj) -> None:
    await session.host.create(NAMESPACES, "", there)
    outcome = await sync(session, "a")
    assert isinstance(outcome, Retry)
    assert "not provably this virtual cluster's" in outcome.message
    assert "a" not in await in_host_namespace(session)


async def test_what_was_found_is_not_asked_for_each_object(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    await session.host.create(NAMESPACES, "", host_namespace())
    assert isinstance(await sync(session, "a"), Done)
    await session.host.request(
        "PATCH",
        "/api/v1/namespaces/mine",
        body={"metadata": {"labels": {MANAGED_BY: None}}},
        content_type="application/merge-patch+json",
    )
    assert isinstance(await sync(session, "b"), Done)
    monkeypatch.setattr(sessions, "NAMESPACE_KEPT_S", 0.0)
    assert isinstance(await sync(session, "c"), Retry)
