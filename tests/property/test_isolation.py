"""What a tenant writes never reaches what is another's: whatever names, labels and selectors it
makes up, the host objects stay within its own virtual cluster."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from common.actions import Create, Delete, MintTokens, Patch, RemoveEndpoints
from common.cluster import Cluster, NamespaceRules
from common.kind import Kind
from common.kinds import REGISTRY
from common.metadata import KIND, MANAGED_BY, NAME, NAMESPACE, UID, ours
from common.naming import PREFIX, managed_by
from common.objects import Obj, annotations, labels, merge_patch, meta, name_of, namespace_of, uid
from common.pod import downward
from tests.property.examples import law
from tests.property.full import full
from tests.property.hostile import PAIRS, H, attacks, context_of, foreign_names
from tests.property.kinds import KINDS
from tests.property.reaching import (
    NAMES,
    NAMESPACE_SELECTORS,
    PLACED,
    POD_SELECTORS,
    found,
    namespaces_of,
)
from tests.property.world import World
from workers.plan import host_object, plan

every_kind = pytest.mark.parametrize("plural", sorted(KINDS))
# The objects are large, and shrinking one would take minutes.
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
attack = settings(law, max_examples=law.max_examples // 2, phases=_PHASES)
_MADE_UP = {"finalizers", "generateName", "selfLink"}


def attacked(
    data: st.DataObject, plural: str, cluster: Cluster, other: Cluster
) -> tuple[World, list[Obj]]:
    """The attacker's object, synced, and perhaps changed to another attack since; with all that it
    said."""
    kind, virtual = REGISTRY[plural], data.draw(attacks(plural, other))
    said = [virtual]
    world = World(kind, context_of(cluster, kind, virtual), virtual)
    world.settle()
    if data.draw(st.booleans()) and world.virtual is not None:
        later = data.draw(attacks(plural, other))
        body = {key: value for key, value in later.items() if key not in ("metadata", "status")}
        marks = {key: meta(later).get(key) for key in ("labels", "annotations")}
        more = {**meta(world.virtual), **marks, "generation": 9, "resourceVersion": "9"}
        if plural not in ("configmaps", "pods", "secrets"):
            world.virtual = {**world.virtual, **body}
        world.virtual = {**world.virtual, "metadata": more}
        said.append(world.virtual)
        world.settle()
    return world, said


@every_kind
@attack
@given(pair=PAIRS, data=st.data())
def test_an_attack_stays_within_the_virtual_cluster_that_it_comes_from(
    plural: str, pair: tuple[Cluster, Cluster], data: st.DataObject
) -> None:
    cluster, other = placed(pair, plural)
    world, said = attacked(data, plural, cluster, other)
    if world.host is not None and world.virtual is not None:
        assert foreign_names(cluster, plural, said, world.host) == set()
        assert namespaces_of(plural, world.host) <= {H}
        _selects_its_own(cluster, plural, world.host)
        _bears_true_marks(cluster, world.kind, world.virtual, world.host)
    _writes_to_its_own(data, world)


@every_kind
@attack
@given(pair=PAIRS, data=st.data())
def test_marks_can_neither_be_forged_nor_taken_for_another_virtual_clusters(
    plural: str, pair: tuple[Cluster, Cluster], data: st.DataObject
) -> None:
    cluster, other = placed(pair, plural)
    kind, virtual = REGISTRY[plural], data.draw(attacks(plural, other))
    context = context_of(cluster, kind, virtual)
    made = host_object(kind, virtual, context)
    honest = {**virtual, "metadata": {**meta(virtual), **_without_ours(virtual)}}
    assert _told(made) == _told(host_object(kind, honest, context))
    assert ours(kind, made, cluster) is not None
    assert ours(kind, made, other) is None
    by_hand = {MANAGED_BY: managed_by(other, kind.namespaced)}
    assert ours(kind, merge_patch(made, {"metadata": {"labels": by_hand}}), other) is None
    bare = {"metadata": {"name": name_of(made), "namespace": namespace_of(made)}}
    assert ours(kind, bare, cluster) is None


@pytest.mark.parametrize("plural", sorted({*NAMES, *PLACED, *POD_SELECTORS}))
def test_the_attacks_have_something_at_every_place_that_is_looked_at(plural: str) -> None:
    attacker = {"name": "p", "namespace": "default", "uid": "u"}
    kind, virtual = REGISTRY[plural], merge_patch(full(plural), {"metadata": attacker})
    cluster = Cluster("a", H, enabled=frozenset(REGISTRY))
    planned = plan(kind, virtual, None, context_of(cluster, kind, virtual))
    [body] = [each.body for each in planned if isinstance(each, Create)]
    places = [*NAMES.get(plural, ()), *PLACED.get(plural, ()), *POD_SELECTORS.get(plural, ())]
    never = [place for place in places if not list(found(body, (place,)))]
    assert [place for place in never if "ephemeralContainers" not in place] == []


def placed(pair: tuple[Cluster, Cluster], plural: str) -> tuple[Cluster, Cluster]:
    """Namespaces themselves are only there where each becomes one of the host's."""
    if plural != "namespaces":
        return pair
    one, other = (replace(each, namespaces=NamespaceRules()) for each in pair)
    return one, other


