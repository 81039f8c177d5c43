"""Every write of the product is seen and checked, and one against the rules doesn't pass."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from common.kube.client import KubeClient
from common.objects import Obj, uid
from tests.e2e.api import Api
from tests.e2e.audited import Audited, audited
from tests.e2e.objects import configmap, pod
from tests.e2e.space import Space
from tests.e2e.world import HOST_NAMESPACE, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

MARK = "vcluster.loft.sh/managed-by"
NOTES = {f"vcluster.loft.sh/{each}": "x" for each in ("name", "namespace", "uid", "kind")}


@dataclass(frozen=True)
class Culprit:
    """Plays a product named `v` that writes what it likes, through proxies of its own."""

    world: World
    audit: Audited
    virtual: Api
    host: Api
    client: KubeClient

    def ours(self, name: str) -> Obj:
        metadata = {"name": name, "labels": {MARK: "v"}, "annotations": NOTES}
        return {"metadata": metadata}

    async def foreign(self, plural: str = "configmaps", namespace: str = HOST_NAMESPACE) -> str:
        """The name of an object of somebody else's."""
        name = f"foreign-{self.world.number()}"
        await self.world.host.create(plural, namespace, {"metadata": {"name": name}})
        return name

    async def delete(self, plural: str, name: str, uid: str) -> None:
        path = f"/api/v1/namespaces/{HOST_NAMESPACE}/{plural}/{name}"
        await self.client.request("DELETE", path, body={"preconditions": {"uid": uid}})

    def accused(self) -> str:
        """What the only violation is."""
        with pytest.raises(AssertionError, match="against the rules: 1 writes") as found:
            self.audit.check()
        return str(found.value)


@pytest_asyncio.fixture(loop_scope="session")
async def culprit(world: World, tmp_path: Path) -> AsyncIterator[Culprit]:
    async with AsyncExitStack() as stack:
        audit = stack.enter_context(audited(world.backend, tmp_path, "v", HOST_NAMESPACE, {}))
        virtual, host = [
            await stack.enter_async_context(await KubeClient.connect(str(it), name="culprit"))
            for it in (audit.virtual.kubeconfig, audit.host.kubeconfig)
        ]
        yield Culprit(world, audit, Api(virtual), Api(host), host)


async def test_the_product_s_writes_on_both_sides_are_seen(space: Space) -> None:
    audit = space.world.audit
    host, virtual = audit.host.audit.seen.copy(), audit.virtual.audit.seen.copy()
    await space.service_account()
    await space.create("pods", pod("p"))
    await space.running("p")
    await space.delete("pods", "p")
    await space.host_gone("pods", "p")
    assert (audit.host.audit.seen - host).keys() >= {"create pods", "delete pods"}
    assert (audit.virtual.audit.seen - virtual).keys() >= {"create pods/binding"}


async def test_the_tests_own_writes_are_not_seen(space: Space) -> None:
    seen = space.world.audit.host.audit.seen.copy()
    await space.world.host.create("priorityclasses", "", {**configmap("mine"), "value": 1})
    await space.world.host.delete("priorityclasses", "", "mine")
    assert "create priorityclasses" not in space.world.audit.host.audit.seen - seen


async def test_what_bears_the_mark_may_be_made_changed_and_deleted(culprit: Culprit) -> None:
    made = await culprit.host.create("configmaps", HOST_NAMESPACE, culprit.ours("good"))
    patch = {"metadata": {"uid": uid(made)}, "data": {"a": "b"}}
    await culprit.host.patch("configmaps", HOST_NAMESPACE, "good", patch)
    await culprit.delete("configmaps", "good", uid(made))
    assert culprit.audit.host.audit.count == 3
    culprit.audit.check()


async def test_an_object_without_the_mark_is_a_violation(culprit: Culprit) -> None:
    await culprit.host.create("configmaps", HOST_NAMESPACE, configmap("unmarked"))
    assert "POST /api/v1/namespaces/team-host/configmaps -> 201: bears no mark" in culprit.accused()


async def test_an_object_in_another_namespace_is_a_violation(culprit: Culprit) -> None:
    await culprit.host.create("configmaps", "default", culprit.ours("elsewhere"))
    assert "default is not the host namespace of 'v'" in culprit.accused()


async def test_a_change_of_a_foreign_object_is_a_violation(culprit: Culprit) -> None:
    name = await culprit.foreign()
    there = await culprit.world.host.get("configmaps", HOST_NAMESPACE, name)
    patch = {"metadata": {"uid": uid(there or {})}, "data": {"a": "b"}}
    await culprit.host.patch("configmaps", HOST_NAMESPACE, name, patch)
    assert "is not ours" in culprit.accused()


async def test_the_deletion_of_a_foreign_object_is_a_violation(culprit: Culprit) -> None:
    name = await culprit.foreign("serviceaccounts")
    there = await culprit.world.host.get("serviceaccounts", HOST_NAMESPACE, name)
    await culprit.delete("serviceaccounts", name, uid(there or {}))
    assert "is not ours" in culprit.accused()


async def test_another_virtual_cluster_s_object_is_foreign(culprit: Culprit) -> None:
    body = culprit.ours("neighbour")
    body["metadata"]["labels"] = {MARK: "w"}
    made = await culprit.world.host.create("configmaps", HOST_NAMESPACE, body)
    await culprit.delete("configmaps", "neighbour", uid(made))
    assert "is not ours" in culprit.accused()


async def test_a_deletion_that_names_no_uid_is_a_violation(culprit: Culprit) -> None:
    await culprit.host.create("configmaps", HOST_NAMESPACE, culprit.ours("hasty"))
    await culprit.host.delete("configmaps", HOST_NAMESPACE, "hasty")
    assert "means uid None" in culprit.accused()


async def test_a_mark_that_is_taken_off_is_a_violation(culprit: Culprit) -> None:
    made = await culprit.world.host.create("configmaps", HOST_NAMESPACE, culprit.ours("lost"))
    patch = {"metadata": {"uid": uid(made), "labels": {MARK: None}}}
    await culprit.host.patch("configmaps", HOST_NAMESPACE, "lost", patch)
    assert "changes the mark from 'v' to None" in culprit.accused()


async def test_a_tenant_s_spec_that_is_changed_is_a_violation(culprit: Culprit) -> None:
    await culprit.world.virtual.create("configmaps", "default", configmap("tenants"))
    await culprit.virtual.patch("configmaps", "default", "tenants", {"data": {"key": "other"}})
    assert "changes data.key" in culprit.accused()


async def test_a_tenant_s_object_that_is_deleted_is_a_violation(culprit: Culprit) -> None:
    await culprit.world.virtual.create("configmaps", "default", configmap("doomed"))
    await culprit.virtual.delete("configmaps", "default", "doomed")
    assert "is nothing that tohost deletes" in culprit.accused()


async def test_an_object_that_only_the_tenant_makes_is_a_violation(culprit: Culprit) -> None:
    await culprit.virtual.create("configmaps", "default", configmap("uncalled"))
    assert "is nothing that tohost makes here" in culprit.accused()
