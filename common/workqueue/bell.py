"""The bell: which queues have new work, told to one worker that waits, not to all of them.

`tohost:bell` is a ZSET of names of queues by when it rang for them, so it holds no more than there
are queues. Whoever takes a name out of it looks at that queue, and rings again for what it leaves.
It only shortens waiting: a name may get lost, and every worker looks by itself once in a while.
"""

import time
from collections.abc import Iterable
from typing import cast

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import ResponseError

KEY = "tohost:bell"
HOPS = 8
"""So many workers that can't take from a queue pass its name on; it may be nobody's."""
_AT_ONCE = 64


def ring(pipe: Pipeline | Redis, queues: Iterable[str], hops: int = 0) -> None:
    """For queues by name, `my-vcluster.pods`, that so many workers have passed on."""
    suffix, now_s = f" {hops}" if hops else "", time.time()
    entries = [part for name in queues for part in (now_s, name + suffix)]
    if entries and hops <= HOPS:
        pipe.execute_command("ZADD", KEY, "NX", *entries)  # type: ignore[no-untyped-call]


class Bell:
    """Synchronous. Both calls answer names of queues, with how many passed them on."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def wait(self, timeout_s: float) -> dict[str, int]:
        """One queue as soon as it rings; none after so long."""
        if timeout_s <= 0:
            return {}
        try:
            answer = cast(tuple[bytes, bytes, float] | None, self._redis.bzpopmin(KEY, timeout_s))
        except ResponseError as error:
            if not str(error).startswith("UNBLOCKED"):
                raise
            return {}  # a failover; the next command hears in which state it is now
        return _names([answer[1]] if answer else [])

    def poll(self) -> dict[str, int]:
        """All for which it rang, at once."""
        popped = cast(list[tuple[bytes, float]], self._redis.zpopmin(KEY, _AT_ONCE))
        return _names(member for member, _ in popped)


def _names(members: Iterable[bytes]) -> dict[str, int]:
    parts = (member.decode(errors="replace").partition(" ") for member in members)
    return {name: int(hops) if hops.isdecimal() else 0 for name, _, hops in parts}
