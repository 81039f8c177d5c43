"""The object store: the last seen object of every key and side, in Redis.

Watchers put what they see, workers put what the servers answered; a resourceVersion never goes
back, and a tombstone keeps a late write from bringing an object back. A put and the dirty marks
that it causes are one atomic step (lua/store.lua), so no crash can lose a change. Everything here
is synchronous and batch-wise; asynchronous callers use `asyncio.to_thread`.

Raises redis.RedisError when Redis can't be reached; nothing is half done then.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, cast

import orjson
from redis import Redis

from common.context import Ref
from common.keys import redis_prefix
from common.objects import Obj, Side
from common.served import Record, Records

_BATCH = 512
_LUA = files("common") / "lua"
_SOURCE = "".join((_LUA / part).read_text() for part in ("mark.lua", "store.lua"))
# KEYS: versions, tombstones. ARGV: up to which time, how many at most, so that no call blocks Redis
# for long. What lives again by now stays.
_PURGE = """
local fields = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, field in ipairs(fields) do
  local version = redis.call('HGET', KEYS[1], field)
  if version and string.sub(version, 1, 1) == 'T' then redis.call('HDEL', KEYS[1], field) end
  redis.call('ZREM', KEYS[2], field)
end
return #fields
"""
# KEYS: versions, objects. ARGV: field and version of each.
_FORGET = """
for i = 1, #ARGV, 2 do
  local version = redis.call('HGET', KEYS[1], ARGV[i])
  if version and string.match(version, '^%d*') == ARGV[i + 1] then
    redis.call('HDEL', KEYS[2], ARGV[i])
  end
