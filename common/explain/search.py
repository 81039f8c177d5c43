"""Finding objects by a part of their virtual or host name.

Host objects are stored under their virtual objects' names. What a host name would be follows from
these, in either format, so no object has to be fetched; only cluster-scoped ones, which are few,
are asked for theirs.
"""

import heapq
from collections.abc import Iterable, Iterator
from functools import lru_cache

from redis import Redis

from common.cluster import Cluster
from common.encoding import UnreadableError, decode
from common.keys import Key, redis_prefix
from common.naming import hashed_host_name, host_name
from common.objects import name_of
from common.store import Store, is_tombstone, text

_COUNT = 1000
_EXACT, _START, _PART, _HOST = range(4)


def find(redis: Redis, clusters: Iterable[str], words: str, limit: int = 50) -> list[Key]:
    """The objects that match best: same name, then same start, then any part of it, then a part
    of the host name. `words` may be `name`, `ns/name` or `pods ns/name`; case doesn't matter.
    Raises redis.RedisError."""
    *kind, wanted = words.lower().split()[-2:] or [""]
    if not wanted:
        return []
    found = (
        (rank, key)
        for cluster in clusters
        for plural in _plurals(redis, cluster, kind[0] if kind else "")
        for key, host in _keys(redis, cluster, plural)
        if (rank := _rank(key, host, wanted)) is not None
    )
    return [key for _, key in heapq.nsmallest(limit, found)]


def _plurals(redis: Redis, cluster: str, kind: str) -> list[str]:
    """Those that begin so; "pod" is as good as "pods"."""
    streams = Store(redis).stored_streams(cluster, ())
    return [p for p in sorted({plural for _, plural in streams}) if p.startswith(kind)]


def _keys(redis: Redis, cluster: str, plural: str) -> Iterator[tuple[Key, str]]:
    """Every object that is there on either side, with its host name as far as that's stored."""
    start, seen = redis_prefix(cluster), set()
    for side in ("host", "virtual"):
        versions = redis.hscan_iter(f"{start}:rv:{side}:{plural}", count=_COUNT)
        fields = [text(f) for f, version in versions if not is_tombstone(text(version))]
        fresh = [field for field in fields if field not in seen]
        seen.update(fresh)
        names = _own_names(redis, f"{start}:obj:{side}:{plural}", fresh) if side == "host" else {}
        for field in fresh:
            yield Key.from_field(cluster, plural, field), names.get(field, "")


def _own_names(redis: Redis, where: str, fields: Iterable[str]) -> dict[str, str]:
    """Of cluster-scoped host objects."""
    wanted = [field for field in fields if "/" not in field]
    bodies = redis.hmget(where, wanted) if wanted else []
    return {field: _name(body) for field, body in zip(wanted, bodies, strict=True) if body}


def _name(body: bytes | str) -> str:
    try:
        return name_of(decode(body if isinstance(body, bytes) else body.encode()))
    except UnreadableError:
        return ""


def _rank(key: Key, host: str, wanted: str) -> int | None:
    """Lower is better, None for no match."""
    if wanted in (key.name, key.field):
        return _EXACT
    if key.name.startswith(wanted) or key.field.startswith(wanted):
        return _START
    if wanted in key.field:
        return _PART
    if host:
        return _HOST if wanted in host.lower() else None
    return _HOST if any(wanted in name for name in _host_names(key)) else None


def _host_names(key: Key) -> Iterator[str]:
    """As any configuration may have made them; those that namespace sync keeps match already."""
    if not key.namespace:
        return
    for cluster in _both_formats(key.cluster):
        yield host_name(cluster, key.namespace, key.name, key.plural)
        yield hashed_host_name(cluster, key.namespace, key.name, key.plural)


@lru_cache(maxsize=64)
def _both_formats(name: str) -> tuple[Cluster, Cluster]:
    return Cluster(name, "", "prefixed"), Cluster(name, "", "classic")
