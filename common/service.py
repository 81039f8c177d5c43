"""What other kinds must know of Services: which are never synced, and when one has settled."""

from typing import Any

from common.naming import PREFIX
from common.objects import Obj

# On a virtual Service whose API server refuses the host's address: that address.
HOST_CLUSTER_IP = f"{PREFIX}host-cluster-ip"
# On a virtual Service that is moving to the host's address: since when, and the spec to come.
MOVING = f"{PREFIX}moving"
# On a host Service that just lost its selector: the host's own endpoints must still go.
STALE_ENDPOINTS = f"{PREFIX}stale-endpoints"

_CONFIGURED = {
    ("default", "kubernetes"): "pods reach the virtual API server at networking.apiServiceIP",
    ("kube-system", "kube-dns"): "pods reach the virtual DNS at networking.dnsServiceIP",
}


def skip_service(namespace: str, name: str) -> str:
    """Why the Service of that name is never synced; "" when it is."""
    return _CONFIGURED.get((namespace, name), "")


def has_selector(service: Obj) -> bool:
    return bool((service.get("spec") or {}).get("selector"))


def with_node_ports(ports: list[Obj], source: list[Obj]) -> list[Obj]:
    """`ports` with the node ports that the same ports have in `source`."""
    allocated = {_port_key(port): port["nodePort"] for port in source if port.get("nodePort")}
    return [
        {**port, "nodePort": allocated[_port_key(port)]} if _port_key(port) in allocated else port
        for port in ports
    ]


def _port_key(port: Obj) -> tuple[Any, ...]:
    return port.get("port"), port.get("protocol") or "TCP", port.get("name")
