"""Pairs of a virtual object and a host object, in any state that they may be found in."""

from dataclasses import replace
from functools import cache
from typing import Any

from hypothesis import strategies as st

from common.context import Context, Related
from common.kind import Kind
from common.kinds import REGISTRY
from common.objects import Obj, merge_patch, meta, name_of, namespace_of
from tests.property.kinds import KINDS, LIVED, RELATED, STATUSES
from tests.property.kinds.namespaces import RULES
from tests.property.strategies import CLUSTERS, LABELS, Strategy
from tests.property.world import World
from workers.plan import host_object

DIGEST_KEY = b"key"
_ANY_RULES = st.none() | RULES
_DELETING = {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30}


@cache
def related(plural: str) -> Strategy[Related]:
    """What such an object might find around it: mostly what makes it synced."""
    usual: dict[str, Strategy[Any]] = {
        "namespace": st.fixed_dictionaries({"metadata": st.fixed_dictionaries({"labels": LABELS})}),
        "referrers": st.sampled_from([frozenset({"pods default/a"}), frozenset()]),
    }
    return st.builds(Related, **{**usual, **RELATED.get(plural, {})})


@cache
@st.composite
def contexts(draw: st.DrawFn, plural: str) -> Context:
    rules = draw(RULES if plural == "namespaces" else _ANY_RULES)
    cluster = replace(draw(CLUSTERS), namespaces=rules)
    return Context(cluster, draw(related(plural)), now_s=2e9, name="n")


@cache
@st.composite
def virtuals(draw: st.DrawFn, plural: str) -> Obj:
    """A virtual object as the store has it."""
    obj = draw(KINDS[plural])
    kind = REGISTRY[plural]
    return {"apiVersion": kind.api_version, "kind": kind.kind, **kind.stored(obj, DIGEST_KEY)}


@st.composite
def living(draw: st.DrawFn, plural: str) -> World:
    """A synced object whose host object has a status, and perhaps additions by others."""
    world = World(REGISTRY[plural], draw(contexts(plural)), draw(virtuals(plural)))
    world.settle()
    if world.host is not None:
        _live(draw, world)
    world.settle()
    return world


def _live(draw: st.DrawFn, world: World) -> None:
    assert world.host is not None
    found: Obj = {"metadata": {"labels": {"added.example.com/by": "host"}}}
    if world.kind.plural in STATUSES:
        found["status"] = draw(STATUSES[world.kind.plural])
    if world.kind.plural in LIVED:
        found = merge_patch(found, LIVED[world.kind.plural](world.host))
    host = merge_patch(world.host, found)
    world.host = {**host, "metadata": {**meta(host), "resourceVersion": "999"}}


@st.composite
def anything(draw: st.DrawFn, plural: str) -> World:
    """Any pair: one missing, one deleting, another's, a predecessor's, or just different."""
    kind, context = REGISTRY[plural], draw(contexts(plural))
    virtual, other = draw(virtuals(plural)), draw(virtuals(plural))
    if draw(st.booleans()):
        names = {"name": name_of(virtual), "namespace": namespace_of(virtual)}
        other = {**other, "metadata": {**meta(other), **names}}
    host = _host(kind, other, context)
    if draw(st.booleans()) and plural in STATUSES:
        host["status"] = draw(STATUSES[plural])
    world = World(kind, context, virtual, host, made=1000)
    world.virtual = draw(st.sampled_from([virtual, _deleting(virtual), None]))
    world.host = draw(st.sampled_from([host, _deleting(host), None]))
    if world.virtual is None and world.host is None:
        world.virtual = virtual
    return world


def _host(kind: Kind, virtual: Obj, context: Context) -> Obj:
    obj: Obj = merge_patch({}, host_object(kind, virtual, replace(context)))
    return {**obj, "metadata": {**obj["metadata"], "uid": "host-0", "resourceVersion": "5"}}


def _deleting(obj: Obj) -> Obj:
    return {**obj, "metadata": {**meta(obj), **_DELETING}}
