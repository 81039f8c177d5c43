"""The object store: the last seen object of every key and side, in Redis.

Watchers put what they see, workers put what the servers answered; a resourceVersion never goes
back, and a tombstone keeps a late write from bringing an object back. A put and the dirty marks
that it causes are one atomic step (lua/store.lua), so no crash can lose a change. Everything here
is synchronous and batch-wise; asynchronous callers use `asyncio.to_thread`.

Raises redis.RedisError when Redis can't be reached; nothing is half done then.
"""

import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import orjson
from redis import Redis
from redis.client import Pipeline

from common.context import Ref
from common.encoding import UnreadableError, decode, encode
from common.errors import PositionError
from common.keys import redis_prefix
from common.kinds import REGISTRY
from common.kube.served import Record, Records
from common.lua import source
from common.objects import Obj, Side
from common.process.logs import get_log
from common.process.metrics import ODD_OBJECTS

_BATCH = 512
_RELIST_S = 300
_log = get_log(__name__)
_LISTING = "list "
_PUT = source("mark", "store")
_EACH = " ".join(plural for plural, kind in REGISTRY.items() if "host_referrers" in kind.needs)
_SEEN, _LACKED = _DEAD = ("T", "L")
"""What tombstones begin with: a watch showed the end, or a list lacked the object."""


@dataclass(frozen=True, slots=True)
class Change:
    """One object as a stream or a server's answer showed it.

    field: the virtual object's `ns/name`, on either side. obj: as Redis may hold it
    (`Kind.stored`), None when it is deleted; seen: a watch showed that it is, no mere list that
    lacked it. uid: of a host object's virtual one; the tombstone keeps it, so that its pod is not
    started again. known_at: a version at which the server still had the object, "" for its own.
    """

    field: str
    resource_version: str
    obj: Obj | None
    refs: tuple[Ref, ...] = ()
    uid: str = ""
    seen: bool = False
    known_at: str = ""


