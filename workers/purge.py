"""Forgets old tombstones, in one worker of all, now and then. Synchronous."""

from collections.abc import Iterable, Mapping

from redis import Redis

from common.keys import redis_prefix
from common.store import Store
from common.workqueue.turn import Turn
from workers.session import Session

PURGE_S = 60.0
TOMBSTONE_S = 600.0


class Purge:
    """`clusters`: those of the configuration."""

    def __init__(self, store: Store, clusters: Iterable[str]) -> None:
        self._store = store
        self._turn = Turn(store.redis, "purge", list(clusters), PURGE_S)

    def purge(self, sessions: Mapping[str, Session]) -> None:
        """Raises redis.RedisError."""
        if self._turn.take():
            for name in _with_tombstones(self._store.redis, sessions):
                self._store.purge_tombstones(name, TOMBSTONE_S)


def _with_tombstones(redis: Redis, sessions: Mapping[str, Session]) -> list[str]:
    """The virtual clusters that have any; most have none, most of the time."""
    with redis.pipeline(transaction=False) as pipe:
        for name, session in sessions.items():
            start = f"{redis_prefix(name)}:tomb"
            keys = [f"{start}:{s}:{p}" for p in session.active for s in ("virtual", "host")]
            # As a plain command: on a Redis Cluster redis-py would ask for each key apart.
            pipe.execute_command("EXISTS", *keys)  # type: ignore[no-untyped-call]
        counts = pipe.execute() if sessions else []
    return [name for name, count in zip(sessions, counts, strict=True) if count]