def _told(host: Obj) -> Obj:
    """Without what the pod itself is told of its labels."""
    result: Obj = merge_patch(host, {"metadata": {"annotations": {downward.LABELS: None}}})
    return result


def _selects_its_own(cluster: Cluster, plural: str, host: Obj) -> None:
    for selector in found(host, POD_SELECTORS.get(plural, ())):
        assert selector["matchLabels"][MANAGED_BY] == cluster.name
    if plural == "services" and (selector := host["spec"].get("selector")):
        assert selector[MANAGED_BY] == cluster.name
    assert list(found(host, NAMESPACE_SELECTORS.get(plural, ()))) == []


def _bears_true_marks(cluster: Cluster, kind: Kind, virtual: Obj, host: Obj) -> None:
    notes = annotations(host)
    assert labels(host)[MANAGED_BY] == managed_by(cluster, kind.namespaced)
    assert (notes[NAME], notes[KIND]) == (name_of(virtual), kind.kind_annotation)
    assert notes[UID] == uid(virtual)
    if kind.namespaced:
        assert notes[NAMESPACE] == labels(host)[NAMESPACE] == namespace_of(virtual)
    assert not _MADE_UP & meta(host).keys()
    assert namespace_of(host) == (H if kind.namespaced else "")


def _writes_to_its_own(data: st.DataObject, world: World) -> None:
    """Whatever the two objects look like."""
    if world.host is None:
        return
    marks = {"labels": {"more": "b"}, "deletionTimestamp": data.draw(st.sampled_from([None, "x"]))}
    edited = merge_patch(world.virtual or {}, {"metadata": marks})
    world.virtual = data.draw(st.sampled_from([None, edited]))
    for action in world.plan():
        assert _target(action) in (None, (namespace_of(world.host), name_of(world.host)))


def _target(action: Any) -> tuple[str, str] | None:
    """Namespace and name of what an action writes on the host, None when it writes elsewhere."""
    match action:
        case Create(side="host", body=body):
            return namespace_of(body), name_of(body)
        case Patch(side="host") | Delete(side="host"):
            return action.namespace, action.name
        case MintTokens(host_name=name):
            return H, name
        case RemoveEndpoints(namespace=namespace, service=service):
            return namespace, service
    return None


def _without_ours(virtual: Obj) -> Obj:
    held = {"labels": labels(virtual), "annotations": annotations(virtual)}
    return {
        name: {key: value for key, value in found.items() if not key.startswith(PREFIX)}
        for name, found in held.items()
    }
