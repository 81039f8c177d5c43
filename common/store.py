"""The object store: the last seen object of every key and side, in Redis.

Watchers put what they see, workers put what the servers answered; a resourceVersion never goes
back, and a tombstone keeps a late write from bringing an object back. A put and the dirty marks
that it causes are one atomic step (lua/store.lua), so no crash can lose a change. Everything here
is synchronous and batch-wise; asynchronous callers use `asyncio.to_thread`.

Raises redis.RedisError when Redis can't be reached; nothing is half done then.
"""

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
        value = self._redis.hget(f"{redis_prefix(cluster)}:pos", f"{side}:{plural}")
        return text(value) if value else ""

    def set_position(self, cluster: str, side: Side, plural: str, version: str) -> None:
        self._redis.hset(f"{redis_prefix(cluster)}:pos", f"{side}:{plural}", version)

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
            key = f"{redis_prefix(cluster)}:tomb:{side}:{plural}"
            fields = self._redis.zrangebyscore(key, "-inf", limit)
            if fields:
                pipeline = self._redis.pipeline()
                pipeline.hdel(f"{redis_prefix(cluster)}:rv:{side}:{plural}", *fields)
                pipeline.zrem(key, *fields)
                pipeline.execute()
                purged += len(fields)
        return purged


def text(value: bytes | str) -> str:
    """Redis answers bytes here; its type allows for text."""
    return value.decode() if isinstance(value, bytes) else value


def _encode(refs: Iterable[Ref]) -> str:
    """One line a ref, sorted, so that equal sets compare equal."""
    lines = {
        f"{ref.wakes[0]} {ref.plural} "
        + (f"{ref.namespace}/{ref.name}" if ref.namespace else ref.name)
        for ref in refs
    }
    return "\n".join(sorted(lines))


def _pair(text: str) -> tuple[str, str]:
    side, _, plural = text.partition(":")
    return side, plural
