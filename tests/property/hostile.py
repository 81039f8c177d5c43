"""Two virtual clusters in one host namespace, and objects of a tenant of the first who guesses the
names of the second's."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import orjson
from hypothesis import strategies as st

from common.cluster import Cluster
from common.context import Context, Related
from common.kind import Kind
from common.kinds import REGISTRY
from common.naming import (
    PREFIX,
    hashed_host_name,
    host_name,
    host_name_cluster,
    token_secret_name,
)
from common.objects import Obj, labels, meta, name_of, namespace_of
from tests.property.full import SPECS, full
from tests.property.kinds import KINDS
from tests.property.reaching import found, named_by
from tests.property.strategies import POD_OPTIONS, Strategy

H = "h"
# Names by which nobody is kept apart but by the rules: `a-b` begins as `a` does, `b` ends as `a-b`.
NAMES = ("a", "b", "a-b", "a-vcluster-with-a-name-so-long-that-all-of-its-names-are-cut")
_TARGETS = (("default", "one"), ("default", "two"), ("kube-system", "one"), ("a", "x" * 60))
_OWN_MARKS = {
    f"{PREFIX}{key}": "b"
    for key in ("managed-by", "name", "namespace", "uid", "kind", "managed-labels", "imported")
}
PAIRS: Strategy[tuple[Cluster, Cluster]] = st.tuples(
    st.permutations(NAMES),
    st.sampled_from(["prefixed", "classic"]),
    st.sampled_from([frozenset(REGISTRY), frozenset({"configmaps", "pods", "secrets"})]),
    POD_OPTIONS,
).map(lambda each: _pair(*each))


def _pair(names: list[str], form: Any, enabled: frozenset[str], pods: Any) -> Any:
    one = Cluster(names[0], H, name_format=form, enabled=frozenset(REGISTRY), pods=pods)
    return one, replace(one, name=names[1], enabled=enabled)


def names_of(cluster: Cluster) -> Iterator[str]:
    """What its tenants' objects may be called on the host."""
    for namespace, name in _TARGETS:
        yield host_name(cluster, namespace, name)
        yield hashed_host_name(cluster, namespace, name)
        yield token_secret_name(cluster, namespace, name)
        yield host_name_cluster(cluster, name)


@st.composite
def attacks(draw: st.DrawFn, plural: str, other: Cluster) -> Obj:
    """A valid object whose names are guesses, and that bears marks of ours."""
    guesses = st.sampled_from([*names_of(other), "one", f"{H}/{host_name(other, 'a', 'one')}"])
    kind, obj = REGISTRY[plural], draw(KINDS[plural])
    if plural in SPECS and draw(st.integers(0, 2)):
        whole = full(plural)
        obj = {**obj, **whole, "metadata": {**meta(obj), **meta(whole)}}
    for word in ("one", "two"):
        obj = _with(obj, word, draw(guesses))
    obj = _marked(obj, draw(st.dictionaries(st.sampled_from(sorted(_OWN_MARKS)), st.just("b"))))
    stored = kind.stored(obj, b"key")
    return {"apiVersion": kind.api_version, "kind": kind.kind, **stored}


def _with(obj: Obj, word: str, guess: str) -> Obj:
    text = orjson.dumps(obj).decode()
    result: Obj = orjson.loads(re.sub(rf"\b{word}\b", guess, text))
    return {**result, "metadata": {**meta(obj), "annotations": meta(result).get("annotations")}}


def _marked(obj: Obj, marks: dict[str, str]) -> Obj:
    metadata = meta(obj)
    both = {key: {**(metadata.get(key) or {}), **marks} for key in ("labels", "annotations")}
    forged = {"finalizers": ["b"], "generateName": "b-", "selfLink": "/b"}
    return {**obj, "metadata": {**forged, **metadata, **both}}


def context_of(cluster: Cluster, kind: Kind, virtual: Obj) -> Context:
    """What lets such an object be synced: what it names is there, under its usual host name."""
    service = labels(virtual).get("kubernetes.io/service-name", name_of(virtual))
    related = Related(
        namespace={"metadata": {"name": namespace_of(virtual), "labels": _OWN_MARKS}},
        namespaces=({"metadata": {"name": "default", "labels": {"app": "a"}}},),
        service={"metadata": {"name": service, "namespace": namespace_of(virtual)}, "spec": {}},
        referrers=frozenset({"pods default/a"}),
        host_names={
            ref.member: host_name(cluster, ref.namespace, ref.name) for ref in kind.named(virtual)
        },
    )
    return Context(cluster, related, now_s=2e9, name=name_of(virtual))


def foreign_names(cluster: Cluster, plural: str, said: Iterable[Obj], host: Obj) -> set[str]:
    """What a host object names that isn't in its own virtual cluster's part of all names; `said`:
    what its virtual object was like."""
    named = {each for each in named_by(plural, host) if not each.endswith(f"-x-{cluster.name}")}
    named.discard(cluster.workload_service_account)
    for virtual in said if named else ():
        named -= set(_own_names(cluster, virtual))
    return named


def _own_names(cluster: Cluster, virtual: Obj) -> Iterator[str]:
    """Names that are cut, or end otherwise, of all that the virtual object may mean."""
    text = orjson.dumps(virtual).decode()
    words = {*re.findall(r"[a-z0-9./-]+", text), *re.findall(r"[a-z0-9.-]+", text)}
    words |= {f"{name_of(virtual)}-{each}" for each in found(virtual, ("spec.volumes[*].name",))}
    places = {namespace_of(virtual), *found(virtual, ("spec.claimRef.namespace",))}
    places |= {each for each in words if len(each) < 64}
    for name in words:
        yield host_name_cluster(cluster, name)
        for namespace in places:
            yield host_name(cluster, namespace, name)
            yield hashed_host_name(cluster, namespace, name)
    yield token_secret_name(cluster, namespace_of(virtual), name_of(virtual))
