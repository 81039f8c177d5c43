"""The object store: the last seen object of every key and side, in Redis.

Watchers put what they see, workers put what the servers answered; a resourceVersion never goes
back, and a tombstone keeps a late write from bringing an object back. A put and the dirty marks
that it causes are one atomic step (lua/store.lua), so no crash can lose a change. Everything here
is synchronous and batch-wise; asynchronous callers use `asyncio.to_thread`.

Raises redis.RedisError when Redis can't be reached; nothing is half done then.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import cast

from redis import Redis
from redis.client import Pipeline

from common.encoding import UnreadableError, decode
from common.errors import PositionError
from common.keys import redis_prefix
from common.kinds import REGISTRY
from common.lua import source
from common.objects import Obj, Side
from common.process.logs import get_log
from common.store.change import DEAD, Change, Mode, arguments
from common.store.claims import Claims
from common.store.streams import Streams
from common.store.text import text

_BATCH = 512
_RELIST_S = 300
_log = get_log(__name__)
_PUT = source("mark", "store")
_EACH = " ".join(plural for plural, kind in REGISTRY.items() if "host_referrers" in kind.needs)


class Store(Streams, Claims):
    """`clock` gives Unix seconds to tests; without it tombstones carry the time of Redis, and no
    other machine's date matters."""

    def __init__(self, redis: Redis, clock: Callable[[], float] | None = None) -> None:
        super().__init__(redis)
        self._clock = clock
        self._put = redis.register_script(_PUT)
        self._purge = redis.register_script(source("purge"))
        self._forget = redis.register_script(source("forget"))

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
        args += arguments(cluster, side, plural, changes)
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
        args += arguments(cluster, side, plural, changes)
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
        return {field: value.partition(":")[0] for field, value in pairs if value[:1] not in DEAD}

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


def _readable(stored: bytes | None) -> Obj | None:
    try:
        return decode(stored) if stored else None
    except UnreadableError:
        return None
