"""Services, their endpoints, and Ingresses."""

from __future__ import annotations

from typing import Any, Final

from tests.chaos.expected.view import View
from tests.chaos.names import PREFIX, host_name, label_key
from tests.chaos.objects import Obj, namespace_of

_SERVICE_FIELDS: Final = (
    "type",
    "externalName",
    "sessionAffinity",
    "sessionAffinityConfig",
    "externalTrafficPolicy",
    "internalTrafficPolicy",
    "publishNotReadyAddresses",
    "allocateLoadBalancerNodePorts",
)


def service(view: View, virtual: Obj) -> Obj:
    found = service_of(virtual)
    if selector := virtual["spec"].get("selector"):
        renamed = {label_key(view.tenant, key): each for key, each in selector.items()}
        ours = {
            f"{PREFIX}managed-by": view.tenant.name,
            f"{PREFIX}namespace": namespace_of(virtual),
        }
        found["selector"] = renamed | ours
    return found


def service_of(obj: Obj) -> Obj:
    """Addresses and node ports are the host's to choose."""
    spec = obj["spec"]
    found = {key: spec.get(key) for key in _SERVICE_FIELDS}
    if spec.get("type") == "ExternalName":
        del found["internalTrafficPolicy"]
    ports = [{k: v for k, v in port.items() if k != "nodePort"} for port in spec.get("ports") or ()]
    headless = spec.get("clusterIP") == "None"
    return {**found, "ports": ports, "selector": spec.get("selector"), "headless": headless}


def endpoints(_view: View, virtual: Obj) -> Obj:
    return endpoints_of(virtual)


def endpoints_of(obj: Obj) -> Obj:
    return {"subsets": obj.get("subsets")}


def endpointslice(_view: View, virtual: Obj) -> Obj:
    return slice_of(virtual)


def slice_of(obj: Obj) -> Obj:
    return {key: obj.get(key) for key in ("addressType", "endpoints", "ports")}


def ingress(view: View, virtual: Obj) -> Obj:
    spec, namespace = dict(virtual["spec"]), namespace_of(virtual)

    def renamed(name: str) -> str:
        return host_name(view.tenant, namespace, name)

    def backend(found: Obj) -> Obj:
        named = {**found["service"], "name": renamed(found["service"]["name"])}
        return {**found, "service": named}

    def rule(found: Obj) -> Obj:
        paths: list[Any] = found["http"]["paths"]
        told = [{**path, "backend": backend(path["backend"])} for path in paths]
        return {**found, "http": {"paths": told}}

    if spec.get("defaultBackend"):
        spec["defaultBackend"] = backend(spec["defaultBackend"])
    spec["rules"] = [rule(each) for each in spec.get("rules") or ()]
    spec["tls"] = [
        {**each, "secretName": renamed(each["secretName"])} for each in spec.get("tls") or ()
    ]
    return {"spec": spec}
