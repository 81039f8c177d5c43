"""What the workqueue holds of one virtual cluster, told for people: how much there is of each kind,
and which keys don't get on, and why. Only reads.
"""

import binascii
import zlib
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from redis import Redis
from rq.results import Result

from common.keys import Key, redis_prefix
from common.workqueue import jobs
from common.workqueue.depth import depths
from common.workqueue.tries import Tries

LONG_S = 15.0
"""Who is pending for longer is named: after any outage all is done by then."""
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Load:
    """Keys of one kind. pending: queued, running, or tried again soon; later: fine, and looked at
    again at a time of their own; `oldest_s`: how long one has been pending or failing."""

    pending: int = 0
    later: int = 0
    failing: int = 0
    oldest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """A key that doesn't get on. failing: shown as a failed job; retrying: after transient
    failures; waiting: for a worker. `next_s`: until it's tried again, 0 when that is now."""

    key: Key
    state: Literal["failing", "retrying", "waiting"]
    tries: int
    since_s: float
    next_s: float
    words: str


@dataclass(frozen=True, slots=True)
class Overview:
    loads: Mapping[str, Load]
    troubles: Sequence[Trouble]


@dataclass(frozen=True, slots=True)
class _Row:
    """One key that isn't idle. `due_s`: Unix time, 0 without."""

    key: Key
    state: str
    tries: Tries
    due_s: float

    @property
    def failing(self) -> bool:
        """Also while it's tried again."""
        return self.state == "f" or self.tries.refusals > 0 or self.tries.blocked_for_long

    @property
    def later(self) -> bool:
        return self.state in ("d", "w") and not self.tries.total


def overview(redis: Redis, cluster: str) -> Overview:
    """Raises redis.RedisError."""
    now_s, rows = _read(redis, cluster)
    heads = _heads(redis, cluster)
    plurals = sorted({row.key.plural for row in rows} | {key.plural for key, _, _ in heads})
    waits = {key.plural: age_s for key, age_s, _ in heads}
    by_plural = {plural: [row for row in rows if row.key.plural == plural] for plural in plurals}
    loads = {plural: _load(by_plural[plural], waits.get(plural, 0), now_s) for plural in plurals}
    stuck = [row for row in rows if row.failing or _age_s(row, now_s) > LONG_S]
    words = last_words(redis, [row.key for row in stuck])
    told = [_trouble(row, now_s, text) for row, text in zip(stuck, words, strict=True)]
    named = {each.key for each in told}
    told += [_waiting(*head) for head in heads if head[1] > LONG_S and head[0] not in named]
    return Overview(loads, sorted(told, key=lambda each: (each.state, each.key)))


def _read(redis: Redis, cluster: str) -> tuple[float, list[_Row]]:
    """Redis' time, and every key that isn't idle. Garbage is passed over."""
    start = redis_prefix(cluster)
    with redis.pipeline(transaction=False) as pipe:
        pipe.hgetall(f"{start}:state")
        pipe.hgetall(f"{start}:attempts")
        pipe.zrange(f"{start}:delayed", 0, -1, withscores=True)
        pipe.hget(f"{start}:clock", "behind")
        states, attempts, delayed, behind = pipe.execute()
    seconds, microseconds = redis.time()
    # Redis' date may have been set back; the workqueue's clock was not (see lua/state.lua).
    due = {member: score - float(behind or 0) for member, score in delayed}
    rows = []
    for member, state in states.items():
        try:
            key = Key.from_member(cluster, member.decode())
        except ValueError:
            continue
        tries = Tries.decode(attempts.get(member, b"").decode(errors="replace"))
        word = state.decode(errors="replace").partition(":")[0]
        rows.append(_Row(key, word, tries, due.get(member, 0.0)))
    return float(seconds) + microseconds / 1e6, rows


def _heads(redis: Redis, cluster: str) -> list[tuple[Key, float, int]]:
    """The key that is next in each queue, how long it has been there, how many are behind it."""
    found = {place: each for place, each in depths(redis, [cluster]).items() if each.queued}
    with redis.pipeline(transaction=False) as pipe:
        for cluster_plural in found:
            pipe.lindex(jobs.queue_key(*cluster_plural), 0)
        ids = pipe.execute()
    keys = [jobs.key_of((id_ or b"").decode(errors="replace")) for id_ in ids]
    pairs = zip(keys, found.values(), strict=True)
    return [(key, depth.oldest_s, depth.queued - 1) for key, depth in pairs if key is not None]


def _load(rows: Sequence[_Row], queued_s: float, now_s: float) -> Load:
    failing = sum(row.failing for row in rows)
    later = sum(row.later for row in rows)
    oldest_s = max([queued_s, *(_age_s(row, now_s) for row in rows)])
    return Load(len(rows) - failing - later, later, failing, oldest_s)


def _age_s(row: _Row, now_s: float) -> float:
    return max(0.0, now_s - row.tries.since_s) if row.tries.total else 0.0


def _trouble(row: _Row, now_s: float, words: str) -> Trouble:
    next_s = max(0.0, row.due_s - now_s) if row.due_s else 0.0
    state: Literal["failing", "retrying"] = "failing" if row.failing else "retrying"
    return Trouble(row.key, state, row.tries.total, _age_s(row, now_s), next_s, words)


def _waiting(key: Key, age_s: float, behind: int) -> Trouble:
    words = "queued" + (f"; {behind} more behind it" if behind else "")
    return Trouble(key, "waiting", 0, age_s, 0.0, words)


def last_words(redis: Redis, keys: Sequence[Key]) -> Iterator[str]:
    """What was said of each key last, "" when nobody knows."""
    for start in range(0, len(keys), _BATCH):
        with redis.pipeline(transaction=False) as pipe:
            for key in keys[start : start + _BATCH]:
                pipe.xrevrange(Result.get_key(jobs.job_id(key)), count=1)  # type: ignore[no-untyped-call]
            yield from map(_said, pipe.execute(raise_on_error=False))


def _said(entries: Iterable[tuple[bytes, Mapping[bytes, bytes]]] | Exception) -> str:
    """From RQ's stream of a job's results; of the rest of it nothing is decoded."""
    if isinstance(entries, Exception):
        return ""
    for _, payload in entries:
        try:
            raw = zlib.decompressobj().decompress(b64decode(payload[b"exc_string"]), 65536)
        except (KeyError, binascii.Error, zlib.error):
            return ""
        return raw.decode(errors="replace")
    return ""
