"""Who watches what: leases in Redis by which watcher processes share the streams.

Every watcher announces itself; each takes its share of the streams, and one that holds more gives
some back. A lease that isn't renewed runs out, and others take the stream over. Synchronous.

`tohost:watchers` ZSET of watchers by last announcement (Redis' clock, ms);
`tohost:{V}:lease:<side>:<plural>` the watcher that has the stream, with an expiry. What is later
than it can be is left from before Redis' clock was set back.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from redis import Redis

from common.keys import redis_prefix
from common.redis_connection import servers
from watchers.streams import StreamId

LEASE_S = 8.0
RENEW_S = 2.0
WATCHERS = "tohost:watchers"

_ANNOUNCE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], now + 1, '+inf')
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""
_TAKE = """
local taken, wanted = {}, tonumber(ARGV[3])
for i, key in ipairs(KEYS) do
  if wanted <= 0 then break end
  taken[i] = redis.call('SET', key, ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0
  wanted = wanted - taken[i]
  if redis.call('PTTL', key) > tonumber(ARGV[2]) then redis.call('PEXPIRE', key, ARGV[2]) end
end
return taken
"""
_RENEW = """
local kept = {}
for i, key in ipairs(KEYS) do
  kept[i] = redis.call('GET', key) == ARGV[1] and redis.call('PEXPIRE', key, ARGV[2]) or 0
end
return kept
"""
_RELEASE = """
for _, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
"""


class Leases:
    """The leases of one watcher process, `me`. `held` is this side's view of them.

    `clock` gives monotonic seconds; a lease counts as held until LEASE_S after the renewal began.
    """

    def __init__(
        self,
        redis: Redis,
        streams: Iterable[StreamId],
        me: str,
        clock: Callable[[], float] = time.monotonic,
        lease_s: float = LEASE_S,
        shuffle: Callable[[list[StreamId]], None] = random.shuffle,
    ) -> None:
        self._redis = redis
        self._streams = list(streams)
        self._me = me
        self._clock = clock
        self._lease_ms = int(lease_s * 1000)
        self._shuffle = shuffle
        self._until: dict[StreamId, float] = {}
        self._announce, self._take, self._renew, self._drop = (
            redis.register_script(source) for source in (_ANNOUNCE, _TAKE, _RENEW, _RELEASE)
        )

    @property
    def held(self) -> frozenset[StreamId]:
        now = self._clock()
        return frozenset(stream for stream, until in self._until.items() if until > now)

    def holds(self, stream: StreamId) -> bool:
        return self._until.get(stream, 0.0) > self._clock()

    def share(self) -> int:
        """Announce this watcher; answers how many streams it should have, given who is alive.

        The shares of all watchers add up to all streams.
        """
        answer = self._announce(keys=[WATCHERS], args=[self._me, self._lease_ms])
        alive = sorted(name.decode() for name in cast(list[bytes], answer))
        every, rest = divmod(len(self._streams), len(alive))
        return every + (alive.index(self._me) < rest)

    def renew(self) -> frozenset[StreamId]:
        """Prolong what is held; answers the streams that were lost."""
        until = self._clock() + self._lease_ms / 1000
        lost = set()
        for keys, streams in self._by_cluster(self._until):
            kept = self._renew(keys=keys, args=[self._me, self._lease_ms])
            for stream, still in zip(streams, cast(list[int], kept), strict=True):
                if still:
                    self._until[stream] = until
                else:
                    lost.add(stream)
        for stream in lost:
            del self._until[stream]
        return frozenset(lost)

    def surplus(self, share: int) -> list[StreamId]:
        """What to give back: stop these streams, then `release` them."""
        mine = list(self._until)
        self._shuffle(mine)
        return mine[share:]

    def release(self, streams: Collection[StreamId]) -> None:
        """Let go, so that others can take over at once; forgets the lease first."""
        for stream in streams:
            self._until.pop(stream, None)
        for keys, _ in self._by_cluster(streams):
            self._drop(keys=keys, args=[self._me])

    def acquire(self, share: int) -> frozenset[StreamId]:
        """Take free streams until the share is reached; answers the new ones."""
        free = [stream for stream in self._streams if stream not in self._until]
        self._shuffle(free)
        gained: set[StreamId] = set()
        for keys, streams in self._by_cluster(free):
            wanted = share - len(self._until)
            if wanted <= 0:
                break
            until = self._clock() + self._lease_ms / 1000
            taken = self._take(keys=keys, args=[self._me, self._lease_ms, wanted])
            for stream, got in zip(streams, cast(list[int], taken), strict=False):
                if got:
                    self._until[stream] = until
                    gained.add(stream)
        return frozenset(gained)

    @contextmanager
    def borrowed(self, streams: Sequence[StreamId]) -> Iterator[bool]:
        """Whether nobody has any of these streams of one cluster, which are none of ours; nobody
        gets them until the block ends, unless that takes longer than a lease."""
        keys = [_key(stream) for stream in streams]
        answer = self._take(keys=keys, args=[self._me, self._lease_ms, len(keys)])
        try:
            yield all(cast(list[int], answer))
        finally:
            self._drop(keys=keys, args=[self._me])

    def leave(self) -> None:
        """Release everything and say goodbye: the others' shares grow at once."""
        self.release(list(self._until))
        self._redis.zrem(WATCHERS, self._me)

    def _by_cluster(self, streams: Iterable[StreamId]) -> list[tuple[list[str], list[StreamId]]]:
        """One script call for each virtual cluster, whose keys share a slot."""
        groups: dict[str, list[StreamId]] = defaultdict(list)
        for stream in streams:
            groups[stream.cluster].append(stream)
        return [([_key(stream) for stream in group], group) for group in groups.values()]


def _key(stream: StreamId) -> str:
    return f"{redis_prefix(stream.cluster)}:lease:{stream.side}:{stream.plural}"


def server_run(redis: Redis) -> str:
    """Names this run of the Redis servers that are written to: another value means a restart, a
    failover, or other servers."""
    return " ".join(str(server.get("run_id", "")) for server in servers(redis, "server"))
