"""Of all processes one at a time does something, once in a while: whoever gets the turn, a key in
Redis that expires."""

import hashlib
from collections.abc import Callable, Collection

from redis import Redis

from common.clock import running_s


class Turn:
    """Shared by those who do the same, `what`, for the same virtual clusters. `clock` gives
    seconds, any start. Synchronous."""

    def __init__(
        self,
        redis: Redis,
        what: str,
        clusters: Collection[str],
        every_s: float,
        clock: Callable[[], float] = running_s,
    ) -> None:
        digest = hashlib.sha256("\n".join(sorted(clusters)).encode()).hexdigest()[:16]
        self.key = f"tohost:turn:{what}:{digest}"
        self._redis = redis
        # A bit less than the period, or two clocks of the same period skip every other one.
        self._period_ms = max(1, int(every_s * 950))
        self._clock = clock
        self._next = float("-inf")

    @property
    def due(self) -> bool:
        """Whether it's worth while to ask for it."""
        return self._clock() >= self._next

    def take(self) -> bool:
        """Whether it's this process' turn; asks Redis only when it may be."""
        if not self.due:
            return False
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.set(self.key, 1, nx=True, px=self._period_ms)
            pipe.pttl(self.key)
            mine, left_ms = pipe.execute()
        if left_ms > self._period_ms:  # Redis' date was set back
            self._redis.delete(self.key)
            left_ms = 0
        self._next = self._clock() + left_ms / 1000
        return bool(mine)
