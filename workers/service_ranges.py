"""Which of the host's service addresses the virtual API server is known to take.

It takes those of a range, so a Service that got one of them proves it for the others of the
host's same range; for a while, as a ServiceCIDR may be taken away.
"""

import asyncio
import time
from collections.abc import Callable, Collection
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from common.errors import ApiError
from common.kube.client import KubeClient

SERVICE_CIDRS = "/apis/networking.k8s.io/v1/servicecidrs"
KEPT_S = 60.0
Network: TypeAlias = IPv4Network | IPv6Network


class ServiceRanges:
    """Of one virtual cluster. `cidrs`: the host's ranges when it was asked last, none when it
    doesn't tell. `clock` gives seconds, any start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.cidrs: tuple[str, ...] = ()
        self._clock = clock
        self._asked_at = float("-inf")
        self._proven: dict[Network, float] = {}
        self._lock = asyncio.Lock()

    async def ask(self, host: KubeClient) -> None:
        """Ask the host for its ranges, unless that was just done. Raises RetryError."""
        async with self._lock:
            now_s = self._clock()
            if now_s - self._asked_at < KEPT_S:
                return
            try:
                found = await host.request("GET", f"{SERVICE_CIDRS}/kubernetes")
            except ApiError:
                found = {}
            self.cidrs = tuple((found.get("spec") or {}).get("cidrs") or ())
            self._asked_at = now_s

    def prove(self, addresses: Collection[str]) -> None:
        """The virtual API server took these."""
        now_s = self._clock()
        for cidr in self.cidrs:
            network = ip_network(cidr, strict=False)
            if any(ip_address(each) in network for each in addresses):
                self._proven[network] = now_s

    def doubt(self) -> None:
        """It refused one."""
        self._proven.clear()

    def are_proven(self, addresses: Collection[str]) -> bool:
        """Whether it takes all of these, unless another Service has them."""
        since_s = self._clock() - KEPT_S
        fresh = [network for network, at_s in self._proven.items() if at_s > since_s]
        return all(any(ip_address(each) in network for network in fresh) for each in addresses)
