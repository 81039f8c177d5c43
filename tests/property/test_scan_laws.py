"""Laws of the scan: it wakes what a reconcile would write about, and nothing else."""

import copy
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.actions import Action
from common.kinds import REGISTRY
from common.objects import Obj, merge_patch
from tests.property.examples import law
from tests.property.kinds import KINDS
from tests.property.pairs import anything, living
from tests.property.strategies import NAME
from tests.property.world import World
from workers.drift import drifted, is_blind
from workers.plan import plan

LOOKING = sorted(kind.plural for kind in REGISTRY.values() if "live_host" in kind.needs)
looking_kinds = pytest.mark.parametrize("plural", [each for each in LOOKING if each in KINDS])
LIVE = st.fixed_dictionaries(
    {
        "metadata": st.fixed_dictionaries({"name": NAME, "uid": st.sampled_from(["u1", "x"])}),
        "spec": st.sampled_from(
            [{}, {"capacity": {"storage": "9Gi"}}, {"deletionPolicy": "Delete"}]
        ),
        "status": st.sampled_from([{}, {"readyToUse": True}]),
    }
)


def has_drifted(world: World) -> bool:
    return drifted(world.kind, world.virtual, world.host, world.context)


@law
@given(data=st.data(), plural=st.sampled_from(sorted(KINDS)))
def test_whatever_has_settled_has_not_drifted(data: st.DataObject, plural: str) -> None:
    world = data.draw(anything(plural))
    world.settle()
    assert not has_drifted(world)


@law
@given(data=st.data(), plural=st.sampled_from(["configmaps", "secrets", "services", "pods"]))
def test_our_marks_taken_off_a_host_object_are_drift(data: st.DataObject, plural: str) -> None:
    world = data.draw(living(plural))
    if world.virtual is None or world.host is None:
        return
    patch = {"metadata": {"annotations": {"vcluster.loft.sh/managed-labels": "x"}}}
    world.host = merge_patch(world.host, patch)
    assert has_drifted(world)


@looking_kinds
@law
@given(data=st.data(), live=st.none() | LIVE, field=st.sampled_from(["", "n"]))
def test_what_is_written_to_the_host_does_not_hang_on_a_look_at_it(
    plural: str, data: st.DataObject, live: Obj | None, field: str
) -> None:
    """Or else a scan, which takes no look, would be wrong about it."""
    world = data.draw(anything(plural))
    related = replace(world.context.related, live_host=None, live_field="")
    without = replace(world.context, related=related)
    if not is_blind(world.kind, world.virtual, world.host, without):
        return
    seen = replace(related, live_host=live, live_field=field if live else "")
    plans = [
        plan(world.kind, copy.deepcopy(world.virtual), world.host, replace(without, related=each))
        for each in (related, seen)
    ]
    assert down(plans[0]) == down(plans[1])


def down(actions: list[Action]) -> list[Action]:
    return [each for each in actions if getattr(each, "side", "virtual") == "host"]


def test_every_kind_that_takes_a_look_is_known_here() -> None:
    """One without an option has no law of its own: it never writes to the host."""
    assert [each for each in LOOKING if each not in KINDS] == ["nodes"]
