"""Whether a virtual cluster is in the store as it was when a scan found that all pairs agree.

Plans are pure functions of what is stored, so there's no need to plan all of it again. Time matters
to some, and a hand in Redis may change an object and not its version, so this holds for an hour.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis

from common.keys import redis_prefix
from workers.scan import Findings
from workers.session import Session

TRUSTED_S = 3600.0


@dataclass(frozen=True, slots=True)
class _Clean:
    session: Session
    state: int
    pairs: int
    at: float


class Unchanged:
    """Remembers for this process only. Synchronous. `clock` gives seconds, any start."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._clean: dict[str, _Clean] = {}

    def state(self, session: Session) -> int:
        """A digest of the versions of all that is stored, and of what is gone: another one as soon
        as anything changes. Raises redis.RedisError."""
        start, cluster = redis_prefix(session.cluster.name), session.cluster
        kinds = [session.kinds[plural] for plural in session.gates]
        streams = [f"{side}:{kind.plural}" for kind in kinds for side in kind.sides(cluster)]
        with self._redis.pipeline(transaction=False) as pipe:
            for stream in streams:
                pipe.hgetall(f"{start}:rv:{stream}")
            answers = pipe.execute()
        state = 0
        for stream, versions in zip(streams, answers, strict=True):
            for pair in versions.items():
                state ^= hash((stream, pair))
        return state

    def scanned(self, session: Session, before: int, findings: Findings) -> None:
        """A scan is over. `before`: the state when it began."""
        name = session.cluster.name
        self._clean.pop(name, None)
        if findings.all_agree:
            self._clean[name] = _Clean(session, before, findings.pairs, self._clock())

    def pairs(self, session: Session, state: int) -> int | None:
        """How many pairs agree by what is known, None when they must be looked at."""
        clean = self._clean.get(session.cluster.name)
        if clean is None or clean.session is not session or clean.state != state:
            return None
        return clean.pairs if self._clock() - clean.at < TRUSTED_S else None
