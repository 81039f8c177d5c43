"""The laws of the plan (docs/architecture), for every kind."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.actions import Create, Delete
from common.kinds import REGISTRY
from common.objects import Obj, merge_patch, meta
from common.pod.images import translate_image
from tests.property.examples import law
from tests.property.kinds import KINDS, STATUSES
from tests.property.pairs import anything, living
from tests.property.strategies import LABELS
from tests.property.world import World

every_kind = pytest.mark.parametrize("plural", sorted(KINDS))
with_status = pytest.mark.parametrize("plural", sorted(STATUSES))


def test_every_kind_that_has_an_option_is_tried() -> None:
    assert {plural for plural, kind in REGISTRY.items() if kind.option} == set(KINDS)


@every_kind
@law
@given(data=st.data())
def test_any_pair_settles_in_a_few_rounds(plural: str, data: st.DataObject) -> None:
    world = data.draw(anything(plural))
    world.settle()
    assert world.writes() == []


@every_kind
@law
@given(data=st.data())
def test_a_plan_changes_nothing_that_it_was_given(plural: str, data: st.DataObject) -> None:
    world = data.draw(anything(plural))
    before = copy.deepcopy((world.virtual, world.host))
    world.plan()
    assert (world.virtual, world.host) == before


@every_kind
@law
@given(data=st.data())
def test_performing_the_plan_of_two_living_objects_leaves_no_plan(
    plural: str, data: st.DataObject
) -> None:
    world, other = data.draw(living(plural)), data.draw(KINDS[plural])
    if world.virtual is None or world.host is None:
        return
    if not world.virtual.get("immutable"):
        _edit(world, {key: value for key, value in other.items() if key in ("data", "subsets")})
    _edit(world, {"metadata": {"labels": data.draw(LABELS)}})
    assert not any(isinstance(action, Delete | Create) for action in world.step())
    assert world.writes() == []


@pytest.mark.parametrize("plural", ["persistentvolumeclaims", "services"])
@law
@given(data=st.data())
def test_any_change_of_a_living_spec_settles(plural: str, data: st.DataObject) -> None:
    world, other = data.draw(living(plural)), data.draw(KINDS[plural])
    if world.virtual is None or world.host is None:
        return
    world.virtual = {**world.virtual, "spec": other["spec"]}
    _edit(world, {})
    world.settle()
    assert world.virtual is not None
    assert world.host is not None


@law
@given(world=living("pods"), image=st.sampled_from(["nginx:2", "other"]), data=st.data())
def test_a_changed_image_arrives_and_its_status_follows(
    world: World, image: str, data: st.DataObject
) -> None:
    if world.virtual is None or world.host is None:
        return
    containers = [{**each, "image": image} for each in world.virtual["spec"]["containers"]]
    _edit(world, {"spec": {"containers": containers}})
    assert {getattr(action, "side", "host") for action in world.step()} >= {"host"}
    world.settle()
    images = {each["name"]: each["image"] for each in world.host["spec"]["containers"]}
    arrived = translate_image(image, world.context.cluster.pods.images)
    assert images == {**dict.fromkeys(images, arrived), "injected": "proxy"}


@with_status
@law
@given(data=st.data())
def test_status_written_up_never_causes_a_write_down(plural: str, data: st.DataObject) -> None:
    world = data.draw(living(plural))
    if world.host is None:
        return
    status = _with_gates(data.draw(STATUSES[plural]), world.host)
    world.host = {**world.host, "status": status}
    assert {getattr(action, "side", "virtual") for action in world.step()} <= {"virtual"}
    assert world.writes() == []


@every_kind
@law
@given(data=st.data())
def test_a_label_that_the_host_added_stays_and_a_removed_one_goes(
    plural: str, data: st.DataObject
) -> None:
    world = data.draw(living(plural))
    if world.virtual is None or world.host is None:
        return
    _edit(world, {"metadata": {"labels": {"mine": "1"}}})
    world.settle()
    assert world.host["metadata"]["labels"]["mine"] == "1"
    _edit(world, {"metadata": {"labels": {"mine": None}}})
    world.settle()
    assert "mine" not in world.host["metadata"]["labels"]
    assert world.host["metadata"]["labels"]["added.example.com/by"] == "host"


@law
@given(world=anything("pods"))
def test_a_pod_is_created_at_most_once(world: World) -> None:
    created = 0
    for _ in range(8):
        created += sum(isinstance(each, Create) for each in world.step())
        world.finish_deletions()
    assert created <= 1


def _with_gates(status: Obj, host: Obj) -> Obj:
    """A kubelet leaves the conditions of a pod's readiness gates as they are."""
    gates = {gate["conditionType"] for gate in host.get("spec", {}).get("readinessGates") or ()}
    found = (host.get("status") or {}).get("conditions") or ()
    kept = [condition for condition in found if condition["type"] in gates]
    others = [each for each in status.get("conditions") or () if each["type"] not in gates]
    return {**status, "conditions": [*others, *kept]} if kept else status


def _edit(world: World, patch: dict[str, object]) -> None:
    """A user changes the virtual object."""
    virtual = merge_patch(world.virtual, patch)
    generation = int(meta(virtual).get("generation") or 0) + 1
    more = {"generation": generation, "resourceVersion": f"7{generation}"}
    world.virtual = {**virtual, "metadata": {**meta(virtual), **more}}
