"""Cluster IPs and node ports of Services.

An address in use is an IPAddress object and a range is a ServiceCIDR object, as in a real API
server, so both can be looked at and a range can be added while it runs.
"""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.errors import Cause
from sandbox.kinds.reasons import wrong
from sandbox.state.storage import Storage

Object = dict[str, Any]
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

IP_ADDRESSES: Final = "ipaddresses.networking.k8s.io"
SERVICE_CIDRS: Final = "servicecidrs.networking.k8s.io"
NODE_PORTS: Final = range(30000, 32768)
_NOT_AN_IP: Final = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
_FAILED: Final = "failed to allocate IP"


@dataclass(slots=True)
class Addresses:
    """Knows which addresses and node ports are free; `random` makes runs repeatable when seeded."""

    storage: Storage
    random: random.Random = field(default_factory=random.Random)
    node_ports: set[int] = field(default_factory=set)

    def networks(self) -> list[Network]:
        """All ranges, the largest first."""
        return sorted(self._networks(), key=lambda network: -network.num_addresses)

    def _networks(self) -> Iterator[Network]:
        for item in self.storage.collection(SERVICE_CIDRS).items():
            for cidr in item.obj["spec"].get("cidrs") or ():
                yield ipaddress.ip_network(cidr)

    def taken(self, address: str) -> bool:
        return self.storage.collection(IP_ADDRESSES).get("", address) is not None

    def check_address(self, asked: str, *, dry_run: bool) -> Cause | None:
        """Why a Service can't have the address it asks for, or None when it can.

        The real server has other words for it in a dry run, in which it names its first range.
        """
        try:
            address = ipaddress.ip_address(asked)
        except ValueError:
            return wrong("spec.clusterIPs[0]", asked, _NOT_AN_IP)
        if not any(_usable(address, network) for network in self.networks()):
            why = "the provided network does not match the current range"
            if dry_run:
                why = f"the provided IP ({asked}) is not in the valid range. "
                why += f"The range of valid IPs is {self.networks()[0]}"
            return wrong("spec.clusterIPs", [asked], f"{_FAILED} {asked}: {why}")
        if self.taken(asked):
            return wrong(
                "spec.clusterIPs", [asked], f"{_FAILED} {asked}: provided IP is already allocated"
            )
        return None

    def free_address(self) -> str | None:
        """A free address at random, or None when all ranges are full."""
        for network in self.networks():
            size = network.num_addresses - 2
            start = self.random.randrange(size)
            for offset in range(size):
                address = str(network.network_address + 1 + (start + offset) % size)
                if not self.taken(address):
                    return address
        return None

    def check_ports(self, service: Object, held: set[int]) -> list[Cause]:
        """Which of the node ports asked for can't be had.

        `held` are those the Service has already.
        """
        causes = []
        for index, port in enumerate(service["spec"].get("ports") or ()):
            asked = port.get("nodePort")
            name = f"spec.ports[{index}].nodePort"
            if not asked or asked in held:
                continue
            if asked not in NODE_PORTS:
                low, high = NODE_PORTS[0], NODE_PORTS[-1]
                why = "provided port is not in the valid range. "
                why += f"The range of valid ports is {low}-{high}"
                causes.append(wrong(name, asked, why))
            elif asked in self.node_ports:
                causes.append(wrong(name, asked, "provided port is already allocated"))
        return causes

    def free_port(self, besides: set[int]) -> int:
        start = self.random.randrange(len(NODE_PORTS))
        rotated = (NODE_PORTS[(start + step) % len(NODE_PORTS)] for step in range(len(NODE_PORTS)))
        return next(port for port in rotated if port not in self.node_ports | besides)


def _usable(address: Address, network: Network) -> bool:
    """The first and the last address of a range are nobody's."""
    ends = (network.network_address, network.broadcast_address)
    return address in network and address not in ends


def node_ports(service: Object) -> set[int]:
    """All ports of the nodes that lead to the Service."""
    spec = service["spec"]
    ports = {port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")}
    health = spec.get("healthCheckNodePort")
    return ports | {health} if health else ports
