"""The laws of the plan, under patches, for custom resources, on hosts that fill fields in."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.actions import Create, Patch
from common.objects import annotations, labels
from tests.property.examples import law
from tests.property.patched import RULES, WIDGETS, edit, worlds

every_patched_kind = pytest.mark.parametrize("plural", sorted(RULES))
filled_in = pytest.mark.parametrize("plural", ["ingresses", WIDGETS])


@every_patched_kind
@law
@given(data=st.data())
def test_any_patched_object_settles_in_a_few_rounds(plural: str, data: st.DataObject) -> None:
    world = data.draw(worlds(plural))
    world.settle()
    edit(data.draw, world, plural) if world.virtual else None
    world.settle()
    assert world.writes() == []


@every_patched_kind
@law
@given(data=st.data())
def test_performing_a_patched_plan_leaves_no_plan(plural: str, data: st.DataObject) -> None:
    world = data.draw(worlds(plural))
    world.settle()
    if world.virtual is None or world.host is None:
        return
    edit(data.draw, world, plural)
    world.step()
    assert [each for each in world.writes() if getattr(each, "side", "") == "host"] == []


@filled_in
@law
@given(data=st.data())
def test_what_the_hosts_server_fills_in_is_not_fought_over(
    plural: str, data: st.DataObject
) -> None:
    world = data.draw(worlds(plural, filling=True))
    world.settle(rounds=4)
    if world.virtual is None:
        return
    edit(data.draw, world, plural)
    world.settle(rounds=4)
    assert world.writes() == []


@every_patched_kind
@law
@given(data=st.data())
def test_a_patched_plan_changes_nothing_that_it_was_given(plural: str, data: st.DataObject) -> None:
    world = data.draw(worlds(plural))
    before = copy.deepcopy((world.virtual, world.host))
    world.plan()
    assert (world.virtual, world.host) == before


@every_patched_kind
@law
@given(data=st.data())
def test_a_patched_host_object_is_still_ours(plural: str, data: st.DataObject) -> None:
    world = data.draw(worlds(plural))
    world.settle()
    if world.virtual is None or world.host is None:
        return
    assert labels(world.host)["vcluster.loft.sh/managed-by"] == world.context.cluster.name
    assert annotations(world.host)["vcluster.loft.sh/uid"] == world.virtual["metadata"]["uid"]
    assert world.host["metadata"]["name"] == annotations(world.host)["example.com/made"]


@law
@given(data=st.data())
def test_a_status_that_comes_up_causes_no_write_down(data: st.DataObject) -> None:
    world = data.draw(worlds(WIDGETS))
    world.settle()
    if world.host is None:
        return
    phase = data.draw(st.sampled_from(["New", "Old"]))
    world.host = {**world.host, "status": {"phase": phase}}
    sides = [each.side for each in world.step() if isinstance(each, Patch | Create)]
    assert sides == ["virtual"]
    assert world.writes() == []
    assert world.virtual is not None
    assert world.virtual["status"]["phase"] == f"{phase}!"
