"""All that the overview shows, read at once, and not more often than it's worth.

A page that many look at costs Redis as much as one that a single person looks at.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from redis import Redis

from common.status import running, standing
from common.status.running import Process
from common.status.standing import Everything, Standing
from common.workqueue.depth import Backlog, backlogs

KEPT_S: Final = 1.0
_SHARE = 20.0
"""What took long to read is kept for so many times as long."""


@dataclass(frozen=True, slots=True)
class Glance:
    """`backlogs`: by virtual cluster."""

    everything: Everything
    backlogs: Mapping[str, Backlog]
    processes: Sequence[Process]

    def lag_s(self, cluster: str) -> float:
        """How long the next object has waited for a worker, 0 when none waits."""
        return self.backlogs[cluster].oldest_s

    def cluster(self, name: str) -> Standing | None:
        return next((each for each in self.everything.clusters if each.name == name), None)


class Glances:
    """Called by one thread only. `clock` gives monotonic seconds."""

    def __init__(
        self, redis: Redis, clusters: Sequence[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = redis
        self._clusters = clusters
        self._clock = clock
        self._last: Glance | None = None
        self._until = float("-inf")

    def look(self) -> Glance:
        """How things stand, or stood a moment ago. Raises redis.RedisError."""
        begin = self._clock()
        if self._last is None or begin >= self._until:
            self._last = self._read()
            end = self._clock()
            self._until = end + max(KEPT_S, (end - begin) * _SHARE)
        return self._last

    def _read(self) -> Glance:
        return Glance(
            standing.read(self._redis, self._clusters),
            backlogs(self._redis, self._clusters),
            running.processes(self._redis),
        )
