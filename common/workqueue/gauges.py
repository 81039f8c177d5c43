"""What the workqueue holds, for Prometheus: asked of Redis when somebody scrapes, and never else.

Every process tells the same, as it's about all of them.
"""

from collections.abc import Collection, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis import Redis, RedisError

from common.process.logs import get_log
from common.workqueue.depth import Backlog, backlogs

_log = get_log(__name__)


class QueueGauges(Collector):
    """Synchronous. Tells nothing while Redis can't be asked."""

    def __init__(self, redis: Redis, clusters: Collection[str]) -> None:
        self._redis = redis
        self._clusters = clusters

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            found = backlogs(self._redis, self._clusters)
        except RedisError as error:
            _log.debug("queues not measured", error=str(error))
            return
        for name, help_, attribute in _GAUGES:
            gauge = GaugeMetricFamily(name, help_, labels=("cluster",))
            for cluster, backlog in found.items():
                gauge.add_metric((cluster,), getattr(backlog, attribute))
            yield gauge
        yield from _by_kind(found)


def _by_kind(found: Mapping[str, Backlog]) -> Iterator[GaugeMetricFamily]:
    """Of kinds of which something waits."""
    for name, help_, attribute in _KIND_GAUGES:
        gauge = GaugeMetricFamily(name, help_, labels=("cluster", "plural"))
        for cluster, backlog in found.items():
            for plural, waiting in backlog.kinds.items():
                gauge.add_metric((cluster, plural), getattr(waiting, attribute))
        yield gauge


_GAUGES = (
    ("tohost_queue_depth", "Keys that wait for a worker.", "queued"),
    ("tohost_queue_oldest_seconds", "How long the oldest of these has waited.", "oldest_s"),
    ("tohost_queue_running", "Keys that workers have in hand.", "running"),
    ("tohost_queue_delayed", "Keys that are looked at again at a later time.", "delayed"),
    ("tohost_queue_failing", "Keys whose last try failed.", "failing"),
)
_KIND_GAUGES = (
    ("tohost_queue_kind_depth", "Keys of a kind that wait; none, no series.", "queued"),
    ("tohost_queue_kind_oldest_seconds", "How long the oldest of these has waited.", "oldest_s"),
)
