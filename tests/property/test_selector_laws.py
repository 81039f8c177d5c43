"""Host selectors select the host pods of exactly those virtual pods that were selected, and never
a pod of another virtual cluster."""

from hypothesis import given
from hypothesis import strategies as st

from common.cluster import Cluster, NamespaceRules
from common.context import Context, Related
from common.kinds import REGISTRY
from common.metadata import marks
from common.naming import PREFIX, host_namespace
from common.objects import Obj
from tests.property.examples import law
from tests.property.kinds import KINDS
from tests.property.kinds.networkpolicies import PEERS
from tests.property.selector_strategies import BORNE, selectors, selects
from tests.property.strategies import CLUSTERS

# A pod's labels below our prefix never reach the host, so nothing is selected by them.
PODS = BORNE.map(lambda borne: {k: borne[k] for k in borne if not k.startswith(PREFIX)})
NAMESPACES = st.sampled_from(["default", "other"])
EVERY_CLUSTER = CLUSTERS | st.just(
    Cluster("v", "h", enabled=frozenset(REGISTRY), namespaces=NamespaceRules())
)


def host_labels(cluster: Cluster, namespace: str, own: Obj, of_namespace: Obj) -> dict[str, str]:
    """What a virtual pod's host pod bears."""
    related = Related(namespace={"metadata": {"name": namespace, "labels": of_namespace}})
    pod = {"metadata": {"name": "p", "namespace": namespace, "labels": own}}
    return marks(REGISTRY["pods"], pod, Context(cluster, related))[0]


def policy(peer: Obj, own: Obj | None) -> Obj:
    spec = {"podSelector": own, "ingress": [{"from": [peer]}]}
    return {"metadata": {"name": "np", "namespace": "default"}, "spec": spec}


def translated(cluster: Cluster, peer: Obj, own: Obj | None = None) -> tuple[Obj, Obj]:
    """The policy's own selector and its one peer."""
    spec = REGISTRY["networkpolicies"].translate(policy(peer, own), Context(cluster))["spec"]
    return spec["podSelector"], spec["ingress"][0]["from"][0]


def reaches(cluster: Cluster, peer: Obj, namespace: str, pod: dict[str, str]) -> bool:
    """Whether the host's peer selects a host pod, by the namespaces that both are in."""
    if "podSelector" not in peer:
        return False
    together = host_namespace(cluster, namespace) == host_namespace(cluster, "default")
    return ("namespaceSelector" in peer or together) and selects(peer["podSelector"], pod)


@law
@given(EVERY_CLUSTER, PEERS, NAMESPACES, PODS, BORNE)
def test_a_peer_selects_the_same_pods_as_before(
    cluster: Cluster, peer: Obj, namespace: str, own: Obj, of_namespace: Obj
) -> None:
    by_pod, by_namespace = peer.get("podSelector"), peer.get("namespaceSelector")
    placed = namespace == "default" if by_namespace is None else selects(by_namespace, of_namespace)
    before = "ipBlock" not in peer and placed and selects(by_pod or {}, own)
    pod = host_labels(cluster, namespace, own, of_namespace)
    assert reaches(cluster, translated(cluster, peer)[1], namespace, pod) is before


@law
@given(EVERY_CLUSTER, st.none() | selectors(), NAMESPACES, PODS)
def test_a_policy_is_about_the_same_pods_as_before(
    cluster: Cluster, selector: Obj | None, namespace: str, own: Obj
) -> None:
    made, _ = translated(cluster, {"ipBlock": {"cidr": "10.0.0.0/8"}}, selector)
    before = namespace == "default" and selects(selector or {}, own)
    assert selects(made, host_labels(cluster, namespace, own, {})) is before


@law
@given(CLUSTERS, PEERS, selectors(), NAMESPACES, BORNE, BORNE)
def test_no_selector_of_a_policy_reaches_another_virtual_cluster(
    cluster: Cluster, peer: Obj, own: Obj, namespace: str, pod: Obj, of_namespace: Obj
) -> None:
    other = Cluster("other", cluster.host_namespace, cluster.name_format)
    borne = host_labels(other, namespace, pod, of_namespace)
    mine, theirs = translated(cluster, peer, own)
    assert not selects(mine, borne)
    assert not reaches(cluster, theirs, namespace, borne)


@law
@given(CLUSTERS, KINDS["poddisruptionbudgets"], NAMESPACES, PODS)
def test_a_budget_counts_the_same_pods_as_before(
    cluster: Cluster, budget: Obj, namespace: str, own: Obj
) -> None:
    selector = (budget.get("spec") or {}).get("selector")
    budget = {**budget, "metadata": {**budget["metadata"], "namespace": "default"}}
    made = REGISTRY["poddisruptionbudgets"].translate(budget, Context(cluster))["spec"]
    before = selector is not None and namespace == "default" and selects(selector, own)
    pod = host_labels(cluster, namespace, own, {})
    assert ("selector" in made and selects(made["selector"], pod)) is before
