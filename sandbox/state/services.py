"""The life of a Service's address and node ports: asked for, carried over, given and taken back."""

from __future__ import annotations

from typing import Any, Final

from sandbox.errors import Cause
from sandbox.kinds.pod_defaults import fill
from sandbox.kinds.reasons import wrong
from sandbox.objects import new_metadata
from sandbox.state.addresses import IP_ADDRESSES, Addresses, node_ports

Object = dict[str, Any]

HEADLESS: Final = "None"
_SINGLE_STACK: Final = "this cluster is not configured for dual-stack services"
_WITH_ADDRESS: Final = ("ClusterIP", "NodePort", "LoadBalancer")
_WITH_PORTS: Final = ("NodePort", "LoadBalancer")
_ADDRESS_FIELDS: Final = (
    "clusterIP",
    "clusterIPs",
    "ipFamilies",
    "ipFamilyPolicy",
    "internalTrafficPolicy",
)


def carry_over(new: Object, old: Object) -> None:
    """Keeps what was given to the Service earlier when an update leaves it out, and drops what no
    longer applies.
    """
    spec, was = new["spec"], old["spec"]
    if spec["type"] in _WITH_ADDRESS and was["type"] in _WITH_ADDRESS:
        _keep_address(spec, was)
    elif spec["type"] == "ExternalName" and spec.get("clusterIP") in (None, was.get("clusterIP")):
        for name in _ADDRESS_FIELDS:
            spec.pop(name, None)
    if spec["type"] in _WITH_PORTS:
        _keep_ports(spec, was)
    else:
        if not spec.get("externalIPs"):
            spec.pop("externalTrafficPolicy", None)
        for port in spec.get("ports") or ():
            if port.get("nodePort") in node_ports(old):
                del port["nodePort"]
    if spec["type"] != "LoadBalancer":
        spec.pop("allocateLoadBalancerNodePorts", None)
        spec.pop("healthCheckNodePort", None)
        if new.get("status") == old.get("status"):
            new["status"] = {"loadBalancer": {}}


def _keep_address(spec: Object, was: Object) -> None:
    """`clusterIP` is `clusterIPs[0]`; whichever of the two was changed wins."""
    fill(spec, clusterIP=was.get("clusterIP"), clusterIPs=was.get("clusterIPs"))
    if spec["clusterIP"] != was.get("clusterIP"):
        spec["clusterIPs"] = [spec["clusterIP"]]
    fill(spec, ipFamilies=was.get("ipFamilies"), ipFamilyPolicy=was.get("ipFamilyPolicy"))


def _keep_ports(spec: Object, was: Object) -> None:
    given = {
        (port.get("protocol"), port["port"]): port.get("nodePort")
        for port in was.get("ports") or ()
    }
    for port in spec.get("ports") or ():
        before = given.get((port.get("protocol"), port.get("port")))
        if before and not port.get("nodePort"):
            port["nodePort"] = before


def check(
    service: Object, old: Object | None, addresses: Addresses, *, dry_run: bool
) -> list[Cause]:
    """What the Service asks for and can't have."""
    spec = service["spec"]
    causes = addresses.check_ports(service, node_ports(old) if old else set())
    if "IPv6" in (spec.get("ipFamilies") or ())[:1]:
        causes.append(wrong("spec.ipFamilies[0]", "IPv6", "not configured on this cluster"))
    headless = spec.get("clusterIP") == HEADLESS
    if spec.get("ipFamilyPolicy") == "RequireDualStack" and not headless:
        causes.append(wrong("spec.ipFamilyPolicy", "RequireDualStack", _SINGLE_STACK))
    asked = spec.get("clusterIP")
    held = old["spec"].get("clusterIP") if old else None
    if spec["type"] in _WITH_ADDRESS and asked and asked not in (HEADLESS, held):
        cause = addresses.check_address(asked, dry_run=dry_run)
        causes += [cause] if cause else []
    return causes


def allocate(service: Object, addresses: Addresses) -> None:
    """Gives the Service what it needs and lacks; `record` makes it final."""
    spec = service["spec"]
    if spec["type"] in _WITH_ADDRESS:
        if not spec.get("clusterIP"):
            spec["clusterIP"] = addresses.free_address()
        _describe_address(spec)
    if spec["type"] == "NodePort" or (
        spec["type"] == "LoadBalancer" and spec["allocateLoadBalancerNodePorts"]
    ):
        for port in spec.get("ports") or ():
            if not port.get("nodePort"):
                port["nodePort"] = addresses.free_port(besides=node_ports(service))

    if spec["type"] == "LoadBalancer" and spec["externalTrafficPolicy"] == "Local":
        fill(spec, healthCheckNodePort=addresses.free_port(besides=node_ports(service)))


def _describe_address(spec: Object) -> None:
    spec["clusterIPs"] = [spec["clusterIP"]]
    if spec["clusterIP"] == HEADLESS and not spec.get("selector"):
        fill(spec, ipFamilies=["IPv4", "IPv6"], ipFamilyPolicy="RequireDualStack")
    fill(spec, ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")


def record(new: Object | None, old: Object | None, addresses: Addresses) -> None:
    """Brings IPAddress objects and ports in line after a Service was stored or removed."""
    before, after = _address(old), _address(new)
    if before and before != after:
        item = addresses.storage.collection(IP_ADDRESSES).get("", before)
        if item:
            addresses.storage.remove(IP_ADDRESSES, item)
    if new and after and not addresses.taken(after):
        addresses.storage.put(IP_ADDRESSES, _ip_address(after, new["metadata"]))
    addresses.node_ports -= node_ports(old) if old else set()
    addresses.node_ports |= node_ports(new) if new else set()


def _address(service: Object | None) -> str:
    address = (service or {"spec": {}})["spec"].get("clusterIP") or ""
    return "" if address == HEADLESS else address


def _ip_address(address: str, service: Object) -> Object:
    labels = {
        "ipaddress.kubernetes.io/ip-family": "IPv4",
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
    }
    parent = {
        "resource": "services",
        "namespace": service["namespace"],
        "name": service["name"],
    }
    return {"metadata": new_metadata(address, labels=labels), "spec": {"parentRef": parent}}
