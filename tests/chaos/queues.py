"""What Redis must look like once all is done: no job stuck, no key locked, no lease of the dead.

Reads the raw keys, as `redis-cli` would.
"""

from __future__ import annotations

import base64
import time
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.chaos.violation import Violation

STUCK_S: Final = 10.0
"""For how long a key may be queued, started or overdue."""
_WATCHER_S: Final = 8.0
_FAILED: Final = b"rq:failed:"
_SHOWN: Final = "shown by RQ"


@dataclass
class Queues:
    """`redis` is a client of redis-py. Remembers between looks since when a key has been busy."""

    redis: Any
    clusters: Sequence[str]
    since: dict[tuple[str, bytes, bytes], float] = field(default_factory=dict)

    def check(self, alive: Collection[int], poison: Collection[str]) -> list[Violation]:
        """`alive`: process ids of the product; `poison`: members, as `cluster plural ns/name`,
        whose jobs may fail."""
        seconds, micros = self.redis.time()
        now_s, found = seconds + micros / 1e6, list[Violation]()
        for cluster in self.clusters:
            found += self._keys(cluster, now_s, alive)
            found += self._streams(cluster, alive)
        found += self._jobs(alive, poison)
        return found

    def busy(self) -> list[str]:
        """What is queued or runs at this moment."""
        return [
            f"{cluster} {member.decode()}"
            for cluster in self.clusters
            for member, state in self.redis.hgetall(_key(cluster, "state")).items()
            if state[:1] in (b"q", b"s")
        ]

    def _keys(self, cluster: str, now_s: float, alive: Collection[int]) -> Iterator[Violation]:
        states = self.redis.hgetall(_key(cluster, "state"))
        marks = self.redis.hgetall(_key(cluster, "dirty"))
        due = dict(self.redis.zrange(_key(cluster, "delayed"), 0, -1, withscores=True))
        leases = dict(self.redis.zrange(_key(cluster, "running"), 0, -1, withscores=True))
        tried = self.redis.hgetall(_key(cluster, "attempts"))
        still: set[tuple[str, bytes, bytes]] = set()
        for member, state in states.items():
            about = member.decode()
            if state[:1] in (b"q", b"s"):
                mark = (cluster, member, state + marks.get(member, b""))
                still.add(mark)
                since = self.since.setdefault(mark, time.monotonic())
                if time.monotonic() - since > STUCK_S:
                    yield Violation("stuck job", cluster, about, f"in state {state!r} for long")
            if state[:2] == b"s:" and not _lives(state, alive):
                yield Violation("locked", cluster, about, f"by {state!r}, who is dead")
            if state in (b"d", b"w") and now_s - due.get(member, 0) > STUCK_S:
                yield Violation("stuck job", cluster, about, "overdue")
            elif state in (b"d", b"w") and member in tried:
                yield Violation("pending retry", cluster, about, "is to be tried again")
        for member in marks.keys() - states.keys():
            yield Violation("stuck job", cluster, member.decode(), "marked, and nobody knows")
        for member, deadline in leases.items():
            if now_s - deadline > STUCK_S:
                yield Violation("locked", cluster, member.decode(), "its lease ran out long ago")
        for mark in [each for each in self.since if each[0] == cluster and each not in still]:
            del self.since[mark]

    def _streams(self, cluster: str, alive: Collection[int]) -> Iterator[Violation]:
        found = 0
        for key in self.redis.scan_iter(_key(cluster, "lease:*"), count=1000):
            found += 1
            holder = self.redis.get(key) or b""
            if holder and not _lives(holder, alive):
                about = key.decode().partition(":lease:")[2]
                yield Violation("locked", cluster, about, f"held by {holder!r}, who is dead")
        if not found:
            yield Violation("locked", cluster, "streams", "nobody watches anything")

    def _jobs(self, alive: Collection[int], poison: Collection[str]) -> Iterator[Violation]:
        """In RQ's own records."""
        for key in self.redis.scan_iter("rq:wip:*", count=1000):
            for entry in self.redis.zrange(key, 0, -1):
                yield from self._started(key, entry)
        for key in self.redis.scan_iter("rq:failed:*", count=1000):
            cluster = key.removeprefix(_FAILED).decode().partition(".")[0]
            for job in self.redis.zrange(key, 0, -1):
                about, told = self._told(job)
                if f"{cluster} {about}" not in poison:
                    yield Violation("failed job", cluster, about, told)

    def _started(self, key: bytes, entry: bytes) -> Iterator[Violation]:
        """RQ's record of a run, `job:execution`, must be of a key that runs."""
        queue = key.removeprefix(b"rq:wip:").decode()
        cluster = queue.partition(".")[0]
        member = self.redis.hget(b"rq:job:" + entry.partition(b":")[0], "description") or b""
        state = self.redis.hget(_key(cluster, "state"), member) or b""
        if state[:1] == b"s":
            return
        mark = (_SHOWN, key, entry)
        since = self.since.setdefault(mark, time.monotonic())
        if time.monotonic() - since > STUCK_S:
            told = f"RQ shows a run of it in {queue}, which is none"
            yield Violation("stuck job", cluster, member.decode() or entry.decode(), told)

    def _told(self, job: bytes) -> tuple[str, str]:
        about = self.redis.hget(b"rq:job:" + job, "description") or job
        results = self.redis.xrevrange(b"rq:results:" + job, count=1)
        packed = results[0][1].get(b"exc_string", b"") if results else b""
        try:
            said = zlib.decompress(base64.b64decode(packed)).decode()
        except (ValueError, zlib.error):
            said = repr(packed)
        return about.decode(), said[:300]


def _key(cluster: str, rest: str) -> str:
    return f"tohost:{{{cluster}}}:{rest}"


def _lives(holder: bytes, alive: Collection[int]) -> bool:
    """Names of workers and watchers have their process ids in them, between dots."""
    return any(f".{pid}.".encode() in holder for pid in alive)
