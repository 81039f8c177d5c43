"""Services and their endpoints, Ingresses, NetworkPolicies."""

from __future__ import annotations

from random import Random

from tests.chaos.objects import Obj, at
from tests.chaos.templates.template import NAMES, Patch, Place, Template, named

_INGRESS_SECRET = "nginx.ingress.kubernetes.io/auth-secret"


def _service(chance: Random, place: Place) -> Obj:
    spec: Obj = {"ports": _ports(chance), "selector": {"app": chance.choice(NAMES)}}
    match chance.randrange(10):
        case 0:
            spec = {"type": "ExternalName", "externalName": "elsewhere.example.com"}
        case 1:
            spec["clusterIP"] = "None"
        case 2:
            spec["type"] = "NodePort"
        case 3:
            spec["type"] = "LoadBalancer"
        case 4 | 5 | 6:
            del spec["selector"]
    return named(chance, place, spec=spec)


def _ports(chance: Random) -> list[Obj]:
    numbers = chance.sample((80, 443, 8080), chance.choice((1, 1, 2)))
    return [{"name": f"p{number}", "port": number, "protocol": "TCP"} for number in numbers]


def _edit_service(chance: Random, service: Obj) -> Patch | None:
    spec = service["spec"]
    if spec.get("type") == "ExternalName":
        return Patch({"spec": {"externalName": f"e{chance.randrange(9)}.example.com"}})
    match chance.randrange(4):
        case 0:
            selector = {"app": chance.choice(NAMES)}
            return Patch({"spec": {"selector": None if spec.get("selector") else selector}})
        case 1:
            return Patch({"spec": {"selector": {"app": chance.choice(NAMES)}}})
        case 2:
            return Patch({"spec": {"sessionAffinity": chance.choice(("None", "ClientIP"))}})
    return Patch({"spec": {"ports": _ports(chance)}})


def _spoil_service(chance: Random, _service: Obj) -> Patch:
    if chance.random() < 0.5:
        return Patch({"spec": {"selector": {"app": "spoiled"}}})
    return Patch({"metadata": {"labels": {"app": "spoiled"}}})


def _report_service(chance: Random, service: Obj) -> Patch | None:
    if at(service, "spec.type") != "LoadBalancer":
        return None
    return _balanced(chance)


def _endpoints(chance: Random, place: Place) -> Obj:
    return named(chance, place, subsets=_subsets(chance))


def _subsets(chance: Random) -> list[Obj]:
    addresses = [{"ip": f"192.0.2.{chance.randrange(1, 250)}"}]
    return [{"addresses": addresses, "ports": [{"name": "p80", "port": 80, "protocol": "TCP"}]}]


def _edit_endpoints(chance: Random, _obj: Obj) -> Patch:
    return Patch({"subsets": _subsets(chance)})


def _slice(chance: Random, place: Place) -> Obj:
    found = named(chance, place, addressType="IPv4", endpoints=_slice_endpoints(chance))
    found["ports"] = [{"name": "p80", "port": 80, "protocol": "TCP"}]
    found["metadata"]["labels"]["kubernetes.io/service-name"] = chance.choice(NAMES)
    return found


def _slice_endpoints(chance: Random) -> list[Obj]:
    address = f"192.0.2.{chance.randrange(1, 250)}"
    return [{"addresses": [address], "conditions": {"ready": chance.random() < 0.7}}]


def _edit_slice(chance: Random, _obj: Obj) -> Patch:
    if chance.random() < 0.2:
        label = {"kubernetes.io/service-name": chance.choice(NAMES)}
        return Patch({"metadata": {"labels": label}})
    return Patch({"endpoints": _slice_endpoints(chance)})


def _spoil_slice(chance: Random, _obj: Obj) -> Patch:
    return Patch({"endpoints": [{"addresses": ["192.0.2.254"], "conditions": {"ready": True}}]})


def _ingress(chance: Random, place: Place) -> Obj:
    host = f"{place.name}.{place.namespace}.{place.tenant}.example.com"
    paths = [{"path": "/", "pathType": "Prefix", "backend": _backend(chance)}]
    spec: Obj = {"rules": [{"host": host, "http": {"paths": paths}}]}
    if chance.random() < 0.5:
        spec["tls"] = [{"hosts": [host], "secretName": chance.choice(NAMES)}]
    if chance.random() < 0.3:
        spec["defaultBackend"] = _backend(chance)
    if chance.random() < 0.5:
        spec["ingressClassName"] = "nginx"
    found = named(chance, place, spec=spec)
    if chance.random() < 0.3:
        found["metadata"].setdefault("annotations", {})[_INGRESS_SECRET] = chance.choice(NAMES)
    return found


def _backend(chance: Random) -> Obj:
    return {"service": {"name": chance.choice(NAMES), "port": {"number": 80}}}


def _edit_ingress(chance: Random, ingress: Obj) -> Patch:
    match chance.randrange(3):
        case 0:
            return Patch({"spec": {"defaultBackend": _backend(chance)}})
        case 1:
            entry = {"hosts": ["x.example.com"], "secretName": chance.choice(NAMES)}
            return Patch({"spec": {"tls": chance.choice((None, [entry]))}})
    return Patch({"spec": {"ingressClassName": chance.choice((None, "nginx", "other"))}})


def _spoil_ingress(_chance: Random, _obj: Obj) -> Patch:
    return Patch({"spec": {"tls": [{"hosts": ["evil.example.com"], "secretName": "theirs"}]}})


def _balanced(chance: Random, _obj: Obj | None = None) -> Patch:
    address = {"ip": f"198.51.100.{chance.randrange(1, 250)}"}
    return Patch({"status": {"loadBalancer": {"ingress": [address]}}}, "status")


def _policy(chance: Random, place: Place) -> Obj:
    spec: Obj = {"podSelector": {"matchLabels": {"app": chance.choice(NAMES)}}}
    spec["ingress"] = [{"from": [_peer(chance)], "ports": [{"port": 80, "protocol": "TCP"}]}]
    spec["policyTypes"] = ["Ingress"]
    if chance.random() < 0.3:
        spec["egress"] = [{"to": [_peer(chance)]}]
        spec["policyTypes"] = ["Ingress", "Egress"]
    return named(chance, place, spec=spec)


def _peer(chance: Random) -> Obj:
    match chance.randrange(4):
        case 0:
            return {"ipBlock": {"cidr": "192.0.2.0/24"}}
        case 1:
            return {"namespaceSelector": {"matchLabels": {"team": "x"}}}
        case 2:
            of_namespaces = {"matchExpressions": [{"key": "team", "operator": "Exists"}]}
            return {"podSelector": {}, "namespaceSelector": of_namespaces}
    return {"podSelector": {"matchLabels": {"release": "stable"}}}


def _edit_policy(chance: Random, _obj: Obj) -> Patch:
    return Patch({"spec": {"ingress": [{"from": [_peer(chance)]}]}})


def _spoil_policy(_chance: Random, _obj: Obj) -> Patch:
    return Patch({"spec": {"podSelector": {"matchLabels": None}}})


TEMPLATES = (
    Template("services", _service, _edit_service, _spoil_service, _report_service, weight=2.5),
    Template("endpoints", _endpoints, _edit_endpoints, weight=0.8),
    Template("endpointslices", _slice, _edit_slice, _spoil_slice, weight=0.8),
    Template("ingresses", _ingress, _edit_ingress, _spoil_ingress, _balanced),
    Template("networkpolicies", _policy, _edit_policy, _spoil_policy),
)
