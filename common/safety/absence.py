"""Which stored objects lost their counterpart without anyone seeing it go.

A host object whose virtual object is just not there: no watch event showed its end. Or a virtual
pod whose host pod is. Each may be right, and many at once may be an accident: an emptied etcd, a
wrong kubeconfig, a host namespace that was swept away. `common.safety.brake` judges; this counts.
"""

from collections.abc import Iterable, Iterator, Sequence

from redis import Redis

from common.cluster import Cluster
from common.keys import redis_prefix
from common.kind import Kind
from common.objects import Obj, Side, is_deleting, uid
from common.store import Store, ended_uid, seen_end, text

_READ = 500


class Absences:
    """Of one virtual cluster. Synchronous, a few round trips; raises redis.RedisError."""

    def __init__(self, redis: Redis, cluster: Cluster, kinds: Iterable[Kind]) -> None:
        self._redis = redis
        self._store = Store(redis)
        self._cluster = cluster
        self._kinds = [kind for kind in kinds if _is_paired(kind, cluster)]

    def of(self, side: Side) -> tuple[set[str], set[str]]:
        """The members that lack their counterpart, of which those on `side` would be deleted for
        it; and all that are there as a pair or lack it. Kinds that aren't listed yet don't count:
        nobody can tell of them."""
        synced = self._store.synced(self._cluster.name)
        lacking: set[str] = set()
        everything: set[str] = set()
        for kind in self._kinds:
            if {("virtual", kind.plural), ("host", kind.plural)} <= synced:
                fields, paired = self._fields(kind, side)
                found = {f"{kind.plural} {field}" for field in self._unseen(kind, side, fields)}
                lacking |= found
                everything |= found | {f"{kind.plural} {field}" for field in paired}
        return lacking, everything

    def _fields(self, kind: Kind, side: Side) -> tuple[list[str], set[str]]:
        """Those on `side` alone, and those that count as there: pairs, and all of the host's."""
        if side == "virtual" and not kind.runs_once:
            return [], set()
        start = f"{redis_prefix(self._cluster.name)}:obj"
        pipeline = self._redis.pipeline(transaction=False)
        for one in ("virtual", "host"):
            pipeline.hkeys(f"{start}:{one}:{kind.plural}")
        virtual, host = ({text(field) for field in fields} for fields in pipeline.execute())
        return sorted(host - virtual if side == "host" else virtual - host), host

    def _unseen(self, kind: Kind, side: Side, fields: Sequence[str]) -> Iterator[str]:
        """Of these without a counterpart, those whose counterpart nobody saw end."""
        start, other = redis_prefix(self._cluster.name), "host" if side == "virtual" else "virtual"
        for first in range(0, len(fields), _READ):
            some = fields[first : first + _READ]
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hmget(f"{start}:obj:{side}:{kind.plural}", some)
            pipeline.hmget(f"{start}:rv:{other}:{kind.plural}", some)
            for field, obj, end in zip(some, *pipeline.execute(), strict=True):
                found = self._store.read(self._cluster.name, side, kind.plural, obj)
                if found is not None and _lost(kind, side, found, end):
                    yield field


def _lost(kind: Kind, side: Side, obj: Obj, end: bytes | None) -> bool:
    """Whether the object would be deleted for want of a counterpart whose end nobody saw."""
    if is_deleting(obj):
        return False
    if side == "host":
        return not seen_end(end)
    if ended_uid(end) == uid(obj) != "":
        return not seen_end(end)
    return kind.already_ran(obj)


def _is_paired(kind: Kind, cluster: Cluster) -> bool:
    """Whether a host object of the kind stands for a virtual one and goes with it."""
    both = set(kind.sides(cluster)) == {"virtual", "host"}
    return both and not kind.host_read_only and kind.plural not in cluster.draining
