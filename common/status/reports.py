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
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import cast

import orjson
from redis import Redis, RedisError

from common.keys import redis_prefix
from common.process.health import Readiness

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
        self._clusters = frozenset(clusters)
        self._ready = ready
        self._name = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"
        self._told: frozenset[str] = frozenset()

    async def run(self) -> None:
        """Never returns. While Redis is away nobody can read it either."""
        while True:
            said = self._said()
            with contextlib.suppress(RedisError):
                if said or self._told:
                    await asyncio.to_thread(self._say, said)
            await asyncio.sleep(EVERY_S)

    def say(self) -> None:
        """Once; when there's nothing to say, and was nothing last time, that costs nothing. Raises
        redis.RedisError."""
        said = self._said()
        if said or self._told:
            self._say(said)

    def _said(self) -> dict[str, dict[str, str]]:
        ready = self._ready()
        return _by_cluster({**ready.notes, **ready.waiting}, self._clusters)

    def _say(self, said: Mapping[str, Said]) -> None:
        over = self._told - said.keys()
        now_s = self._redis.time()[0]
        with self._redis.pipeline(transaction=False) as pipe:
            for cluster, ours in said.items():
                start = redis_prefix(cluster)
                pipe.zadd(f"{start}:reports", {self._name: now_s})
                pipe.zremrangebyscore(f"{start}:reports", "-inf", now_s - KEPT_S)
                pipe.expire(f"{start}:reports", KEPT_S)
                pipe.set(f"{start}:report:{self._name}", orjson.dumps(dict(ours)), ex=KEPT_S)
            for cluster in over:
                pipe.zrem(f"{redis_prefix(cluster)}:reports", self._name)
            pipe.execute()
        self._told = frozenset(said)


def _by_cluster(said: Said, clusters: Collection[str]) -> dict[str, dict[str, str]]:
    """By virtual cluster what concerns it, or none in particular."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for what, words in said.items():
        about = what.partition(" ")[0]
        for cluster in [about] if about in clusters else clusters:
            found[cluster][what] = words
    return found


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
