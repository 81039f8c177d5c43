"""The object store: the last seen object of every key and side, in Redis.

Watchers put what they see, workers put what the servers answered; a resourceVersion never goes
back, and a tombstone keeps a late write from bringing an object back. A put and the dirty marks
that it causes are one atomic step (lua/store.lua), so no crash can lose a change. Everything here
is synchronous and batch-wise; asynchronous callers use `asyncio.to_thread`.

Raises redis.RedisError when Redis can't be reached; nothing is half done then.
"""

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal, cast

import orjson
from redis import Redis

from common.context import Ref
from common.errors import PositionError
from common.keys import redis_prefix
from common.logs import get_log
from common.metrics import ODD_OBJECTS
from common.objects import Obj, Side
from common.served import Record, Records

_BATCH = 512
_log = get_log(__name__)
_LUA = files("common") / "lua"
_LISTING = "list "
_SEEN, _LACKED = _DEAD = ("T", "L")
"""What tombstones begin with: a watch showed the end, or a list lacked the object."""


@dataclass(frozen=True, slots=True)
class Change:
    """One object as a stream or a server's answer showed it.

    field: the virtual object's `ns/name`, on either side. obj: as Redis may hold it
    (`Kind.stored`), None when it is deleted; seen: a watch showed that it is, no mere list that
    lacked it. uid: the virtual object's; a host object's tombstone keeps it, so that its pod is not
    started again. known_at: a version at which the server still had the object, "" for its own.
    """

    field: str
    resource_version: str
    obj: Obj | None
    refs: tuple[Ref, ...] = ()
    uid: str = ""
    seen: bool = False
    known_at: str = ""


Mode = Literal["", "again", "rebuild", "late"]
"""How a put treats versions. again: one that is just as old as what is stored takes its place, as
objects read in another API version keep theirs. rebuild: whatever the versions, this is how it is
now. late: a worker's answers, which may come after the end of their objects."""


