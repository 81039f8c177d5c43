"""What this watcher watches, and how fresh that is, for Prometheus."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from watchers.keeper import Keeper
from watchers.streams import StreamId


class StreamGauges(Collector):
    """`streams`: all that there are, of all watchers; `held`: those that this one has the leases
    of; `keepers`: what it runs. May collect in another thread."""

    def __init__(
        self,
        streams: Collection[StreamId],
        held: Callable[[], Collection[StreamId]],
        keepers: Callable[[], Mapping[StreamId, Keeper]],
    ) -> None:
        self._all = Counter(stream.cluster for stream in streams)
        self._held = held
        self._keepers = keepers

    def collect(self) -> Iterator[GaugeMetricFamily]:
        held = Counter(stream.cluster for stream in self._held())
        yield self._by_cluster("tohost_streams", "Streams that watchers are to share.", self._all)
        yield self._by_cluster("tohost_leases_held", "Streams that this watcher holds.", held)
        yield self._staleness()

    def _by_cluster(self, name: str, what: str, counts: Counter[str]) -> GaugeMetricFamily:
        gauge = GaugeMetricFamily(name, what, labels=("cluster",))
        for cluster in sorted(self._all):
            gauge.add_metric((cluster,), counts[cluster])
        return gauge

    def _staleness(self) -> GaugeMetricFamily:
        """Of a kind that the server lacks there's nothing to hear."""
        gauge = GaugeMetricFamily(
            "tohost_watch_staleness_seconds",
            "How long ago the API server last said anything in this stream.",
            labels=("cluster", "side", "plural"),
        )
        for stream, keeper in self._keepers().items():
            if not keeper.missing:
                gauge.add_metric((stream.cluster, stream.side, stream.plural), keeper.silent_s)
        return gauge
