"""Laws of namespace sync: whatever mappings are accepted, no two namespaces become one; and a
host namespace that was handed over is given back as it was."""

from itertools import product

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from common.cluster import Cluster
from common.config.checks import duplicates
from common.config.mapping_checks import PROTECTED, mapping_problems
from common.config.model import Config
from common.context import Context
from common.kinds import REGISTRY
from common.metadata import IMPORTED, ours
from common.naming import (
    DNS_LABEL,
    MAX_LENGTH,
    host_name,
    host_namespace,
    managed_by,
    virtual_namespace,
)
from common.objects import Obj, annotations, labels, merge_patch
from tests.property.examples import law
from tests.property.kinds.namespaces import OBJECTS
from tests.property.pairs import contexts
from tests.property.strategies import LABELS, NAME, NAMESPACE
from tests.property.world import World

NAMESPACES = REGISTRY["namespaces"]
PIECES = ("a", "b", "-", "-x-", "vcluster-", "v", "default", "kube-", "system", "h")
TEXT = st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join)
PART = st.lists(st.sampled_from(PIECES), max_size=2).map("".join)
STARRED = st.tuples(PART, PART).map("*".join)
SIDES = st.one_of(st.tuples(TEXT, TEXT), st.tuples(STARRED, STARRED), st.tuples(STARRED, STARRED))
SOME_NAMES = [
    name
    for count in (1, 2)
    for name in map("".join, product(PIECES, repeat=count))
    if DNS_LABEL.fullmatch(name)
]

# Most mappings that chance makes are refused.
picky = settings(law, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])


@st.composite
def sections(draw: st.DrawFn) -> Obj:
    mappings = draw(st.lists(SIDES, max_size=3))
    return {
        "enabled": True,
        "mappingsOnly": draw(st.booleans()),
        "mappings": {"byName": dict(mappings)},
    }


@st.composite
def accepted(draw: st.DrawFn) -> list[Cluster]:
    """Virtual clusters of one configuration that is accepted."""
    places = draw(
        st.sampled_from(
            [
                [("v", "h")],
                [("v", "h"), ("a", "b")],
                [("v", "h"), ("v-x-a", "h-x-b")],
                [("v" * 63, "h"), ("v" * 62, "h")],
            ]
        )
    )
    entries = [
        {"name": name, "hostNamespace": host, "sync": {"toHost": {"namespaces": draw(sections())}}}
        for name, host in places
    ]
    config = Config.model_validate({"virtualClusters": entries})
    assume(not [*duplicates(config), *mapping_problems(config)])
    return [each.cluster() for each in config.virtual_clusters]


def becoming(cluster: Cluster, names: list[str]) -> dict[str, str]:
    found = {name: host_namespace(cluster, name) for name in names}
    return {name: host for name, host in found.items() if host}


@picky
@given(accepted())
def test_no_two_namespaces_become_one_whatever_mappings_are_accepted(
    clusters: list[Cluster],
) -> None:
    made = [becoming(cluster, SOME_NAMES) for cluster in clusters]
    more = [host for each in made for host in each.values()]
    tails = [host[cut:] for host in more for cut in (1, 2, 9, 10)]
    hostile = [name for name in (*more, *tails) if DNS_LABEL.fullmatch(name)]
    names = list(dict.fromkeys([*SOME_NAMES, *hostile]))
    hosts = [host for cluster in clusters for host in becoming(cluster, names).values()]
    assert len(set(hosts)) == len(hosts)
    assert not {*PROTECTED, *(cluster.host_namespace for cluster in clusters)} & set(hosts)
    assert all(map(DNS_LABEL.fullmatch, hosts))


@law
@given(contexts("namespaces"), st.sampled_from(SOME_NAMES) | NAMESPACE)
def test_a_host_namespace_tells_its_virtual_one_unless_it_is_cut(
    context: Context, name: str
) -> None:
    host = host_namespace(context.cluster, name)
    if host:
        told = virtual_namespace(context.cluster, host)
        assert told == name or (told == "" and len(host) == MAX_LENGTH)


@law
@given(contexts("namespaces"), NAME, NAME, st.sampled_from(["configmaps", "secrets", "pods"]))
def test_in_one_host_namespace_no_two_names_become_one(
    context: Context, one: str, other: str, plural: str
) -> None:
    def on_host(name: str) -> str:
        return host_name(context.cluster, "ns", name, plural)

    names = {one, other, on_host(one), on_host(on_host(one))}
    assert len({on_host(name) for name in names}) == len(names)


@law
@given(contexts("namespaces"), OBJECTS, LABELS, LABELS)
def test_a_namespace_that_was_handed_over_is_given_back_as_it_was(
    context: Context, virtual: Obj, before: dict[str, str], later: dict[str, str]
) -> None:
    world = World(NAMESPACES, context, virtual)
    host = _bare(world, before)
    assume(host is not None and ours(NAMESPACES, host, world.context.cluster))
    assert host is not None
    world.host = host
    world.settle()
    world.virtual = merge_patch(virtual, {"metadata": {"labels": later}})
    world.settle()
    assert annotations(world.host)[IMPORTED] == "true"
    rules = world.context.cluster.namespaces
    kept = {key: value for key, value in before.items() if rules and key not in rules.labels}
    assert kept.items() <= labels(world.host).items()
    [left] = [merge_patch(world.host, _given_back(world))]
    assert labels(left) == kept
    assert annotations(left) == {"owner": "infra"}


def _bare(world: World, before: dict[str, str]) -> Obj | None:
    """A namespace of the host with its maker's labels and ours."""
    assert world.virtual is not None
    cluster = world.context.cluster
    name = host_namespace(cluster, world.virtual["metadata"]["name"])
    for key in list(before):
        if key.startswith("vcluster.loft.sh/"):
            del before[key]
    mark = {"vcluster.loft.sh/managed-by": managed_by(cluster, namespaced=False)}
    metadata = {
        "name": name,
        "uid": "host-0",
        "resourceVersion": "5",
        "labels": {**before, **mark},
        "annotations": {"owner": "infra"},
    }
    return {"metadata": metadata} if name else None


def _given_back(world: World) -> Obj:
    world.virtual = None
    [action] = world.plan()
    patch = action.give_back  # type: ignore[union-attr]
    assert patch is not None
    return patch
