"""What the workqueue holds, for Prometheus: asked of Redis when somebody scrapes, and never else.

Every process tells the same, as it's about all of them.
"""

from collections.abc import Collection, Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis import Redis, RedisError

from common.logs import get_log
from common.workqueue.depth import backlogs

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


_GAUGES = (
    ("tohost_queue_depth", "Keys that wait for a worker.", "queued"),
    ("tohost_queue_oldest_seconds", "How long the oldest of these has waited.", "oldest_s"),
    ("tohost_queue_running", "Keys that workers have in hand.", "running"),
    ("tohost_queue_delayed", "Keys that are looked at again at a later time.", "delayed"),
    ("tohost_queue_failing", "Keys whose last try failed.", "failing"),
)
