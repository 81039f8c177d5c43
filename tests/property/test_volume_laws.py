"""Volumes and snapshot contents hold data: what may never happen to them."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from common.actions import Create, Delete
from common.context import Context
from common.kinds import REGISTRY
from common.objects import Obj, get_path
from tests.property.examples import law
from tests.property.kinds import KINDS
from tests.property.pairs import anything, contexts, living, virtuals
from workers.plan import plan

POLICIES = {
    "persistentvolumes": "persistentVolumeReclaimPolicy",
    "volumesnapshotcontents": "deletionPolicy",
}
with_data = pytest.mark.parametrize("plural", sorted(POLICIES))


@with_data
@law
@given(data=st.data())
def test_cleaning_up_deletes_nothing_whose_data_would_go_too(
    plural: str, data: st.DataObject
) -> None:
    world = data.draw(anything(plural))
    off = replace(world.context.cluster, enabled=frozenset(), draining=frozenset({plural}))
    world.context = replace(world.context, cluster=off)
    world.virtual = None
    for _ in range(5):
        kept = get_path(world.host or {}, f"spec.{POLICIES[plural]}") == "Retain"
        deleted = [each for each in world.step() if isinstance(each, Delete)]
        assert kept or not [each for each in deleted if each.side == "host"]
    assert world.writes() == []


@with_data
@law
@given(data=st.data())
def test_any_change_of_a_living_spec_settles(plural: str, data: st.DataObject) -> None:
    world, other = data.draw(living(plural)), data.draw(KINDS[plural])
    if world.virtual is None or world.host is None:
        return
    world.virtual = {**world.virtual, "spec": other["spec"]}
    world.settle()
    assert world.writes() == []


@with_data
@law
@given(data=st.data())
def test_a_volume_that_comes_up_bound_is_never_unbound_by_that(
    plural: str, data: st.DataObject
) -> None:
    world = data.draw(living(plural))
    if world.virtual is None or world.host is None:
        return
    bound = get_path(world.host, "spec.claimRef.uid")
    world.virtual = {**world.virtual, "metadata": {**world.virtual["metadata"], "labels": {}}}
    world.settle()
    assert get_path(world.host or {}, "spec.claimRef.uid") == bound


@law
@given(context=contexts("persistentvolumes"), virtual=virtuals("persistentvolumes"))
def test_no_virtual_name_or_namespace_of_what_a_volume_names_arrives(
    context: Context, virtual: Obj
) -> None:
    """With namespace sync names are kept, and namespaces are what the rules make of them."""
    assume(context.cluster.namespaces is None)
    for action in plan(REGISTRY["persistentvolumes"], virtual, None, context):
        if isinstance(action, Create) and action.side == "host":
            for held in _references(action.body["spec"]):
                assert held["namespace"] in ("h", "vc-my-vcluster")
                assert held["name"] not in ("one", "two", "a-x-b")


def _references(spec: Obj) -> list[Obj]:
    source = spec.get("csi") or {}
    azure = spec.get("azureFile") or {}
    found = [spec.get("claimRef") or {}, source.get("nodeStageSecretRef") or {}]
    found.append({"name": azure.get("secretName"), "namespace": azure.get("secretNamespace")})
    return [each for each in found if each.get("name")]
