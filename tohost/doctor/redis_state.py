"""Redis: whether it can be used, keeps what it's given, and throws nothing out."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from redis import Redis
from redis.exceptions import NoPermissionError, RedisError

from common.redis.connection import servers
from common.redis.settings import KEEPS_ALL, eviction, persistence
from common.redis.trouble import explain
from tohost.doctor.finding import REDIS, Finding, ok, skipped

OLDEST = (6, 2)
_FULL = 0.9
_VERSION = re.compile(r"(\d+)\.(\d+)")
_REWRITE = "and write it to its configuration: redis-cli config rewrite"


def check(redis: Redis) -> Iterator[Finding]:
    """Nothing else is looked at in a Redis that doesn't answer. Never raises RedisError."""
    try:
        redis.ping()
    except RedisError as error:
        words, _, remedy = explain(error).words.partition("; ")
        yield Finding(REDIS, "connection", "problem", words, remedy)
        return
    yield ok(REDIS, "connection", "answers")
    yield from _asked(redis, "server", "version", _version)
    yield from _asked(redis, "persistence", "persistence", _persistence)
    yield from _asked(redis, "memory", "eviction", _eviction)
    yield from _asked(redis, "memory", "memory", _memory)


def _asked(
    redis: Redis, section: str, name: str, judge: Callable[[Mapping[str, Any]], Finding]
) -> Iterator[Finding]:
    """Of all servers that are written to the worst."""
    try:
        found = [judge(each) for each in servers(redis, section)]
    except NoPermissionError:
        yield skipped(REDIS, name, "redis.username may not ask; grant it +info")
        return
    except RedisError as error:
        yield skipped(REDIS, name, explain(error).words)
        return
    yield next((each for each in found if each.level != "ok"), found[0])


def _version(server: Mapping[str, Any]) -> Finding:
    told = str(server.get("redis_version") or "")
    found = _VERSION.match(told)
    if found and (int(found[1]), int(found[2])) < OLDEST:
        least = ".".join(map(str, OLDEST))
        return Finding(REDIS, "version", "problem", f"is {told}", f"run Redis {least} or newer")
    return ok(REDIS, "version", told or "unknown")


def _persistence(server: Mapping[str, Any]) -> Finding:
    if not persistence(server):
        return ok(REDIS, "persistence", "appendonly yes")
    words = "appendonly is no: a restart of Redis loses what it holds, and all is listed anew"
    remedy = f"redis-cli config set appendonly yes, {_REWRITE}"
    return Finding(REDIS, "persistence", "warning", words, remedy)


def _eviction(server: Mapping[str, Any]) -> Finding:
    wrong = "; ".join(eviction(server))
    if not wrong:
        return ok(REDIS, "eviction", f"maxmemory-policy {KEEPS_ALL}")
    remedy = f"redis-cli config set maxmemory-policy {KEEPS_ALL}, {_REWRITE}"
    return Finding(REDIS, "eviction", "problem", wrong.partition("; set ")[0], remedy)


def _memory(server: Mapping[str, Any]) -> Finding:
    most, used = int(server.get("maxmemory") or 0), int(server.get("used_memory") or 0)
    told = f"{used // 2**20} MiB used"
    if not most:
        return ok(REDIS, "memory", f"{told}, no limit")
    told = f"{told} of {most // 2**20} MiB"
    if used < _FULL * most:
        return ok(REDIS, "memory", told)
    remedy = "raise maxmemory, or remove what others keep in this Redis"
    return Finding(REDIS, "memory", "warning", f"nearly full: {told}", remedy)