Standing = tuple[frozenset[tuple[str, str]], Records, Mapping[tuple[str, str], str]]
"""Of a virtual cluster's streams: those whose first full list is stored, the records of those that
have one, and up to which version all of each is stored."""

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
        self._put = redis.register_script(_PUT)
        self._purge = redis.register_script(source("purge"))
        self._move = redis.register_script(source("move"))
        self._forget = redis.register_script(source("forget"))
        self._begin = redis.register_script(source("begin"))

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
        move_to: str = "",
    ) -> list[str]:
        """Store a batch; answers the members that `WorkQueue.push` must give a job.

        `position`: where the stream must be, else nothing is stored and PositionError raised. What
        a watcher saw before it was away for long may be of objects whose end Redis never knew.
        `move_to`: where the stream is afterwards, "" for where it was; in the same step.

        A change that is not newer than what is stored is ignored, and so is a late one that is not
        newer than the stream's position while nothing is stored: the object was there and is gone.
        What a list lacked is there again when it is known to have been there later. Refs whose
        target wakes must name kinds that are synced, or their marks are never worked off. What
        can't be written as JSON, as it is nested too deeply, is passed over.
        """
        if not changes and not move_to:
            return []
        at = "" if position is None else f"={position}"
        args = [side, plural, "1" if wake_own else "", self._now(), mode, at, move_to, _EACH]
        args += _all_arguments(cluster, side, plural, changes)
        answer = cast(list[bytes] | None, self._put(keys=[redis_prefix(cluster)], args=args))
        if answer is None:
            raise PositionError(f"stream {cluster} {side}:{plural}: its position in Redis changed")
        return [member.decode() for member in answer]

    def put_answers(
        self, pipe: Pipeline, cluster: str, side: Side, plural: str, changes: Sequence[Change]
    ) -> None:
        """Have a pipeline store what a server answered to a worker, which wakes what refers to it
        and not its own keys. Its answer is as that of `put`, encoded."""
        args = [side, plural, "", self._now(), "late", "", "", _EACH]
        args += _all_arguments(cluster, side, plural, changes)
        # As a plain command: redis-py refuses `pipe.eval` on a Redis Cluster.
        pipe.execute_command(  # type: ignore[no-untyped-call]
            "EVAL", _PUT, 1, redis_prefix(cluster), *args
        )

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
        """Virtual and host object of each field, as far as they are stored and can be read."""
        if not fields:
            return []
        start, pipeline = redis_prefix(cluster), self._redis.pipeline(transaction=False)
        for side in ("virtual", "host"):
            pipeline.hmget(f"{start}:obj:{side}:{plural}", list(fields))
        sides = [[_readable(each) for each in side] for side in pipeline.execute()]
        return list(zip(*sides, strict=True))

    def read(self, cluster: str, side: Side, plural: str, stored: bytes | None) -> Obj | None:
        """The object that is stored so. Raises UnreadableError, and has its stream listed anew."""
        if stored is None:
            return None
        try:
            return decode(stored)
        except UnreadableError as error:
            self.list_anew(cluster, side, plural, str(error))
            raise

    def list_anew(self, cluster: str, side: Side, plural: str, why: str) -> None:
        """Have the stream's watcher fetch and store all of it again, whatever the versions.

        That is once in a while, as it may be of no use: watchers of another version of tohost may
        write what this one can't read. They notice when they next store how far they are.
        """
        start, stream = redis_prefix(cluster), f"{side}:{plural}"
        if not self._redis.set(f"{start}:relisted:{stream}", 1, nx=True, ex=_RELIST_S):
            return
        _log.error("stored object unreadable, listing anew", stream=f"{cluster} {stream}", why=why)
        pipeline = self._redis.pipeline()
        for what in ("shape", "pos"):
            pipeline.hdel(f"{start}:{what}", stream)
        pipeline.execute()

    def versions(self, cluster: str, side: Side, plural: str) -> dict[str, str]:
        """Live fields and their resourceVersions, to find what a full list no longer has."""
        stored = self._redis.hgetall(f"{redis_prefix(cluster)}:rv:{side}:{plural}")
        pairs = ((text(field), text(value)) for field, value in stored.items())
        return {field: value.partition(":")[0] for field, value in pairs if value[:1] not in _DEAD}

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
        return _pairs(members)

    def set_shape(self, cluster: str, side: Side, plural: str, shape: str) -> None:
        self._redis.hset(f"{redis_prefix(cluster)}:shape", f"{side}:{plural}", shape)

    def standings(
        self, clusters: Sequence[str]
    ) -> dict[str, tuple[frozenset[tuple[str, str]], Records]]:
        """What `standing_at` answers of many virtual clusters, without the positions."""
        pipeline = self._redis.pipeline(transaction=False)
        for cluster in clusters:
            pipeline.smembers(f"{redis_prefix(cluster)}:synced")
            pipeline.hgetall(f"{redis_prefix(cluster)}:served")
        answers = pipeline.execute() if clusters else []
        return {
            cluster: (_pairs(members), _records(records))
            for cluster, members, records in zip(clusters, answers[::2], answers[1::2], strict=True)
        }

    def standing_at(self, cluster: str) -> Standing:
        """How the virtual cluster's streams stand."""
        pipeline = self._redis.pipeline(transaction=False)
        self.ask_standing(pipeline, cluster)
        return self.standing_of(iter(pipeline.execute()))

    def ask_standing(self, pipeline: Pipeline, cluster: str) -> None:
        """Asks for what `standing_of` reads from the answers."""
        pipeline.smembers(f"{redis_prefix(cluster)}:synced")
        pipeline.hgetall(f"{redis_prefix(cluster)}:served")
        pipeline.hgetall(f"{redis_prefix(cluster)}:pos")

    def standing_of(self, answers: Iterator[Any]) -> Standing:
        """What `standing_at` answers; takes as many answers as `ask_standing` asked for."""
        members, records, positions = next(answers), next(answers), next(answers)
        return (
            _pairs(members),
            _records(records),
            {_pair(text(key)): complete_until(text(value)) for key, value in positions.items()},
        )

    def record(self, cluster: str, side: Side, plural: str) -> Record | None:
        """In which version the stream is stored, and whether its server has it; None: unknown."""
        value = self._redis.hget(f"{redis_prefix(cluster)}:served", f"{side}:{plural}")
        return Record.decode(text(value)) if value else None

    def stream(self, cluster: str, side: Side, plural: str) -> tuple[bool, str, Record | None, str]:
        """Whether it's synced, its position, record and shape; one round trip."""
        start, name = redis_prefix(cluster), f"{side}:{plural}"
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.sismember(f"{start}:synced", name)
        for what in ("pos", "served", "shape"):
            pipeline.hget(f"{start}:{what}", name)
        synced, *values = pipeline.execute()
        position, record, shape = (text(value or "") for value in values)
        if position.startswith(_LISTING):
            position = ""  # nothing to watch from
        return bool(synced), position, Record.decode(record) if record else None, shape

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

    def stored_by_cluster(
        self, candidates: Mapping[str, Collection[tuple[str, str]]]
    ) -> dict[str, frozenset[tuple[str, str]]]:
        """What `stored_streams` answers, for many virtual clusters; one round trip as long as no
        candidate has objects."""
        pipeline = self._redis.pipeline(transaction=False)
        for cluster, asked in candidates.items():
            start = redis_prefix(cluster)
            pipeline.smembers(f"{start}:synced")
            pipeline.hkeys(f"{start}:pos")
            # As a plain command: on a Redis Cluster redis-py would ask for each key apart. The
            # first one is there never.
            keys = [f"{start}:rv", *(f"{start}:rv:{side}:{plural}" for side, plural in asked)]
            pipeline.execute_command("EXISTS", *keys)  # type: ignore[no-untyped-call]
        answers = pipeline.execute() if candidates else []
        found = {}
        for at, (cluster, asked) in enumerate(candidates.items()):
            synced, listed, exist = answers[3 * at : 3 * at + 3]
            known = _pairs((*synced, *listed))
            found[cluster] = self.stored_streams(cluster, asked) if exist else known
        return found

    def claim_identity(self, cluster: str, digest: str, what: str = "identity") -> bool:
        """True when `digest` is, or now becomes, the identity of this virtual cluster, or of its
        host ("host-identity")."""
        key = f"{redis_prefix(cluster)}:{what}"
        self._redis.set(key, digest, nx=True)
        known = self._redis.get(key)
        return known is not None and text(known) == digest

    def is_claimed(self, cluster: str, digest: str) -> bool:
        """Whether `digest` is known as the identity of this virtual cluster and of no other."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.get(f"{redis_prefix(cluster)}:identity")
        pipeline.get(f"tohost:same:{digest}")
        identity, owner = (text(value or "") for value in pipeline.execute())
        return identity == digest and owner == cluster

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


def is_tombstone(version: str) -> bool:
    return version.startswith(_DEAD)


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


def _all_arguments(cluster: str, side: Side, plural: str, changes: Iterable[Change]) -> list[Any]:
    arguments: list[Any] = []
    for change in changes:
        try:
            arguments += _arguments(change)
        except orjson.JSONEncodeError as error:
            ODD_OBJECTS.labels(cluster, side, plural).inc()
            where = {"stream": f"{cluster} {side}:{plural}", "object": change.field}
            _log.error("object passed over, as it can't be stored", error=error, **where)
    return arguments


def _arguments(change: Change) -> list[Any]:
    """What lua/store.lua takes for one change."""
    if change.obj is None:
        body, note = b"", _SEEN if change.seen else _LACKED
    else:
        body, note = encode(change.obj), change.known_at
    refs = _encode(change.refs)
    return [change.field, change.resource_version, body, refs, change.uid, note]


def _readable(stored: bytes | None) -> Obj | None:
    try:
        return decode(stored) if stored else None
    except UnreadableError:
        return None


def _encode(refs: Iterable[Ref]) -> str:
    """One line a ref, sorted, so that equal sets compare equal."""
    lines = {f"{ref.wakes[0]} {ref.member}" for ref in refs}
    return "\n".join(sorted(lines))


def _pair(text: str) -> tuple[str, str]:
    side, _, plural = text.partition(":")
    return side, plural


def _pairs(members: Iterable[bytes | str]) -> frozenset[tuple[str, str]]:
    return frozenset(_pair(text(member)) for member in members)


def _records(stored: Mapping[bytes, bytes]) -> Records:
    return {_pair(text(key)): Record.decode(text(value)) for key, value in stored.items()}
