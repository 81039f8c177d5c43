"""What the brake remembers of one virtual cluster, in Redis and by its clock.

`tohost:{V}:brake:<side>:asked`, `:let` and `:engaged` (see lua/brake.lua), and
`tohost:{V}:brake:released`. A side is the one on which something would be deleted. Synchronous;
raises redis.RedisError.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from redis import Redis

from common.keys import redis_prefix
from common.lua import source
from common.objects import Side
from common.store import text
from common.workqueue.hasten import wake

RELEASED_S = 600
"""As lua/brake.lua has it."""
SIDES: tuple[Side, ...] = ("host", "virtual")
_ENGAGED_S = 120
Asked = Side | Literal["followers"]
"""Who asks: a side, or what goes from the host because nothing refers to it any more."""
_ASKING: tuple[Asked, ...] = (*SIDES, "followers")
_SOURCE = source("brake")
_ASKED, _ENGAGED = 0, 2


@dataclass(frozen=True, slots=True)
class Held:
    """`count` deletions of `of` objects are held; `since` is a Unix time, 0 when not known."""

    count: int
    of: int
    since: float = 0.0


def engaged_at(redis: Redis, clusters: Sequence[str]) -> list[str]:
    """The virtual clusters of which some side's brake is engaged; one round trip."""
    with redis.pipeline(transaction=False) as pipe:
        for cluster in clusters:
            start = f"{redis_prefix(cluster)}:brake"
            # As a plain command: on a Redis Cluster redis-py would ask for each key apart.
            keys = [f"{start}:{side}:engaged" for side in SIDES]
            pipe.execute_command("EXISTS", *keys)  # type: ignore[no-untyped-call]
        counts = pipe.execute() if clusters else []
    return [cluster for cluster, count in zip(clusters, counts, strict=True) if count]


class BrakeState:
    def __init__(self, redis: Redis, cluster: str) -> None:
        self.cluster = cluster
        self._redis = redis
        self._script = redis.register_script(_SOURCE)

    def ask(self, side: Asked, member: str, settle_s: float, window_s: float) -> float | None:
        """How long this member must still wait before it's judged, None when it needn't be."""
        wait_s = float(self._call(side, "ask", member, settle_s, window_s))
        return None if wait_s < 0 else wait_s

    def is_asked(self, side: Asked) -> bool:
        """Whether anybody asked lately."""
        return bool(self._redis.exists(self._keys(side)[_ASKED]))

    def forget(self, side: Asked, member: str) -> None:
        """It doesn't ask any more."""
        self._redis.zrem(self._keys(side)[_ASKED], member)

    def let(self, side: Side, member: str, window_s: float) -> None:
        self._call(side, "let", member, window_s)

    def recent(self, side: Side, window_s: float) -> set[str]:
        """The members that were let go within the window."""
        return {text(each) for each in self._call(side, "recent", window_s)}

    def engage(self, side: Side, count: int, of: int) -> tuple[Held, bool]:
        """Whether it was open until now, too. Must be said again while it lasts."""
        since, new = self._call(side, "engage", count, of, _ENGAGED_S)
        return Held(count, of, float(since)), bool(new)

    def open(self, side: Side) -> bool:
        """Whether it was engaged until now; then all that was held is looked at again."""
        if not self._call(side, "open"):
            return False
        for asked in _ASKING:
            self._wake(asked)
        return True

    def engaged(self) -> Mapping[Side, Held]:
        """Where it is engaged, as of the last count."""
        pipeline = self._redis.pipeline(transaction=False)
        for side in SIDES:
            pipeline.hmget(self._keys(side)[_ENGAGED], "held", "of", "since")
        rows = zip(SIDES, pipeline.execute(), strict=True)
        return {side: Held(int(a), int(b), float(c)) for side, (a, b, c) in rows if a and b and c}

    def released(self) -> bool:
        return bool(self._call("host", "released"))

    def release(self) -> None:
        """Hold nothing for RELEASED_S, and look at once at what was held."""
        self._call("host", "release")
        for side in _ASKING:
            self._wake(side)

    def _wake(self, side: Asked) -> None:
        asked = cast(list[bytes], self._redis.zrange(self._keys(side)[_ASKED], 0, -1))
        wake(self._redis, self.cluster, [text(each) for each in asked])

    def _keys(self, side: Asked) -> list[str]:
        start = f"{redis_prefix(self.cluster)}:brake"
        own = [f"{start}:{side}:{what}" for what in ("asked", "let", "engaged")]
        return [*own, f"{start}:released"]

    def _call(self, side: Asked, *arguments: str | float) -> Any:
        return self._script(keys=self._keys(side), args=list(arguments))
