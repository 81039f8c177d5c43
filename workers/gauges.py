"""Which virtual clusters this worker can work on, for Prometheus."""

from collections.abc import Collection, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from workers.connections import Connections


class ConnectionGauges(Collector):
    """May collect in another thread."""

    def __init__(self, connections: Connections, clusters: Collection[str]) -> None:
        self._connections = connections
        self._clusters = clusters

    def collect(self) -> Iterator[GaugeMetricFamily]:
        gauge = GaugeMetricFamily(
            "tohost_connected",
            "Whether this worker is connected to both clusters, and they are the right ones.",
            labels=("cluster",),
        )
        sessions, waiting = self._connections.sessions, self._connections.waiting
        for name in self._clusters:
            gauge.add_metric((name,), name in sessions and name not in waiting)
        yield gauge
