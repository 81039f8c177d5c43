"""How a process stands, and which others there are, for Prometheus."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis import Redis, RedisError

from common.process.health import Readiness
from common.status.crew import crew


class CrewGauges(Collector):
    """What Redis knows of all processes, asked when somebody scrapes. Synchronous."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            found = crew(self._redis)
        except RedisError:
            yield _one("tohost_redis_reachable", _REACHABLE, 0)
            return
        yield _one("tohost_redis_reachable", _REACHABLE, 1)
        yield _one("tohost_watchers", "Watchers that are alive, of all there are.", found.watchers)
        yield _one("tohost_workers", "Workers that are alive, of all there are.", found.workers)


class ReadinessGauges(Collector):
    """Stands in for `ready`, which may only be called in the event loop, and remembers what it
    last answered. Tells nothing before that."""

    def __init__(self, ready: Callable[[], Readiness], clusters: Collection[str]) -> None:
        self._ready = ready
        self._clusters = frozenset(clusters)
        self._last: Readiness | None = None

    def __call__(self) -> Readiness:
        self._last = self._ready()
        return self._last

    def collect(self) -> Iterator[GaugeMetricFamily]:
        last = self._last
        if last is None:
            return
        yield _one(
            "tohost_ready",
            "Whether this process is ready; /readyz says for what it waits.",
            last.ok,
        )
        notes = Counter(self._cluster_of(what) for what in last.notes)
        gauge = GaugeMetricFamily("tohost_notes", _NOTES, labels=("cluster",))
        for name in sorted({"", *self._clusters}):
            gauge.add_metric((name,), notes[name])
        yield gauge

    def _cluster_of(self, what: str) -> str:
        """A note is about a virtual cluster, one of its streams, or the process."""
        about = what.partition(" ")[0]
        return about if about in self._clusters else ""


_REACHABLE = "Whether Redis answered this process when it was scraped."
_NOTES = "What /readyz of this process notes; without a cluster what concerns all."


def _one(name: str, documentation: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, documentation, value)
