"""How the streams of virtual clusters stand: up to where they are stored, and in which version.

A stream is a kind on one side; its position is the version to watch from, or the mark of a list
that is under way.
"""

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from redis import Redis
from redis.client import Pipeline

from common.keys import redis_prefix
from common.kube.served import Record, Records
from common.lua import source
from common.objects import Side
from common.store.text import text

_LISTING = "list "

Standing = tuple[frozenset[tuple[str, str]], Records, Mapping[tuple[str, str], str]]
"""Of a virtual cluster's streams: those whose first full list is stored, the records of those that
have one, and up to which version all of each is stored."""


class Streams:
    """A part of `Store`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._move = redis.register_script(source("move"))
        self._begin = redis.register_script(source("begin"))

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


def complete_until(position: str) -> str:
    """The version up to which all of a stream was stored, by its position or the mark of a list
    that is under way; "" for none."""
    return position.removeprefix(_LISTING).rpartition(" ")[2] if position else ""


def _pair(text: str) -> tuple[str, str]:
    side, _, plural = text.partition(":")
    return side, plural


def _pairs(members: Iterable[bytes | str]) -> frozenset[tuple[str, str]]:
    return frozenset(_pair(text(member)) for member in members)


def _records(stored: Mapping[bytes, bytes]) -> Records:
    return {_pair(text(key)): Record.decode(text(value)) for key, value in stored.items()}
