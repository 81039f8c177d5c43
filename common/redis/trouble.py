"""What keeps Redis from being used, in words for whoever operates it, and told once.

A Redis that is full, read-only, away or not ours to use is no error of any object: everything
pauses, and goes on by itself.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from redis import RedisError

from common.process.logs import get_log

log = get_log(__name__)

AWAY = "away"
_GOES_ON = "syncing pauses and goes on by itself"
# The first that fits: what errors are called or say, a name for it, what to tell.
_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        r"OutOfMemoryError|\bOOM\b",
        "full",
        f"Redis is full (used_memory reached maxmemory): {_GOES_ON} once there is memory; raise"
        " maxmemory, or remove what others keep in this Redis",
    ),
    (
        r"\bNOREPLICAS\b|Not enough good replicas",
        "too few replicas",
        "Redis takes no writes because too few replicas follow it (min-replicas-to-write):"
        f" {_GOES_ON} once they do; start its replicas",
    ),
    (
        r"\bMISCONF\b",
        "not saving",
        f"Redis takes no writes because it can't save to its disk: {_GOES_ON} once it can; its log"
        " says what is wrong with the disk",
    ),
    (
        r"ReadOnlyError|\bREADONLY\b|read only replica|previous master is now a slave",
        "read-only",
        f"Redis is read-only, since it is a replica: {_GOES_ON} once a failover is over; else"
        " redis.url must lead to the master",
    ),
    (
        r"BusyLoadingError|\bLOADING\b|Redis is loading",
        AWAY,
        f"Redis is loading its data: {_GOES_ON}",
    ),
    (
        r"MasterDownError|\bMASTERDOWN\b|MasterNotFoundError",
        AWAY,
        f"no master of Redis is known: {_GOES_ON} once a failover is over; else check the Sentinels"
        " and the service's name in redis.url",
    ),
    (r"can't be read: ", "credentials", "{error}; correct redis.passwordFile"),
    (
        r"WRONGPASS|NOAUTH|AuthenticationError|[Ii]nvalid username-password|[Ii]nvalid password"
        r"|Authentication required",
        "credentials",
        "Redis refuses the user or the password; correct redis.username and redis.passwordFile",
    ),
    (
        r"NOPERM|NoPermissionError|no permissions",
        "rights",
        "the user of redis.username may not do what is needed ({error}); grant it, see"
        " docs/operating.md",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|\[SSL|[Cc]ertificate",
        "TLS",
        "TLS with Redis fails ({error}); correct redis.caFile, certFile and keyFile",
    ),
    (
        r"Cluster mode is not enabled|cluster support disabled",
        "no Cluster",
        "redis.url says redis+cluster://, but that Redis is no Cluster; write redis://",
    ),
    (
        r"MovedError|AskError|\bMOVED\b",
        "a Cluster",
        "redis.url leads to a node of a Redis Cluster; write redis+cluster://host:port,host:port",
    ),
    (
        r"CLUSTERDOWN|ClusterDownError|not covered",
        AWAY,
        f"the Redis Cluster has no node for some of its slots: {_GOES_ON} once it has; start its"
        " nodes",
    ),
    (
        r"ConnectionError|TimeoutError|ClusterUnusableError",
        AWAY,
        f"Redis can't be reached ({{error}}): {_GOES_ON} once it can; if it runs, check redis.url"
        " (rediss:// for TLS)",
    ),
)


@dataclass(frozen=True, slots=True)
class Trouble:
    """`kind` is the same for all errors of one cause; `words` are for people."""

    kind: str
    words: str


def explain(error: RedisError) -> Trouble:
    """What an error means and what to do."""
    # In a pipeline redis-py puts the command in front, which is none of the cause.
    said = str(error).rpartition(" of pipeline caused error: ")[2]
    text = f"{type(error).__name__} {said}"
    for pattern, kind, words in _KNOWN:
        if re.search(pattern, text):
            return Trouble(kind, words.replace("{error}", said))
    return Trouble(type(error).__name__, f"Redis can't be used: {said}")


class Troubles:
    """What each part of a process last met; `words` is "" while Redis serves all of them.

    An outage is told when it begins, and again only when another cause shows.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._by_part: dict[str, Trouble] = {}
        self._told: set[str] = set()
        self._began = 0.0
        self._clock = clock

    @property
    def words(self) -> str:
        return next((each.words for each in self._by_part.values()), "")

    def besides(self, part: str) -> bool:
        """Whether another part is in trouble."""
        return bool(self._by_part.keys() - {part})

    def met(self, part: str, error: RedisError) -> str:
        """The part could not do its work; answers the words for it."""
        trouble = explain(error)
        if not self._by_part:
            self._began = self._clock()
        if trouble.kind not in self._told:
            log.error("Redis can't be used, syncing pauses", reason=trouble.words)
            self._told.add(trouble.kind)
        self._by_part[part] = trouble
        return trouble.words

    def over(self, part: str) -> None:
        """The part did its work, or ended."""
        if self._by_part.pop(part, None) and not self._by_part:
            self._told.clear()
            log.info("Redis can be used again", after_s=round(self._clock() - self._began, 1))
