"""NetworkPolicies, PodDisruptionBudgets and PriorityClasses; selectors that stay at home."""

from __future__ import annotations

from typing import Final

from tests.chaos.expected.view import View
from tests.chaos.names import PREFIX, label_key, managed_by, namespace_label_key
from tests.chaos.objects import Obj, namespace_of

_HIGHEST: Final = 1_000_000_000


def confined(view: View, selector: Obj | None, namespace: str) -> Obj:
    """The same pods on the host: of one virtual namespace, or of all of them when it is ""."""
    found, tenant = selector or {}, view.tenant
    labels = {
        label_key(tenant, key): each for key, each in (found.get("matchLabels") or {}).items()
    }
    labels[f"{PREFIX}managed-by"] = tenant.name
    if namespace:
        labels[f"{PREFIX}namespace"] = namespace
    result: Obj = {"matchLabels": labels}
    if expressions := found.get("matchExpressions"):
        renamed = [{**each, "key": label_key(tenant, each["key"])} for each in expressions]
        result["matchExpressions"] = renamed
    return result


def of_namespaces(view: View, selector: Obj | None, namespaces: Obj) -> Obj:
    """The same pods of all virtual namespaces that `namespaces` selects."""
    result, tenant = confined(view, selector, ""), view.tenant
    for key, value in (namespaces.get("matchLabels") or {}).items():
        result["matchLabels"][namespace_label_key(tenant, key)] = value
    for each in namespaces.get("matchExpressions") or ():
        renamed = {**each, "key": namespace_label_key(tenant, each["key"])}
        result.setdefault("matchExpressions", []).append(renamed)
    return result


def own_namespaces(view: View) -> Obj | None:
    """With namespace sync a selector of pods needs one of namespaces beside it: all of ours."""
    if view.tenant.mappings is None:
        return None
    return {"matchLabels": {f"{PREFIX}managed-by": managed_by(view.tenant, namespaced=False)}}


def network_policy(view: View, virtual: Obj) -> Obj:
    spec, namespace = dict(virtual["spec"]), namespace_of(virtual)
    spec["podSelector"] = confined(view, spec.get("podSelector"), namespace)
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        if rules := spec.get(direction):
            spec[direction] = [
                {**rule, peers: [_peer(view, each, namespace) for each in rule.get(peers) or ()]}
                for rule in rules
            ]
    return {"spec": spec}


def _peer(view: View, peer: Obj, namespace: str) -> Obj:
    if peer.get("ipBlock"):
        return peer
    selector, namespaces = peer.get("podSelector"), peer.get("namespaceSelector")
    if namespaces is None:
        return {"podSelector": confined(view, selector, namespace)}
    found = {"podSelector": of_namespaces(view, selector, namespaces)}
    return {**found, "namespaceSelector": own_namespaces(view)}


def budget(view: View, virtual: Obj) -> Obj:
    spec = dict(virtual["spec"])
    spec["selector"] = confined(view, spec.get("selector"), namespace_of(virtual))
    return {"spec": spec}


def priority_class(_view: View, virtual: Obj) -> Obj:
    return {
        "value": min(int(virtual.get("value") or 0), _HIGHEST),
        "preemptionPolicy": virtual.get("preemptionPolicy") or "PreemptLowerPriority",
        "description": virtual.get("description"),
    }


def priority_class_of(host: Obj) -> Obj:
    keys = ("value", "preemptionPolicy", "description", "globalDefault")
    return {key: host.get(key) for key in keys}
