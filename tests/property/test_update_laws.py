"""Kinds that may change in any way: however an object came to be as it is, its host object is the
same, and what API servers fill in by themselves changes nothing."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.kinds import REGISTRY
from common.objects import Obj, merge_patch, meta
from sandbox.kinds.defaults import DEFAULTS
from tests.property.examples import law
from tests.property.kinds import KINDS
from tests.property.pairs import contexts, living, virtuals
from tests.property.world import World
from workers.plan import host_object, skip_reason

CHANGEABLE = [
    "configmaps",
    "ingresses",
    "networkpolicies",
    "poddisruptionbudgets",
    "priorityclasses",
    "serviceaccounts",
    "storageclasses",
]
changeable_kind = pytest.mark.parametrize("plural", CHANGEABLE)


# Of these false and nothing are the same.
FLAGS = {"allowVolumeExpansion", "globalDefault", "immutable"}
# What the host adds by itself in these laws.
THEIRS = {"status", "resourceVersion", "uid", "generation", "added.example.com/by"}
THEIRS |= {"imagePullSecrets"}


@changeable_kind
@law
@given(data=st.data())
def test_a_changed_object_arrives_as_a_new_one_would(plural: str, data: st.DataObject) -> None:
    world, other = data.draw(living(plural)), data.draw(KINDS[plural])
    if world.virtual is None or world.host is None:
        return
    world.virtual = changed(world.virtual, other)
    world.settle()
    if world.host is not None:
        made = merge_patch({}, host_object(world.kind, world.virtual, world.context))
        assert agrees(world.host, made)


def changed(virtual: Obj, other: Obj) -> Obj:
    """The same object with the other one's labels, annotations and content."""
    marks = ("labels", "annotations")
    metadata = {key: value for key, value in meta(virtual).items() if key not in marks}
    metadata |= {key: value for key, value in meta(other).items() if key in marks}
    heading = {key: virtual[key] for key in ("apiVersion", "kind")}
    result: Obj = {**other, **heading, "metadata": {**metadata, "resourceVersion": "77"}}
    return {key: value for key, value in result.items() if value is not None}


def agrees(found: Any, wanted: Any) -> bool:
    """Whether a host object is as it would have been made, but for what is the host's."""
    if not isinstance(found, dict) or not isinstance(wanted, dict):
        return bool(found == wanted)
    return all(
        agrees(found.get(key), wanted.get(key)) or is_none(key, found.get(key), wanted.get(key))
        for key in found.keys() | wanted.keys()
        if key not in THEIRS
    )


def is_none(key: str, *values: Any) -> bool:
    empty: list[Any] = [{}, [], ""]
    return all(
        value is None or value in empty or (key in FLAGS and value is False) for value in values
    )


@changeable_kind
@law
@given(data=st.data())
def test_what_api_servers_fill_in_needs_no_write(plural: str, data: st.DataObject) -> None:
    kind, context = REGISTRY[plural], data.draw(contexts(plural))
    virtual = served(kind.group, plural, data.draw(virtuals(plural)))
    host = served(kind.group, plural, host_object(kind, virtual, context))
    host["metadata"] |= {"uid": "host-0", "resourceVersion": "5"}
    if skip_reason(kind, virtual, context):
        return
    writes = World(kind, context, virtual, host).writes()
    assert [each for each in writes if getattr(each, "side", "") == "host"] == []


def served(group: str, plural: str, obj: Obj) -> Obj:
    """As an API server shows what it was given."""
    shown: Obj = without_nulls(obj)
    if fill := DEFAULTS.get(f"{plural}.{group}" if group else plural):
        fill(shown)
    return shown


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value
