"""Laws of what only pods have: parts of a running pod that change through subresources."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.actions import Patch
from common.cluster import NamespaceRules
from common.context import Context
from common.following import certain_namespace
from common.kinds import REGISTRY
from common.naming import managed_by
from common.objects import Obj, get_path, meta
from common.references import pod_references
from tests.property.examples import law
from tests.property.kinds.pods import GATE, RESOURCES, containers
from tests.property.pairs import contexts, living, virtuals
from tests.property.world import World

EPHEMERAL = containers("e")


@law
@given(world=living("pods"), added=EPHEMERAL, more=EPHEMERAL)
def test_ephemeral_containers_arrive_once_beside_those_of_the_host(
    world: World, added: list[Obj], more: list[Obj]
) -> None:
    if not running(world):
        return
    debugger = {"name": "hosts-own", "image": "debug"}
    world.host = change(world.host, {"ephemeralContainers": [debugger]})
    for wanted in (added, [*added, *({**each, "name": f"{each['name']}x"} for each in more)]):
        world.virtual = change(world.virtual, {"ephemeralContainers": wanted})
        world.settle()
        if world.context.unresolved(pod_references(world.virtual)):
            return  # it waits for the host name of what they refer to
        there = get_path(world.host or {}, "spec.ephemeralContainers")
        assert debugger in there
        assert {each["name"] for each in there} == {"hosts-own", *(each["name"] for each in wanted)}
        assert get_path(world.virtual or {}, "spec.ephemeralContainers") == wanted


@law
@given(world=living("pods"), hosts=RESOURCES, wanted=st.lists(RESOURCES, min_size=1, max_size=3))
def test_a_resize_is_sent_once_and_what_the_host_made_of_it_stays(
    world: World, hosts: Obj, wanted: list[Obj]
) -> None:
    if not running(world):
        return
    world.host = resized(world.host, hosts)  # the host's admission has its say
    assert down(world) == []
    for resources in wanted:
        world.virtual = resized(world.virtual, resources)
        world.settle()
        world.host = resized(world.host, hosts)
        assert down(world) == []


@law
@given(world=living("pods"), asked=RESOURCES, then=RESOURCES)
def test_what_a_resize_asks_for_arrives(world: World, asked: Obj, then: Obj) -> None:
    if not running(world):
        return
    for resources in (asked, then):
        before = sizes(world.virtual)
        world.virtual = resized(world.virtual, resources)
        world.settle()
        for place, size in sizes(world.virtual).items():
            if before.get(place) != size:
                assert same(sizes(world.host).get(place), size)


@law
@given(
    world=living("pods"),
    own=st.lists(st.one_of(st.none(), GATE), min_size=1, max_size=3),
    hosts=st.one_of(st.none(), GATE),
)
def test_readiness_gates_go_down_and_never_up(
    world: World, own: list[Obj | None], hosts: Obj | None
) -> None:
    if not running(world):
        return
    world.virtual = change(world.virtual, {"readinessGates": [{"conditionType": "gate"}]})
    world.settle()
    was_set = gate(world.virtual) is not None
    for condition in own:
        world.virtual = with_gate(world.virtual, condition)
        world.settle()
        assert gate(world.virtual) == condition
        if condition:
            told = gate(world.host) or {}
            assert all((told.get(key) or None) == (condition.get(key) or None) for key in TOLD)
            world.host = with_gate(world.host, hosts)
            world.settle()
            assert gate(world.virtual) == condition
            assert (gate(world.host) or {}).get("status") == condition["status"]
        elif was_set:
            assert gate(world.host) is None
        was_set = was_set or condition is not None


RULES = st.sampled_from(
    [None, NamespaceRules(), NamespaceRules(exact={"default": "theirs"}, only=True)]
)


@law
@given(virtual=virtuals("pods"), context=contexts("pods"), rules=RULES)
def test_no_selector_reaches_outside_the_virtual_cluster(
    virtual: Obj, context: Context, rules: NamespaceRules | None
) -> None:
    cluster = replace(context.cluster, namespaces=rules)
    spec = REGISTRY["pods"].translate(virtual, replace(context, cluster=cluster))["spec"]
    for term in [*terms(spec.get("affinity") or {}), *(spec.get(SPREAD) or ())]:
        if (selector := term.get("labelSelector")) is not None:
            assert selector["matchLabels"]["vcluster.loft.sh/managed-by"] == cluster.name
        assert rules is not None or not {"namespaces", "namespaceSelector"} & term.keys()
        assert set(term.get("namespaces") or ()) <= {
            certain_namespace(cluster, name) for name in ("default", "b")
        }
        if of_namespaces := term.get("namespaceSelector"):
            ours = {"vcluster.loft.sh/managed-by": managed_by(cluster, namespaced=False)}
            assert of_namespaces == {"matchLabels": ours}


SPREAD = "topologySpreadConstraints"
WHEN = "DuringSchedulingIgnoredDuringExecution"


def terms(affinity: Obj) -> list[Obj]:
    found = [affinity.get(key) or {} for key in ("podAffinity", "podAntiAffinity")]
    required = [term for each in found for term in each.get(f"required{WHEN}") or ()]
    preferred = [term for each in found for term in each.get(f"preferred{WHEN}") or ()]
    return required + [each["podAffinityTerm"] for each in preferred]


TOLD = ("status", "reason", "lastTransitionTime")


def running(world: World) -> bool:
    """Let the host pod run, if there is one."""
    if world.virtual is None or world.host is None:
        return False
    status = {**(world.host.get("status") or {}), "phase": "Running"}
    world.host = {**change(world.host, {}), "status": status}
    world.settle()
    return True


def change(obj: Obj | None, spec: Obj) -> Obj:
    """Someone changes the spec."""
    found = obj or {}
    version = {"resourceVersion": f"{meta(found).get('resourceVersion')}1"}
    return {
        **found,
        "metadata": {**meta(found), **version},
        "spec": {**(found.get("spec") or {}), **spec},
    }


def resized(obj: Obj | None, resources: Obj) -> Obj:
    first, *others = get_path(obj or {}, "spec.containers")
    return change(obj, {"containers": [{**first, "resources": resources}, *others]})


def down(world: World) -> list[Any]:
    return [each for each in world.writes() if isinstance(each, Patch) and each.side == "host"]


def sizes(obj: Obj | None) -> dict[tuple[str, str], Any]:
    resources = get_path(obj or {}, "spec.containers")[0].get("resources") or {}
    return {
        (part, key): size
        for part in ("requests", "limits")
        for key, size in (resources.get(part) or {}).items()
        if size is not None
    }


def same(one: Any, other: Any) -> bool:
    return str(one).replace("0.1", "100m") == str(other).replace("0.1", "100m")


def gate(obj: Obj | None) -> Obj | None:
    conditions = get_path(obj or {}, "status.conditions") or []
    return next((each for each in conditions if each["type"] == "gate"), None)


def with_gate(obj: Obj | None, condition: Obj | None) -> Obj:
    found = change(obj, {})
    conditions = get_path(found, "status.conditions") or []
    kept = [each for each in conditions if each["type"] != "gate"]
    kept += [condition] if condition else []
    return {**found, "status": {**(found.get("status") or {}), "conditions": kept}}
