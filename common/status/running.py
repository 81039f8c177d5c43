"""Which watchers and workers run, by what they say of themselves in Redis: only reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from redis import Redis
from rq import worker_registration
from rq.utils import utcparse
from rq.worker import BaseWorker

from common.status.crew import WATCHER_LEASE_S, WATCHERS
from common.store import text

_FIELDS = ("state", "last_heartbeat", "successful_job_count", "failed_job_count")


@dataclass(frozen=True, slots=True)
class Process:
    """`heard_s`: how long ago it said that it lives. A worker is busy or idle, and has ended so
    many runs, some of them with a failure."""

    role: Literal["watcher", "worker"]
    name: str
    heard_s: float
    state: str = ""
    done: int = 0
    failed: int = 0


def processes(redis: Redis) -> Sequence[Process]:
    """Watchers first, by name. Raises redis.RedisError."""
    now_s = _now_s(redis)
    return [*_watchers(redis, now_s), *_workers(redis, now_s)]


def _watchers(redis: Redis, now_s: float) -> list[Process]:
    rows: Any = redis.zrangebyscore(
        WATCHERS, (now_s - WATCHER_LEASE_S) * 1000, "+inf", withscores=True
    )
    pairs = ((text(name), score / 1000) for name, score in rows)
    return sorted(
        (Process("watcher", name, max(0.0, now_s - at_s)) for name, at_s in pairs),
        key=lambda each: each.name,
    )


def _workers(redis: Redis, now_s: float) -> list[Process]:
    keys = sorted(text(key) for key in worker_registration.get_keys(connection=redis))
    with redis.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.hmget(key, *_FIELDS)
        rows = pipe.execute()
    told = [_worker(key, row, now_s) for key, row in zip(keys, rows, strict=True)]
    return [each for each in told if each is not None]


def _worker(key: str, row: Sequence[bytes | None], now_s: float) -> Process | None:
    """None for one whose heartbeat ran out just now, or that was written by hand."""
    try:
        state, heard, done, failed = (text(value or b"") for value in row)
        heard_s = max(0.0, now_s - utcparse(heard).timestamp())
        counts = int(done or 0), int(failed or 0)
    except ValueError:
        return None
    name = key.removeprefix(BaseWorker.redis_worker_namespace_prefix)
    return Process("worker", name, heard_s, state, *counts)


def _now_s(redis: Redis) -> float:
    seconds, microseconds = redis.time()
    return float(seconds) + microseconds / 1e6
