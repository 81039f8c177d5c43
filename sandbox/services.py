"""The life of a Service's address and node ports: asked for, carried over, given and taken back."""

from __future__ import annotations

from typing import Any, Final

from sandbox.addresses import IP_ADDRESSES, Addresses, node_ports
from sandbox.errors import Cause
from sandbox.objects import new_metadata
from sandbox.pod_defaults import fill
from sandbox.validation import wrong

Object = dict[str, Any]

HEADLESS: Final = "None"
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
    """Keeps what was given to the Service earlier when an update leaves it out, and drops what no longer applies."""
    spec, was = new["spec"], old["spec"]
    if spec["type"] in _WITH_ADDRESS and was["type"] in _WITH_ADDRESS:
        _keep_address(spec, was)
    elif spec["type"] == "ExternalName" and spec.get("clusterIP") == was.get("clusterIP"):
        for name in _ADDRESS_FIELDS:
            spec.pop(name, None)
    if spec["type"] in _WITH_PORTS:
        _keep_ports(spec, was)
    else:
        spec.pop("externalTrafficPolicy", None)
        for port in spec.get("ports") or ():
            if port.get("nodePort") in node_ports(old):
                del port["nodePort"]
    if spec["type"] != "LoadBalancer":
        spec.pop("allocateLoadBalancerNodePorts", None)


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


def check(service: Object, old: Object | None, addresses: Addresses) -> list[Cause]:
    """What the Service asks for and can't have."""
    spec = service["spec"]
    causes = addresses.check_ports(service, node_ports(old) if old else set())
    if "IPv6" in (spec.get("ipFamilies") or ())[:1]:
        causes.append(wrong("spec.ipFamilies[0]", "IPv6", "not configured on this cluster"))
    asked = spec.get("clusterIP")
    held = old["spec"].get("clusterIP") if old else None
    if spec["type"] in _WITH_ADDRESS and asked and asked not in (HEADLESS, held):
        cause = addresses.check_address(asked)
        causes += [cause] if cause else []
    return causes


def allocate(service: Object, addresses: Addresses) -> None:
    """Gives the Service what it needs and lacks."""
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
                port["nodePort"] = addresses.free_port()
            addresses.node_ports.add(port["nodePort"])


def _describe_address(spec: Object) -> None:
    spec["clusterIPs"] = [spec["clusterIP"]]
    if spec["clusterIP"] == HEADLESS and not spec.get("selector"):
        fill(spec, ipFamilies=["IPv4", "IPv6"], ipFamilyPolicy="RequireDualStack")
    fill(spec, ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack")


def record(new: Object | None, old: Object | None, addresses: Addresses) -> None:
    """Brings the IPAddress objects and the port set in line after a Service was stored or removed."""
    before, after = _address(old), _address(new)
    if before and before != after:
        item = addresses.storage.collection(IP_ADDRESSES).get("", before)
        if item:
            addresses.storage.remove(IP_ADDRESSES, item)
    if new and after and not addresses.taken(after):
        addresses.storage.put(IP_ADDRESSES, _ip_address(after, new["metadata"]))
    released = (node_ports(old) if old else set()) - (node_ports(new) if new else set())
    addresses.node_ports -= released


def _address(service: Object | None) -> str:
    address = (service or {"spec": {}})["spec"].get("clusterIP") or ""
    return "" if address == HEADLESS else address


def _ip_address(address: str, service: Object) -> Object:
    labels = {
        "ipaddress.kubernetes.io/ip-family": "IPv4",
        "ipaddress.kubernetes.io/managed-by": "ipallocator.k8s.io",
    }
    parent = {
        "group": "",
        "resource": "services",
        "namespace": service["namespace"],
        "name": service["name"],
    }
    return {"metadata": new_metadata(address, labels=labels), "spec": {"parentRef": parent}}
