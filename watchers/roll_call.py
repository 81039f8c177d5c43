"""Which watchers are alive: each announces itself in Redis, and whoever isn't heard of for a while
counts as dead, also to itself.

`tohost:watchers` ZSET of watchers by last announcement (Redis' clock, ms). Synchronous.
"""

import time
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, cast

from redis import Redis

from common.status.crew import WATCHERS

# A clock that was set back takes nobody's life; one that leaps counts as silence, as it may be one.
_ALIVE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, ahead in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')) do
  redis.call('ZADD', KEYS[1], now, ahead)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
local known = 0
if ARGV[2] then
  known = redis.call('ZSCORE', KEYS[1], ARGV[2]) and 1 or 0
  redis.call('ZADD', KEYS[1], now, ARGV[2])
end
return {known, redis.call('ZRANGE', KEYS[1], 0, -1)}
"""


class RollCall:
    """`name` is this watcher's own. `clock` gives monotonic seconds."""

    def __init__(
        self, redis: Redis, name: str, lease_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.me = name
        self._redis = redis
        self._lease_s = lease_s
        self._clock = clock
        self._script: Any = redis.register_script(_ALIVE)
        self._names = (f"{name}.{number}" for number in count(2))
        self._until = float("-inf")
        self._alive: Sequence[str] = ()
        self._known = False

    @property
    def heard(self) -> bool:
        """Whether everybody else still counts this watcher as alive."""
        return self._clock() < self._until

    def announce(self) -> bool:
        """False when others may have counted this watcher as dead since the last time. It has
        another name then, to be announced: what others take from the one before they don't take
        from this one."""
        until = self._clock() + self._lease_s
        known, self._alive = self._call(self.me)
        if self._known and not known:
            self.leave()
            self.me = next(self._names)
            return False
        self._until, self._known = until, True
        return True

    def share(self, of: int) -> int:
        """How many of so many things this watcher should have, by who was alive at its last
        announcement. The shares of all watchers add up."""
        every, rest = divmod(of, max(1, len(self._alive)))
        return every + (self.me in self._alive and self._alive.index(self.me) < rest)

    def present(self) -> frozenset[str]:
        """Who is alive now."""
        return frozenset(self._call()[1])

    def leave(self) -> None:
        """The others' shares grow at once."""
        self._until, self._known = float("-inf"), False
        self._redis.zrem(WATCHERS, self.me)

    def _call(self, *me: str) -> tuple[bool, list[str]]:
        answer = self._script(keys=[WATCHERS], args=[int(self._lease_s * 1000), *me])
        known, alive = cast(tuple[int, list[bytes]], answer)
        return bool(known), sorted(name.decode() for name in alive)
