"""Whether a fleet has come to rest: what its Redis says of streams and of keys."""

import asyncio
import socket
import time
from collections.abc import Collection, Iterable
from typing import cast

from redis import Redis

from common.keys import redis_prefix

_LOOK_S = 0.1
_LOOKS = 5


def waiting(redis: Redis, clusters: Iterable[str]) -> int:
    """Keys that are queued or run: those marked, but those that are put off."""
    with redis.pipeline(transaction=False) as pipe:
        for cluster in clusters:
            pipe.hlen(f"{redis_prefix(cluster)}:dirty")
            pipe.zcard(f"{redis_prefix(cluster)}:delayed")
        answers = pipe.execute()
    return int(sum(answers[::2]) - sum(answers[1::2]))


def delayed(redis: Redis, clusters: Iterable[str]) -> int:
    """Keys that are put off: they failed, or are to be looked at later."""
    return sum(int(redis.zcard(f"{redis_prefix(each)}:delayed")) for each in clusters)


def listed(redis: Redis, clusters: Iterable[str]) -> int:
    """Streams whose first list is complete."""
    with redis.pipeline(transaction=False) as pipe:
        for cluster in clusters:
            pipe.scard(f"{redis_prefix(cluster)}:synced")
        return sum(map(int, pipe.execute()))


def held(redis: Redis, pids: Collection[int]) -> int:
    """Streams that are watched by these watcher processes, of this machine."""
    keys = list(redis.scan_iter("tohost:{*}:lease:*", count=10_000))
    owners = cast(list[bytes | None], redis.mget(keys)) if keys else []
    ours = tuple(f"{socket.gethostname()}.{pid}.".encode() for pid in pids)
    return sum(owner is not None and owner.startswith(ours) for owner in owners)


async def at_rest(
    redis: Redis, clusters: Collection[str], streams: int = 0, timeout_s: float = 300.0
) -> float:
    """When that many streams were listed and no key waited, and so it stayed for half a second; on
    `time.perf_counter`. Raises TimeoutError."""
    deadline, looks, since = time.perf_counter() + timeout_s, 0, 0.0
    while looks < _LOOKS:
        keys, lists = await asyncio.to_thread(_look, redis, clusters)
        if keys or lists < streams:
            looks, since = 0, 0.0
        else:
            since = since or time.perf_counter()
            looks += 1
        if time.perf_counter() > deadline:
            raise TimeoutError(f"{keys} keys wait, {lists} of {streams} streams are listed")
        await asyncio.sleep(_LOOK_S)
    return since


def _look(redis: Redis, clusters: Collection[str]) -> tuple[int, int]:
    return waiting(redis, clusters), listed(redis, clusters)
