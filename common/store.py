"""The object store: the last seen object of every key and side, in Redis.

Watchers put what they see, workers put what the servers answered; a resourceVersion never goes
back, and a tombstone keeps a late write from bringing an object back. A put and the dirty marks
that it causes are one atomic step (lua/store.lua), so no crash can lose a change. Everything here
is synchronous and batch-wise; asynchronous callers use `asyncio.to_thread`.

Raises redis.RedisError when Redis can't be reached; nothing is half done then.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast

import orjson
from redis import Redis

from common.keys import redis_prefix
from common.kind import Ref
from common.objects import Obj, Side

_LUA = files("common") / "lua"
_SOURCE = "".join((_LUA / part).read_text() for part in ("mark.lua", "store.lua"))
# KEYS: versions, tombstones. What lives again by now stays.
_PURGE = """
local fields = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, 1000)
for _, field in ipairs(fields) do
  local version = redis.call('HGET', KEYS[1], field)
  if version and string.sub(version, 1, 1) == 'T' then redis.call('HDEL', KEYS[1], field) end
  redis.call('ZREM', KEYS[2], field)
end
return #fields
"""
_LISTING = "list "
# KEYS: positions. ARGV: stream, the position known so far, the new one.
_MOVE = """
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
"""


@dataclass(frozen=True, slots=True)
class Change:
    """One object as a stream or a server's answer showed it.

    field: the virtual object's `ns/name`, on either side. obj: as Redis may hold it
    (`Kind.stored`), None when it is deleted. uid: the virtual object's; a host object's
    tombstone keeps it, so that its pod is not started again.
    """

    field: str
    resource_version: str
    obj: Obj | None
    refs: tuple[Ref, ...] = ()
    uid: str = ""


class Store:
    """`clock` gives Unix seconds; tombstones carry it."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.time) -> None:
        self._redis = redis
        self._clock = clock
        self._put = redis.register_script(_SOURCE)
        self._purge = redis.register_script(_PURGE)
        self._move = redis.register_script(_MOVE)

    def put(
        self,
        cluster: str,
        side: Side,
        plural: str,
        changes: Sequence[Change],
        *,
        wake_own: bool = True,
    ) -> list[str]:
        """Store a batch; answers the members that `WorkQueue.push` must give a job.

        A change that is not newer than what is stored is ignored. Refs whose target wakes must
        name kinds that are synced, or their marks are never worked off.
        """
        if not changes:
            return []
        args: list[Any] = [side, plural, "1" if wake_own else "", str(self._clock())]
        for change in changes:
            body = b"" if change.obj is None else orjson.dumps(change.obj)
            args += [change.field, change.resource_version, body, _encode(change.refs), change.uid]
        answer = cast(list[bytes], self._put(keys=[redis_prefix(cluster)], args=args))
        return [member.decode() for member in answer]

    def versions(self, cluster: str, side: Side, plural: str) -> dict[str, str]:
        """Live fields and their resourceVersions, to find what a full list no longer has."""
        stored = self._redis.hgetall(f"{redis_prefix(cluster)}:rv:{side}:{plural}")
        pairs = ((text(field), text(value)) for field, value in stored.items())
        return {
            field: value.partition(":")[0] for field, value in pairs if not value.startswith("T")
        }

    def position(self, cluster: str, side: Side, plural: str) -> str:
        """The resourceVersion up to which the stream was stored, "" for none."""
        value = text(self._redis.hget(f"{redis_prefix(cluster)}:pos", f"{side}:{plural}") or "")
        return "" if value.startswith(_LISTING) else value

    def begin_list(self, cluster: str, side: Side, plural: str) -> str:
        """What the position is until the list is stored: nothing to watch from, but something by
        which `move_position` sees whether Redis still has the list's beginning."""
        mark = _LISTING + secrets.token_hex(8)
        self._redis.hset(f"{redis_prefix(cluster)}:pos", f"{side}:{plural}", mark)
        return mark

    def move_position(
        self, cluster: str, side: Side, plural: str, before: str, version: str
    ) -> bool:
        """False, and nothing changed, unless the position is still `before`: else Redis went back
        to an earlier state or somebody else serves the stream, and what lies between may be
        missing in the store."""
        keys = [f"{redis_prefix(cluster)}:pos"]
        return bool(self._move(keys=keys, args=[f"{side}:{plural}", before, version]))

    def set_synced(self, cluster: str, side: Side, plural: str) -> None:
        """The first full list of this stream is in the store."""
        self._redis.sadd(f"{redis_prefix(cluster)}:synced", f"{side}:{plural}")

    def synced(self, cluster: str) -> frozenset[tuple[str, str]]:
        """The (side, plural) of the streams whose first full list is in the store."""
        members = self._redis.smembers(f"{redis_prefix(cluster)}:synced")
        return frozenset(_pair(text(member)) for member in members)

    def claim_identity(self, cluster: str, digest: str) -> bool:
        """True when `digest` is, or now becomes, the identity of this virtual cluster."""
        key = f"{redis_prefix(cluster)}:identity"
        self._redis.set(key, digest, nx=True)
        known = self._redis.get(key)
        return known is not None and text(known) == digest

    def purge_tombstones(self, cluster: str, older_than_s: float) -> int:
        """Forget old tombstones; answers how many.

        No write that is still under way may be older than `older_than_s`.
        """
        purged = 0
        limit = self._clock() - older_than_s
        for side, plural in sorted(self.synced(cluster)):
            keys = [f"{redis_prefix(cluster)}:{what}:{side}:{plural}" for what in ("rv", "tomb")]
            purged += cast(int, self._purge(keys=keys, args=[limit]))
        return purged


def text(value: bytes | str) -> str:
    """Redis answers bytes here; its type allows for text."""
    return value.decode() if isinstance(value, bytes) else value


def _encode(refs: Iterable[Ref]) -> str:
    """One line a ref, sorted, so that equal sets compare equal."""
    lines = {f"{ref.wakes[0]} {ref.member}" for ref in refs}
    return "\n".join(sorted(lines))


def _pair(text: str) -> tuple[str, str]:
    side, _, plural = text.partition(":")
    return side, plural
