"""NetworkPolicies with every form of peer."""

from hypothesis import strategies as st

from common.objects import Obj
from tests.property.selector_strategies import selectors
from tests.property.strategies import Strategy, metadata, optional

_BLOCK = st.fixed_dictionaries({"ipBlock": st.just({"cidr": "10.0.0.0/8"})})
PEERS = optional(podSelector=selectors(), namespaceSelector=selectors()) | _BLOCK
_PORTS = st.lists(optional(port=st.sampled_from([80, "http"]), endPort=st.just(90)), max_size=1)


def _rules(peers: str) -> Strategy[list[Obj]]:
    return st.lists(optional(**{peers: st.lists(PEERS, max_size=3), "ports": _PORTS}), max_size=2)


_SPEC = optional(
    podSelector=selectors(),
    ingress=_rules("from"),
    egress=_rules("to"),
    policyTypes=st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"], []]),
)
OBJECTS = st.fixed_dictionaries({"metadata": metadata(), "spec": st.none() | _SPEC})
