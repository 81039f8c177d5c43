"""What is refused of Services, Ingresses and NetworkPolicies."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Any, Final

from sandbox.errors import Cause
from sandbox.kinds.reasons import check_choice, duplicate, refused, required, wrong

Object = dict[str, Any]

_NO_ADDRESS: Final = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_PATH_TYPES: Final = ("Exact", "ImplementationSpecific", "Prefix")


def validate_service(service: Object) -> Iterator[Cause]:
    spec = service["spec"]
    headless = spec.get("clusterIP") == "None"
    if spec["type"] == "ExternalName":
        if not spec.get("externalName"):
            yield required("spec.externalName")
    elif not spec.get("ports") and not headless:
        yield required("spec.ports")
    ports = spec.get("ports") or ()
    for index, port in enumerate(ports):
        yield from _validate_port(f"spec.ports[{index}]", port, named=len(ports) > 1)
        if any(_same_port(port, other) for other in ports[:index]):
            yield duplicate(f"spec.ports[{index}]")
    types = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
    yield from check_choice(spec, "spec", "type", types)
    balancer = (service.get("status") or {}).get("loadBalancer") or {}
    if balancer.get("ingress") and spec["type"] != "LoadBalancer":
        why = "may only be used when `spec.type` is 'LoadBalancer'"
        yield refused("status.loadBalancer.ingress", why)


def _validate_port(field: str, port: Object, *, named: bool) -> Iterator[Cause]:
    if named and not port.get("name"):
        yield required(f"{field}.name")
    for name in ("port", "targetPort"):
        number = port.get(name)
        if isinstance(number, int) and not 1 <= number <= 65535:
            yield wrong(f"{field}.{name}", number, "must be between 1 and 65535, inclusive")


def _same_port(one: Object, other: Object) -> bool:
    return (one["port"], one["protocol"]) == (other["port"], other["protocol"])


def validate_ingress(ingress: Object) -> Iterator[Cause]:
    spec = ingress["spec"]
    if not spec.get("defaultBackend") and not spec.get("rules"):
        yield wrong("spec", None, "either `defaultBackend` or `rules` must be specified")
    if spec.get("defaultBackend"):
        yield from _validate_backend("spec.defaultBackend", spec["defaultBackend"])
    for number, rule in enumerate(spec.get("rules") or ()):
        for index, path in enumerate((rule.get("http") or {}).get("paths") or ()):
            yield from _validate_path(f"spec.rules[{number}].http.paths[{index}]", path)
    points = (ingress["status"].get("loadBalancer") or {}).get("ingress") or ()
    for index, point in enumerate(points):
        if point.get("ip") and not _is_address(point["ip"]):
            yield wrong(f"status.loadBalancer.ingress[{index}].ip", point["ip"], _NO_ADDRESS)


def _validate_path(field: str, path: Object) -> Iterator[Cause]:
    type_, given = path.get("pathType"), path.get("path") or ""
    if not type_:
        yield required(f"{field}.pathType", "pathType must be specified")
    yield from check_choice(path, field, "pathType", _PATH_TYPES)
    free = type_ == "ImplementationSpecific" and not given
    if type_ and not free and not given.startswith("/"):
        yield wrong(f"{field}.path", given, "must be an absolute path")
    yield from _validate_backend(f"{field}.backend", path.get("backend") or {})


def _validate_backend(field: str, backend: Object) -> Iterator[Cause]:
    service = backend.get("service")
    if service and backend.get("resource"):
        yield wrong(field, "", "cannot set both resource and service backends")
    elif service and not service.get("name"):
        yield required(f"{field}.service.name")
    elif service and not (service.get("port") or {}):
        yield required(field, "port name or number is required")


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def validate_network_policy(policy: Object) -> Iterator[Cause]:
    for way, peers in (("ingress", "from"), ("egress", "to")):
        for number, rule in enumerate(policy["spec"].get(way) or ()):
            for index, peer in enumerate(rule.get(peers) or ()):
                yield from _validate_peer(f"spec.{way}[{number}].{peers}[{index}]", peer)


def _validate_peer(field: str, peer: Object) -> Iterator[Cause]:
    if not peer:
        yield required(field, "must specify a peer")
    elif "ipBlock" in peer and len(peer) > 1:
        yield refused(field, "may not specify both ipBlock and another peer")