class Store:
    """`clock` gives Unix seconds to tests; without it tombstones carry the time of Redis, and no
    other machine's date matters."""

    def __init__(self, redis: Redis, clock: Callable[[], float] | None = None) -> None:
        self._redis = redis
        self._clock = clock
        self._put = redis.register_script(_source("mark", "store"))
        self._purge = redis.register_script(_source("purge"))
        self._move = redis.register_script(_source("move"))
        self._forget = redis.register_script(_source("forget"))
        self._begin = redis.register_script(_source("begin"))

    @property
    def redis(self) -> Redis:
        return self._redis

    def put(
        self,
        cluster: str,
        side: Side,
        plural: str,
        changes: Sequence[Change],
        *,
        wake_own: bool = True,
        mode: Mode = "",
        position: str | None = None,
    ) -> list[str]:
        """Store a batch; answers the members that `WorkQueue.push` must give a job.

        `position`: where the stream must be, else nothing is stored and PositionError raised. What
        a watcher saw before it was away for long may be of objects whose end Redis never knew.

        A change that is not newer than what is stored is ignored, and so is a late one that is not
        newer than the stream's position while nothing is stored: the object was there and is gone.
        What a list lacked is there again when it is known to have been there later. Refs whose
        target wakes must name kinds that are synced, or their marks are never worked off. What
        can't be written as JSON, as it is nested too deeply, is passed over.
        """
        if not changes:
            return []
        args: list[Any] = [side, plural, "1" if wake_own else "", self._now(), mode]
        args.append("" if position is None else f"={position}")
        for change in changes:
            try:
                args += _arguments(change)
            except orjson.JSONEncodeError as error:
                ODD_OBJECTS.labels(cluster, side, plural).inc()
                where = {"stream": f"{cluster} {side}:{plural}", "object": change.field}
                _log.error("object passed over, as it can't be stored", error=error, **where)
        answer = cast(list[bytes] | None, self._put(keys=[redis_prefix(cluster)], args=args))
        if answer is None:
            raise PositionError(f"stream {cluster} {side}:{plural}: its position in Redis changed")
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
        return {field: value.partition(":")[0] for field, value in pairs if value[:1] not in _DEAD}

    def position(self, cluster: str, side: Side, plural: str) -> str:
        """The resourceVersion up to which the stream was stored, "" for none."""
        value = text(self._redis.hget(f"{redis_prefix(cluster)}:pos", f"{side}:{plural}") or "")
        return "" if value.startswith(_LISTING) else value

    def begin_list(self, cluster: str, side: Side, plural: str) -> str:
        """What the position is until the list is stored: nothing to watch from, but something by
        which `move_position` sees whether Redis still has the list's beginning, and the version up
        to which all is stored (see `complete_until`)."""
        mark = _LISTING + secrets.token_hex(8)
        keys = [f"{redis_prefix(cluster)}:{what}" for what in ("pos", "synced")]
        return text(cast(bytes, self._begin(keys=keys, args=[f"{side}:{plural}", mark])))

    def move_position(
        self, cluster: str, side: Side, plural: str, before: str, version: str
    ) -> bool:
        """False, and nothing changed, unless the position is still `before`: else Redis went back
        to an earlier state or somebody else serves the stream, and what lies between may be
        missing in the store."""
        keys = [f"{redis_prefix(cluster)}:pos"]
        return bool(self._move(keys=keys, args=[f"{side}:{plural}", before, version]))

    def close_list(self, cluster: str, side: Side, plural: str, before: str, version: str) -> str:
        """The new mark of a list that is under way by the mark `before`: all that it has is stored,
        so nothing else of up to its version is there. "" as `move_position` answers False."""
        mark = f"{before.rpartition(' ')[0]} {version}"
        return mark if self.move_position(cluster, side, plural, before, mark) else ""

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
        return self.standing_at(cluster)[:2]

    def standing_at(
        self, cluster: str
    ) -> tuple[frozenset[tuple[str, str]], Records, Mapping[tuple[str, str], str]]:
        """What `standing` answers, and up to which version all of each stream is stored."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.smembers(f"{redis_prefix(cluster)}:synced")
        pipeline.hgetall(f"{redis_prefix(cluster)}:served")
        pipeline.hgetall(f"{redis_prefix(cluster)}:pos")
        members, records, positions = pipeline.execute()
        return (
            frozenset(_pair(text(member)) for member in members),
            {_pair(text(key)): Record.decode(text(value)) for key, value in records.items()},
            {_pair(text(key)): complete_until(text(value)) for key, value in positions.items()},
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

    def claim_identity(self, cluster: str, digest: str, what: str = "identity") -> bool:
        """True when `digest` is, or now becomes, the identity of this virtual cluster, or of its
        host ("host-identity")."""
        key = f"{redis_prefix(cluster)}:{what}"
        self._redis.set(key, digest, nx=True)
        known = self._redis.get(key)
        return known is not None and text(known) == digest

    def claim_cluster(self, cluster: str, digest: str, names: Collection[str]) -> str:
        """Which other one of `names` is this cluster already, "" when that's `cluster` alone."""
        key = f"tohost:same:{digest}"
        self._redis.set(key, cluster, nx=True)
        owner = text(self._redis.get(key) or "")
        known = text(self._redis.get(f"{redis_prefix(owner)}:identity") or "") if owner else ""
        if owner != cluster and owner in names and known == digest:
            return owner
        if owner != cluster:
            self._redis.set(key, cluster)
        return ""

    def purge_tombstones(self, cluster: str, older_than_s: float) -> int:
        """Forget old tombstones whose counterparts are gone, too; answers how many were looked at.

        No write that is still under way may be older than `older_than_s`.
        """
        purged = 0
        for side, plural in sorted(self.synced(cluster)):
            start, other = redis_prefix(cluster), "host" if side == "virtual" else "virtual"
            keys = [f"{start}:{what}:{plural}" for what in (f"rv:{side}", f"tomb:{side}")]
            keys.append(f"{start}:rv:{other}:{plural}")
            args: list[str | float] = [older_than_s, _BATCH, self._now()]
            while some := cast(int, self._purge(keys=keys, args=args)):
                purged += some
        return purged

    def _now(self) -> str:
        """Empty for the time of Redis."""
        return "" if self._clock is None else repr(self._clock())


def _source(*parts: str) -> str:
    return "".join((_LUA / f"{part}.lua").read_text() for part in parts)


def seen_end(version: bytes | None) -> bool:
    """Whether a stored version is the tombstone of an object whose end a watch showed."""
    return version is not None and text(version).startswith(_SEEN)


def ended_uid(version: bytes | None) -> str:
    """The virtual uid that a tombstone keeps, "" when there is none."""
    if version is None or text(version)[:1] not in _DEAD:
        return ""
    return text(version).partition(":")[2]


def complete_until(position: str) -> str:
    """The version up to which all of a stream was stored, by its position or the mark of a list
    that is under way; "" for none."""
    return position.removeprefix(_LISTING).rpartition(" ")[2] if position else ""


def text(value: bytes | str) -> str:
    """Redis answers bytes here; its type allows for text."""
    return value.decode() if isinstance(value, bytes) else value


def _arguments(change: Change) -> list[Any]:
    """What lua/store.lua takes for one change."""
    gone = change.obj is None
    body = b"" if gone else orjson.dumps(change.obj)
    note = (_SEEN if change.seen else _LACKED) if gone else change.known_at
    refs = _encode(change.refs)
    return [change.field, change.resource_version, body, refs, change.uid, note]


def _encode(refs: Iterable[Ref]) -> str:
    """One line a ref, sorted, so that equal sets compare equal."""
    lines = {f"{ref.wakes[0]} {ref.member}" for ref in refs}
    return "\n".join(sorted(lines))


def _pair(text: str) -> tuple[str, str]:
    side, _, plural = text.partition(":")
    return side, plural
