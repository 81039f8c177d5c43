"""How many keys a worker has in hand, and of which virtual cluster it may take one more.

A virtual cluster that is slow to answer holds its keys for long. Were there no bound, its keys
would soon be all that the worker has in hand, and the others would wait for them.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from common.kube.circuit_breaker import CircuitBreaker
from common.workqueue.turns import Admits

AMPLE = 2.0
"""A cluster may have as many keys in hand as this times what is free: two thirds of the room when
it is alone at work, and some of it stays free for those that come."""

AMPLE_LIMIT = 128
"""With so much in hand a worker has enough to do while a batch gathers."""


@dataclass(frozen=True, slots=True)
class Servers:
    """The circuit breakers of the API servers that a virtual cluster's keys need."""

    virtual: CircuitBreaker
    host: CircuitBreaker

    @property
    def answer(self) -> bool:
        return not (self.virtual.is_open or self.host.is_open)


class Room(Collector):
    """`weights` by name of every virtual cluster; the one there is may have it all. `servers`: of a
    virtual cluster, None while it isn't known."""

    def __init__(
        self, limit: int, weights: Mapping[str, int], servers: Callable[[str], Servers | None]
    ) -> None:
        self._limit = limit
        self._weights = weights
        self._servers = servers
        self._held = Counter[str]()

    @property
    def free(self) -> int:
        return self._limit - self._held.total()

    @property
    def pace(self) -> float:
        """For `common.pace`: where little is done at once, a pause keeps more of it waiting."""
        return min(1.0, self._limit / AMPLE_LIMIT)

    def enter(self, clusters: Collection[str]) -> None:
        """Of a batch: the clusters of its keys."""
        self._held.update(clusters)
        for servers in map(self._servers, set(clusters)):
            if servers:
                servers.virtual.begun()
                servers.host.begun()

    def leave(self, cluster: str) -> None:
        self._held[cluster] -= 1
        if not self._held[cluster]:
            del self._held[cluster]

    def admission(self, waiting: Collection[str]) -> Admits:
        """An `Admission`. May be called in another thread."""
        held = dict(self._held)
        free = self._limit - sum(held.values())
        trusted = {cluster: self._trusted(cluster, held) for cluster in waiting}
        shares = self._shares(held.keys() | set(waiting))

        def admits(cluster: str, own: int, all_: int) -> bool:
            virtual, host = trusted[cluster]
            if own >= virtual or all_ >= host:
                return False
            return held.get(cluster, 0) + own < shares[cluster] * (free - all_)

        return admits

    def notes(self) -> Mapping[str, str]:
        """Which API servers don't answer, by name of virtual cluster or `host`."""
        found = {}
        for name, servers in self._known().items():
            for what, breaker in ((name, servers.virtual), ("host", servers.host)):
                if breaker.is_open:
                    found[what] = "the API server does not answer, and is only probed"
        return found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """For Prometheus. May be called in another thread."""
        what = "Whether keys wait for an API server that does not answer."
        gauge = GaugeMetricFamily("tohost_circuit_breaker_open", what, labels=("cluster",))
        for name, servers in self._known().items():
            gauge.add_metric((name,), not servers.answer)
        yield gauge

    def _known(self) -> Mapping[str, Servers]:
        found = {name: self._servers(name) for name in self._weights}
        return {name: servers for name, servers in found.items() if servers}

    def _trusted(self, cluster: str, held: Mapping[str, int]) -> tuple[float, float]:
        """How many keys more both of its servers are trusted with."""
        servers = self._servers(cluster)
        if servers is None:
            return 0, 0
        host = servers.host.room(sum(held.values()))
        return servers.virtual.room(held.get(cluster, 0)), host

    def _shares(self, clusters: Collection[str]) -> Mapping[str, float]:
        """Of each cluster how many times what is free it may have in hand, by weight."""
        if len(self._weights) == 1:
            return dict.fromkeys(clusters, float("inf"))
        weights = {cluster: self._weights.get(cluster, 1) for cluster in clusters}
        mean = sum(weights.values()) / max(1, len(weights))
        return {cluster: AMPLE * weight / mean for cluster, weight in weights.items()}
