"""Look now at what waits for a later time: its cause is gone."""

from collections.abc import Sequence
from typing import cast

from redis import Redis

from common.keys import redis_prefix
from common.workqueue.queue import WorkQueue

_BATCH = 500


def hasten(redis: Redis, cluster: str) -> None:
    """All keys of one virtual cluster that are delayed. Synchronous."""
    waiting = cast(list[bytes], redis.zrange(f"{redis_prefix(cluster)}:delayed", 0, -1))
    wake(redis, cluster, [member.decode() for member in waiting])


def wake(redis: Redis, cluster: str, members: Sequence[str]) -> None:
    queue = WorkQueue(redis, {cluster: 1})
    for start in range(0, len(members), _BATCH):
        queue.add(cluster, members[start : start + _BATCH])
