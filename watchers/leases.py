"""Who watches what: leases in Redis by which watcher processes share the streams.

A lease lasts for as long as its watcher is alive (`watchers.roll_call`), so that many leases cost
no more than one. Each watcher takes its share of the streams, and one that holds more gives some
back. What a dead watcher had the others take over. Synchronous.

`tohost:{V}:lease:<side>:<plural>` the watcher that has the stream. It expires, long after the last
look of that watcher.
"""

import random
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from redis import Redis

from common.keys import redis_prefix
from common.redis.connection import servers
from common.status.crew import WATCHER_LEASE_S
from watchers.roll_call import RollCall
from watchers.streams import StreamId

LEASE_S = WATCHER_LEASE_S
LOOK_S = 30.0
KEPT_S = 90.0
_TRIES = 3
_Groups = Mapping[str, Sequence[StreamId]]
_NOBODY: Mapping[StreamId, str] = {}

# ARGV: me, how long to keep them (ms), then for each key whose it was, "" for nobody's.
_TAKE = """
local taken = {}
for i, key in ipairs(KEYS) do
  taken[i] = 0
  if (redis.call('GET', key) or '') == ARGV[2 + i] then
    redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
    taken[i] = 1
  end
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
local gone = {}
for i, key in ipairs(KEYS) do
  gone[i] = redis.call('GET', key) == ARGV[1] and redis.call('DEL', key) or 0
end
return gone
"""


class Leases:
    """The leases of one watcher process, `me`. `held` is this side's view of them.

    `clock` gives monotonic seconds; a lease counts as held until LEASE_S after the last
    announcement of this watcher began.
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
        self._clock = clock
        self._shuffle = shuffle
        self._roll = RollCall(redis, me, lease_s, clock)
        self._mine: frozenset[StreamId] = frozenset()
        self._look_at = float("-inf")

    @property
    def alive(self) -> bool:
        """Whether others know of this watcher by now."""
        return self._roll.heard

    @property
    def held(self) -> frozenset[StreamId]:
        """The very same set while nothing changes."""
        return self._mine if self._roll.heard else frozenset()

    def holds(self, stream: StreamId) -> bool:
        return stream in self._mine and self._roll.heard

    def renew(self) -> frozenset[StreamId]:
        """Say that this watcher is alive; answers the streams that were lost. Now and then it's
        seen whether each lease is still there."""
        if not self._roll.announce():
            lost, self._mine = self._mine, frozenset()
            self._roll.announce()
            return lost
        if self._clock() < self._look_at:
            return frozenset()
        lost = self._mine - self._call(_RENEW, self._mine)
        self._mine = self._mine - lost if lost else self._mine
        self._look_at = self._clock() + LOOK_S
        return lost

    def share(self) -> int:
        """How many streams this watcher should have, given who is alive; after `renew`."""
        return self._roll.share(len(self._streams))

    def surplus(self, share: int) -> list[StreamId]:
        """What to give back: stop these streams, then `release` them."""
        if len(self._mine) <= share:
            return []
        mine = list(self._mine)
        self._shuffle(mine)
        return mine[share:]

    def release(self, streams: Collection[StreamId]) -> None:
        """Let go, so that others can take over at once; forgets the lease first."""
        self._mine -= frozenset(streams)
        self._drop(streams)

    def acquire(self, share: int) -> frozenset[StreamId]:
        """Take free streams, and those of dead watchers, until the share is reached; answers the
        new ones."""
        gained: set[StreamId] = set()
        for _ in range(_TRIES):
            wanted = share - len(self._mine)
            free = self._free(self._streams) if wanted > 0 else {}
            if not free:
                break
            chosen = list(free)
            self._shuffle(chosen)
            taken = self._take({stream: free[stream] for stream in chosen[:wanted]})
            self._mine |= taken
            gained |= taken
        return frozenset(gained)

    @contextmanager
    def borrowed(self, streams: Sequence[StreamId]) -> Iterator[bool]:
        """Whether nobody has any of these streams, which are none of ours; nobody gets them until
        the block ends, or this watcher dies."""
        free = self._free(streams) if self._roll.heard else {}
        taken = self._take(free) if len(free) == len(streams) else frozenset()
        try:
            yield len(taken) == len(streams)
        finally:
            self._drop(taken)

    def leave(self) -> None:
        """Release everything and say goodbye."""
        self.release(list(self._mine))
        self._roll.leave()

    def _free(self, streams: Iterable[StreamId]) -> dict[StreamId, str]:
        """Whose the free ones of these streams were, "" for nobody's. Who is alive is asked last:
        whoever took a lease had announced itself before."""
        groups = _by_cluster(stream for stream in streams if stream not in self._mine)
        found = self._pipelined(("MGET", *map(_key, group)) for group in groups.values())
        owners = [(owner or b"").decode() for answer in found for owner in answer]
        alive = self._roll.present() - {self._roll.me}
        pairs = zip((each for group in groups.values() for each in group), owners, strict=True)
        return {stream: owner for stream, owner in pairs if owner not in alive}

    def _take(self, free: Mapping[StreamId, str]) -> frozenset[StreamId]:
        return self._call(_TAKE, free, free)

    def _drop(self, streams: Iterable[StreamId]) -> None:
        self._call(_RELEASE, streams)

    def _call(
        self, source: str, streams: Iterable[StreamId], owners: Mapping[StreamId, str] = _NOBODY
    ) -> frozenset[StreamId]:
        """The streams for which the script says 1. One call for each virtual cluster, as its keys
        share a slot; all in one round trip."""
        groups, mine = _by_cluster(streams), (self._roll.me, str(int(KEPT_S * 1000)))
        answers = self._pipelined(
            ("EVAL", source, str(len(group)), *map(_key, group), *mine, *_of(group, owners))
            for group in groups.values()
        )
        return frozenset(
            stream
            for group, done in zip(groups.values(), answers, strict=True)
            for stream, flag in zip(group, done, strict=True)
            if flag
        )

    def _pipelined(self, commands: Iterable[tuple[str, ...]]) -> list[Any]:
        with self._redis.pipeline(transaction=False) as pipe:
            for command in commands:
                # As plain commands: redis-py refuses `pipe.eval` on a Redis Cluster.
                pipe.execute_command(*command)  # type: ignore[no-untyped-call]
            return pipe.execute()


def _by_cluster(streams: Iterable[StreamId]) -> _Groups:
    groups: dict[str, list[StreamId]] = defaultdict(list)
    for stream in streams:
        groups[stream.cluster].append(stream)
    return groups


def _of(group: Iterable[StreamId], owners: Mapping[StreamId, str]) -> Iterator[str]:
    return (owners.get(stream, "") for stream in group)


def _key(stream: StreamId) -> str:
    return f"{redis_prefix(stream.cluster)}:lease:{stream.side}:{stream.plural}"


def server_run(redis: Redis) -> str:
    """Names this run of the Redis servers that are written to: another value means a restart, a
    failover, or other servers."""
    return " ".join(str(server.get("run_id", "")) for server in servers(redis, "server"))