end
"""
_LISTING = "list "
# KEYS: positions, synced streams. ARGV: stream, mark. What was synced without ever being listed was
# known not to exist.
_BEGIN = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then redis.call('SREM', KEYS[2], ARGV[1]) end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
"""
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
        self._forget = redis.register_script(_FORGET)
        self._begin = redis.register_script(_BEGIN)

    def put(
        self,
        cluster: str,
        side: Side,
        plural: str,
        changes: Sequence[Change],
        *,
        wake_own: bool = True,
        again: bool = False,
    ) -> list[str]:
        """Store a batch; answers the members that `WorkQueue.push` must give a job.

        A change that is not newer than what is stored is ignored; `again`: one that is just as
        old is stored in its place, as objects read in another API version keep theirs. Refs
        whose target wakes must name kinds that are synced, or their marks are never worked off.
        """
        if not changes:
            return []
        flags = "1" if wake_own else "", str(self._clock()), "1" if again else ""
        args: list[Any] = [side, plural, *flags]
        for change in changes:
            body = b"" if change.obj is None else orjson.dumps(change.obj)
            args += [change.field, change.resource_version, body, _encode(change.refs), change.uid]
        answer = cast(list[bytes], self._put(keys=[redis_prefix(cluster)], args=args))
        return [member.decode() for member in answer]

    def forget(self, cluster: str, side: Side, plural: str, versions: Mapping[str, str]) -> None:
        """Drop the content of objects that are done with, by field, unless they are newer by now.

        Their versions stay, so that the same news again is none.
        """
        keys = [f"{redis_prefix(cluster)}:{what}:{side}:{plural}" for what in ("rv", "obj")]
        if versions:
            self._forget(keys=keys, args=[part for pair in versions.items() for part in pair])

    def pairs(
        self, cluster: str, plural: str, fields: Sequence[str]
    ) -> list[tuple[Obj | None, Obj | None]]:
        """Virtual and host object of each field, as far as they are stored."""
        if not fields:
            return []
        start, pipeline = redis_prefix(cluster), self._redis.pipeline(transaction=False)
        for side in ("virtual", "host"):
            pipeline.hmget(f"{start}:obj:{side}:{plural}", list(fields))
        sides = [[orjson.loads(each) if each else None for each in s] for s in pipeline.execute()]
        return list(zip(*sides, strict=True))

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
        keys = [f"{redis_prefix(cluster)}:{what}" for what in ("pos", "synced")]
        self._begin(keys=keys, args=[f"{side}:{plural}", mark])
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

    def shape(self, cluster: str, side: Side, plural: str) -> str:
        """What was asked for to get what is stored of the stream, "" before the first list."""
        return text(self._redis.hget(f"{redis_prefix(cluster)}:shape", f"{side}:{plural}") or "")

    def set_shape(self, cluster: str, side: Side, plural: str, shape: str) -> None:
        self._redis.hset(f"{redis_prefix(cluster)}:shape", f"{side}:{plural}", shape)

    def standing(self, cluster: str) -> tuple[frozenset[tuple[str, str]], Records]:
        """What `synced` answers, and the records of streams that have one."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.smembers(f"{redis_prefix(cluster)}:synced")
        pipeline.hgetall(f"{redis_prefix(cluster)}:served")
        members, records = pipeline.execute()
        return (
            frozenset(_pair(text(member)) for member in members),
            {_pair(text(key)): Record.decode(text(value)) for key, value in records.items()},
        )

    def record(self, cluster: str, side: Side, plural: str) -> Record | None:
        """In which version the stream is stored, and whether its server has it; None: unknown."""
        value = self._redis.hget(f"{redis_prefix(cluster)}:served", f"{side}:{plural}")
        return Record.decode(text(value)) if value else None

    def set_record(self, cluster: str, side: Side, plural: str, record: Record | None) -> None:
        """None: there's nothing to say of the stream."""
        key, field = f"{redis_prefix(cluster)}:served", f"{side}:{plural}"
        if record is None:
            self._redis.hdel(key, field)
        else:
            self._redis.hset(key, field, record.encode())

    def leave_stream(
        self, cluster: str, side: Side, plural: str, record: Record, *, synced: bool
    ) -> None:
        """The server doesn't serve this stream now: it will start with a list. `synced`: nobody
        needs to wait for it, as it has nothing that could matter."""
        start, stream = redis_prefix(cluster), f"{side}:{plural}"
        pipeline = self._redis.pipeline()
        pipeline.hset(f"{start}:served", stream, record.encode())
        pipeline.hdel(f"{start}:pos", stream)
        if synced:
            pipeline.sadd(f"{start}:synced", stream)
        pipeline.execute()

    def clear_stream(
        self, cluster: str, side: Side, plural: str, *, wake_own: bool = True
    ) -> list[str]:
        """Every object of the stream is gone; answers and wakes as `put` does."""
        gone = [Change(*pair, None) for pair in self.versions(cluster, side, plural).items()]
        woken = []
        for start in range(0, len(gone), _BATCH):
            batch = gone[start : start + _BATCH]
            woken += self.put(cluster, side, plural, batch, wake_own=wake_own)
        return woken

    def forget_stream(self, cluster: str, side: Side, plural: str) -> list[str]:
        """Drop all that is stored of a stream that nobody watches any more. What its objects
        referred to is woken, they themselves are not; answers as `put` does.

        It counts as unlisted first, so that nobody by whose configuration it's still on takes what
        is missing for gone. This may be cut off anywhere and called again.
        """
        self._redis.srem(f"{redis_prefix(cluster)}:synced", f"{side}:{plural}")
        woken = self.clear_stream(cluster, side, plural, wake_own=False)
        start, stream = redis_prefix(cluster), f"{side}:{plural}"
        pipeline = self._redis.pipeline()
        pipeline.delete(*(f"{start}:{what}:{stream}" for what in ("obj", "rv", "fwd", "tomb")))
        for what in ("served", "shape", "pos"):
            pipeline.hdel(f"{start}:{what}", stream)
        pipeline.execute()
        return woken

    def stored_streams(
        self, cluster: str, candidates: Iterable[tuple[str, str]]
    ) -> frozenset[tuple[str, str]]:
        """The (side, plural) of which something is stored: all that were listed once, and those
        of `candidates` that have objects."""
        start, asked = redis_prefix(cluster), list(candidates)
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.smembers(f"{start}:synced")
        pipeline.hkeys(f"{start}:pos")
        for side, plural in asked:
            pipeline.exists(f"{start}:rv:{side}:{plural}")
        synced, listed, *exist = pipeline.execute()
        kept = (stream for stream, there in zip(asked, exist, strict=True) if there)
        return frozenset((*(_pair(text(each)) for each in (*synced, *listed)), *kept))

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
            while some := cast(int, self._purge(keys=keys, args=[limit, _BATCH])):
                purged += some
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
