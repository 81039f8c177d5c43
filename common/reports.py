"""What running processes note (see /readyz), kept in Redis for as long as they say it: so that
`tohost status` can tell of it without asking each process.

`tohost:{V}:reports` ZSET of processes by their last word (Redis' clock);
`tohost:{V}:report:<process>` what one of them says of that virtual cluster, with an expiry.
"""

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Callable, Collection, Mapping
from typing import cast

import orjson
from redis import Redis, RedisError

from common.health import Readiness
from common.keys import redis_prefix

EVERY_S = 5.0
KEPT_S = 16
Said = Mapping[str, str]
"""By what it's about: the virtual cluster itself, a stream or a kind of it, or the process."""


class Reports:
    """Those of this process. `ready`: what it would answer to a probe."""

    def __init__(
        self, redis: Redis, clusters: Collection[str], ready: Callable[[], Readiness]
    ) -> None:
        self._redis = redis
        self._clusters = clusters
        self._ready = ready
        self._name = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"

    async def run(self) -> None:
        """Never returns. While Redis is away nobody can read it either."""
        while True:
            with contextlib.suppress(RedisError):
                await asyncio.to_thread(self.say)
            await asyncio.sleep(EVERY_S)

    def say(self) -> None:
        """Once. Raises redis.RedisError."""
        ready = self._ready()
        said = {**ready.notes, **ready.waiting}
        now_s = self._redis.time()[0]
        with self._redis.pipeline(transaction=False) as pipe:
            for cluster in self._clusters:
                start, ours = redis_prefix(cluster), _about(cluster, said, self._clusters)
                if ours:
                    pipe.zadd(f"{start}:reports", {self._name: now_s})
                    pipe.set(f"{start}:report:{self._name}", orjson.dumps(ours), ex=KEPT_S)
                else:
                    pipe.zrem(f"{start}:reports", self._name)
                pipe.zremrangebyscore(f"{start}:reports", "-inf", now_s - KEPT_S)
            pipe.execute()


def _about(cluster: str, said: Said, clusters: Collection[str]) -> dict[str, str]:
    """What concerns that virtual cluster, or none in particular."""
    others = set(clusters) - {cluster}
    return {what: words for what, words in said.items() if what.partition(" ")[0] not in others}


def read(redis: Redis, cluster: str) -> dict[str, str]:
    """What processes say of the virtual cluster now, by what it's about. Raises RedisError."""
    start = redis_prefix(cluster)
    names = cast(list[bytes], redis.zrange(f"{start}:reports", 0, -1))
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.get(f"{start}:report:{name.decode()}")
        reports = pipe.execute()
    told: dict[str, set[str]] = {}
    for report in reports:
        for what, words in _decoded(report).items():
            told.setdefault(what, set()).add(words)
    return {what: "; ".join(sorted(words)) for what, words in told.items()}


def _decoded(report: bytes | None) -> dict[str, str]:
    """{} for what ran out just now, or was written by hand."""
    try:
        found = orjson.loads(report or b"{}")
    except orjson.JSONDecodeError:
        return {}
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(what): str(words) for what, words in pairs}
