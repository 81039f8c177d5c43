"""Objects of kinds under patches, and of a custom resource, on servers that add fields.

Patches here use what the laws could break on: values that grow, structures that the host fills
in, fields that come and go, labels, references, both directions.
"""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from common.context import Context
from common.kind import Kind
from common.kinds import kinds_of
from common.objects import Obj, Side, merge_patch, meta
from common.patches.rules import CustomRule, PatchRule, ReferenceRule
from tests.property.kinds import KINDS, LIVED, STATUSES
from tests.property.pairs import contexts, virtuals
from tests.property.strategies import REFERENCE, Strategy, metadata
from tests.property.world import World

WIDGETS = "widgets.example.com"
_MARKS = (
    PatchRule("metadata.labels.team", "context.virtual.namespace"),
    PatchRule("metadata.annotations[*]", "value + '!'"),
    PatchRule('metadata.annotations["example.com/made"]', "context.host.name"),
)
_SECRET = ReferenceRule("v1", "Secret", name_path="name")
RULES: dict[str, tuple[PatchRule, ...]] = {
    "configmaps": (
        *_MARKS,
        PatchRule("data[*]", "value.size() > 5 ? null : value + context.virtual.name"),
        PatchRule("data.added", "'new'"),
    ),
    "pods": (
        *_MARKS,
        PatchRule("spec.containers[*].image", "'mirror/' + value"),
        PatchRule("spec.nodeSelector", "{'pool': context.vcluster.name}"),
        PatchRule("spec.tolerations", "(valueExists ? value : []) + [{'operator': 'Exists'}]"),
        PatchRule("spec.containers[*].resources", "{'limits': {'cpu': '1'}}"),
    ),
    "ingresses": (
        *_MARKS,
        PatchRule("spec.rules[*].host", "'x.' + value"),
        PatchRule("spec.tls", "(valueExists ? value : []) + [{'hosts': ['a.b']}]"),
        PatchRule("status.loadBalancer.ingress[*].hostname", "", "value + '.outside'"),
    ),
    WIDGETS: (
        *_MARKS,
        PatchRule("spec.refs[*]", reference=_SECRET),
        PatchRule("spec.selector", labels=True),
        PatchRule("spec.a", "valueExists ? [value] : null"),
        PatchRule("spec.map", "(valueExists ? [value] : []) + [{'port': 1}]"),
        PatchRule("extra.list[*]", "null"),
        PatchRule("status.phase", "", "value + '!'"),
    ),
}
_KEYS = st.sampled_from(["a", "b", "c", "map", "list", "extra"])
_JSON: Strategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "a.b", "1Gi", "é"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)
_SPEC = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("a", "b", "map"), _JSON),
        "refs": st.lists(st.fixed_dictionaries({"name": REFERENCE}) | _JSON, max_size=2),
        "selector": st.dictionaries(st.sampled_from(["app", "release"]), st.just("x")),
    },
)
WIDGET_OBJECTS: Strategy[Obj] = st.fixed_dictionaries(
    {
        "apiVersion": st.just("example.com/v1"),
        "kind": st.just("Widget"),
        "metadata": metadata(),
        "spec": st.none() | _SPEC,
    },
    optional={"extra": _JSON, "data": _JSON, "status": st.just({"old": 1})},
)
WIDGET_STATUSES: Strategy[Obj] = st.fixed_dictionaries(
    {"phase": st.sampled_from(["Up", "Down"])},
    optional={"observedGeneration": st.integers(0, 3), "conditions": _JSON},
)


class FillingWorld(World):
    """The host's server gives every map in a list, and every spec, a field that it lacks; of
    Ingresses only in the list that patches make."""

    def _set(self, side: Side, obj: Obj | None) -> None:
        if side == "host" and obj is not None and self.kind.plural == WIDGETS:
            obj = {key: _filled(value, key) for key, value in obj.items()}
        elif side == "host" and obj is not None:
            obj = {**obj, "spec": {**obj["spec"], "tls": _filled(obj["spec"]["tls"], "tls")}}
        super()._set(side, obj)


def _filled(value: Any, key: str) -> Any:
    if key in ("metadata", "status", "apiVersion", "kind"):
        return value
    if isinstance(value, dict):
        added = {"filledIn": True} if key in ("", "spec") else {}
        return {**added, **{name: _filled(each, name) for name, each in value.items()}}
    return [_filled(each, "") for each in value] if isinstance(value, list) else value


def kind_and_context(context: Context, plural: str) -> tuple[Kind, Context]:
    """The patched kind, as workers have it, and the context that goes with it."""
    cluster = replace(
        context.cluster,
        patches={plural: RULES[plural]},
        custom=(CustomRule(WIDGETS),),
        enabled=context.cluster.enabled | {WIDGETS},
    )
    kind = kinds_of(cluster)[plural]
    named = replace(kind, version="v1", kind="Widget") if plural == WIDGETS else kind
    return named, replace(context, cluster=cluster)


def objects(plural: str) -> Strategy[Obj]:
    """Without NUL characters: with these patches fail."""
    return (WIDGET_OBJECTS if plural == WIDGETS else virtuals(plural)).map(_without_nul)


def _without_nul(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nul(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_nul(each) for each in value]
    return value.replace("\0", "0") if isinstance(value, str) else value


@st.composite
def worlds(draw: st.DrawFn, plural: str, *, filling: bool = False) -> World:
    """A virtual object, and mostly a host object that was made for it and has lived."""
    kind, context = kind_and_context(draw(contexts(plural)), plural)
    world = (FillingWorld if filling else World)(kind, context, draw(objects(plural)))
    if draw(st.booleans()):
        world.settle()
        _live(draw, world)
    return world


def _live(draw: st.DrawFn, world: World) -> None:
    if world.host is None:
        return
    found: Obj = {"metadata": {"labels": {"added.example.com/by": "host"}}}
    statuses = {**STATUSES, WIDGETS: WIDGET_STATUSES}
    if world.kind.plural in statuses:
        found["status"] = draw(statuses[world.kind.plural])
    if world.kind.plural in LIVED:
        found = merge_patch(found, LIVED[world.kind.plural](world.host))
    host = merge_patch(world.host, found)
    world.host = {**host, "metadata": {**meta(host), "resourceVersion": "999"}}


def edit(draw: Any, world: World, plural: str) -> None:
    """The tenant writes another body, as far as the kind's may change."""
    assert world.virtual is not None
    other = draw(objects(plural))
    if plural == "configmaps" and world.virtual.get("immutable"):
        return
    allowed = {"configmaps": ("data", "binaryData"), "pods": ()}.get(plural, tuple(other))
    body = {key: other[key] for key in allowed if key in other and key != "metadata"}
    kept = {key: value for key, value in world.virtual.items() if key not in allowed}
    metadata_ = {**meta(world.virtual), "labels": meta(other).get("labels")}
    world.virtual = {**kept, **body, "metadata": {**metadata_, "resourceVersion": "2000"}}


__all__ = [
    "KINDS",
    "RULES",
    "WIDGETS",
    "FillingWorld",
    "edit",
    "kind_and_context",
    "objects",
    "worlds",
]
