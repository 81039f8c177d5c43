"""Settings of a Redis with which changes, or all that it holds, may get lost: told to whoever
operates it, since only they can change them."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from redis import Redis, RedisError

from common.process.logs import get_log
from common.redis.connection import servers

EVERY_S = 60.0
FIRST_S = 2.0
KEEPS_ALL = "noeviction"
log = get_log(__name__)


class Settings:
    """`notes`: what is wrong now, for /readyz; `looked`: whether it's known."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._told: set[str] = set()
        self.looked = False
        self.notes: Mapping[str, str] = {}

    async def run(self) -> None:
        """Never returns. Says what is wrong once, at the start or when it's set."""
        while True:
            try:
                await asyncio.to_thread(self._look)
            except RedisError as error:
                log.debug("settings of Redis not read", error=str(error))
                await asyncio.sleep(FIRST_S)
                continue
            await asyncio.sleep(EVERY_S)

    def _look(self) -> None:
        told = [(server, persistence(server)) for server in servers(self._redis, "persistence")]
        lasting = {words for _, words in told if words}
        losing = {words for each in servers(self._redis, "memory") for words in eviction(each)}
        for words in sorted(lasting | losing):
            if words not in self._told:
                log.warning("setting of Redis", problem=words)
        self._told = lasting | losing
        self.looked = True
        self.notes = {"redis maxmemory-policy": "; ".join(sorted(losing))} if losing else {}


def persistence(server: Mapping[str, Any]) -> str:
    """What `INFO persistence` says is wrong. No note in /readyz: all can be listed again."""
    if int(server.get("aof_enabled", 1)):
        return ""
    return (
        "appendonly is no: a restart of Redis loses what it holds, and everything is listed again;"
        " set appendonly yes"
    )


def eviction(server: Mapping[str, Any]) -> Iterator[str]:
    """What `INFO memory` says is wrong."""
    policy = str(server.get("maxmemory_policy", KEEPS_ALL))
    if policy == KEEPS_ALL:
        return
    lost = "leases" if policy.startswith("volatile") else "objects and changes that are due"
    yield f"maxmemory-policy is {policy}: a full Redis silently drops {lost}; set {KEEPS_ALL}"
