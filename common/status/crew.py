"""Who is there: watchers and workers that were heard of a moment ago, as Redis knows them."""

from dataclasses import dataclass

from redis import Redis
from rq import worker_registration

WATCHERS = "tohost:watchers"
"""ZSET of watchers by their last announcement, in milliseconds of Redis' clock."""
WATCHER_LEASE_S = 8.0


@dataclass(frozen=True, slots=True)
class Crew:
    """How many there are."""

    watchers: int
    workers: int


def crew(redis: Redis) -> Crew:
    """Raises redis.RedisError."""
    return Crew(_watchers(redis), _workers(redis))


def _watchers(redis: Redis) -> int:
    """Those that announced themselves a moment ago."""
    since_ms = (redis.time()[0] - WATCHER_LEASE_S) * 1000
    return int(redis.zcount(WATCHERS, since_ms, "+inf"))


def _workers(redis: Redis) -> int:
    """Those whose heartbeat has not run out."""
    keys = list(worker_registration.get_keys(connection=redis))
    with redis.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.exists(key)
        return sum(pipe.execute())
