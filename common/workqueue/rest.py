"""Keys at rest: for who looks whether they should be.

What runs, is queued, or is tried again soon is left alone. So is what was marked from here a short
while ago, or is under a truce (see `workers.fights`): if that didn't help, more of it won't.
"""

from collections.abc import Callable, Collection, Sequence

from redis import Redis

from common.keys import redis_prefix
from common.lua import source
from common.workqueue.queue import WorkQueue

FAR_S = 30.0
"""What is due later than that by itself counts as resting."""


class Rest:
    """`truce_s`: so long a key isn't marked again. `clock` gives Unix seconds to tests; without it
    Redis' clock decides."""

    def __init__(
        self,
        redis: Redis,
        queue: WorkQueue,
        truce_s: float,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._source = source("mark", "state", "rest")
        self._redis = redis
        self._queue = queue
        self._truce_s = truce_s
        self._clock = clock

    def resting(self, cluster: str, members: Sequence[str]) -> list[str]:
        """Those of the members that rest, in their order."""
        return self._call(cluster, members, "")

    def wake(self, cluster: str, members: Sequence[str]) -> list[str]:
        """Mark dirty and queue those that rest and may be marked; answers them."""
        woken = self._call(cluster, members, "1")
        self._queue.push(cluster, woken)
        return woken

    def leave_alone(self, cluster: str, members: Collection[str]) -> None:
        """Keep these from being woken for `truce_s` seconds."""
        if not members:
            return
        ends_s = self._now_s() + self._truce_s
        self._redis.zadd(f"{redis_prefix(cluster)}:truce", dict.fromkeys(members, ends_s))

    def _call(self, cluster: str, members: Sequence[str], marks: str) -> list[str]:
        if not members:
            return []
        now = "" if self._clock is None else repr(self._clock())
        arguments = (now, marks, FAR_S, self._truce_s, *members)
        # As a plain command, as in `common.workqueue.state`.
        answer: list[bytes] = self._redis.execute_command(  # type: ignore[no-untyped-call]
            "EVAL", self._source, 1, redis_prefix(cluster), *arguments
        )
        return [member.decode() for member in answer]

    def _now_s(self) -> float:
        if self._clock is not None:
            return self._clock()
        seconds, microseconds = self._redis.time()
        return float(seconds) + microseconds / 1e6
