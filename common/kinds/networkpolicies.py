"""NetworkPolicies: what selects pods selects the same pods on the host, and no one else's."""

from common.confinement import confined, confined_by_labels
from common.context import Context
from common.kind import Doc, Kind
from common.metadata import MANAGED_BY
from common.naming import managed_by
from common.objects import Obj, namespace_of

_PEERS = {"ingress": "from", "egress": "to"}
_SELECTORS = ("podSelector", "namespaceSelector")


def _translate(virtual: Obj, context: Context) -> Obj:
    own: Obj = virtual.get("spec") or {}
    namespace = namespace_of(virtual)
    spec: Obj = {
        "podSelector": confined(context.cluster, own.get("podSelector"), namespace),
        "policyTypes": own.get("policyTypes") or _policy_types(own),
    }
    for direction, peers in _PEERS.items():
        if own.get(direction):
            spec[direction] = [_rule(rule, peers, namespace, context) for rule in own[direction]]
    return {"spec": spec}


def _policy_types(spec: Obj) -> list[str]:
    """What API servers take it for when it says nothing."""
    return ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]


def _rule(rule: Obj | None, peers: str, namespace: str, context: Context) -> Obj:
    """Without peers a rule is about everyone, on the host too."""
    result = {key: value for key, value in (rule or {}).items() if value is not None}
    if found := result.get(peers):
        result[peers] = [_peer(each or {}, namespace, context) for each in found]
    return result


def _peer(peer: Obj, namespace: str, context: Context) -> Obj:
    """What used to select by namespace selects by the labels that pods bear of their namespace."""
    cluster, pods = context.cluster, peer.get("podSelector")
    result = {
        key: value for key, value in peer.items() if key not in _SELECTORS and value is not None
    }
    of_namespaces = peer.get("namespaceSelector")
    if peer.get("ipBlock"):
        return result
    if of_namespaces is None:
        return {**result, "podSelector": confined(cluster, pods, namespace)}
    result["podSelector"] = confined_by_labels(cluster, pods, of_namespaces)
    if cluster.namespaces is not None:  # its pods live in several host namespaces
        ours = managed_by(cluster, namespaced=False)
        result["namespaceSelector"] = {"matchLabels": {MANAGED_BY: ours}}
    return result


KIND = Kind(
    plural="networkpolicies",
    kind="NetworkPolicy",
    group="networking.k8s.io",
    option="networkPolicies",
    translate=_translate,
    owned=("spec.podSelector", "spec.policyTypes", "spec.ingress", "spec.egress"),
    doc=Doc(
        down="spec",
        translated="pod selectors are confined to the virtual cluster and namespace; namespace"
        " selectors become pod selectors",
    ),
)
