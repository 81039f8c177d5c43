"""Snapshots for the scan, which reads many keys of one kind at once, and reads them for nothing
when all is well: a few commands for all of them, where a reconcile's reader sends some for each."""

from collections.abc import Sequence
from typing import Any

from common.keys import Key, redis_prefix
from workers.snapshots import REFERRERS_READ, REFERRERS_READ_ALL, Rows, SnapshotReader

_NO_REFERRERS: frozenset[bytes] = frozenset()


class ScanReader(SnapshotReader):
    """All keys of one `read` are of one virtual cluster and kind. As the other, it's synchronous
    and not shared between threads."""

    def _rows(self, keys: Sequence[Key], clusters: Sequence[str]) -> Rows:
        start, plural = redis_prefix(keys[0].cluster), keys[0].plural
        fields = [key.field for key in keys]
        places = list(dict.fromkeys(key.namespace for key in keys))
        pipeline = self._redis.pipeline(transaction=False)
        for what in ("obj", "rv"):
            for side in ("virtual", "host"):
                pipeline.hmget(f"{start}:{what}:{side}:{plural}", fields)
        pipeline.hmget(f"{start}:obj:virtual:namespaces", places)
        for place in places:
            pipeline.get(f"{start}:svcver:{place}")
        answers = pipeline.execute()
        around = dict(zip(places, zip(answers[4], answers[5:], strict=True), strict=True))
        referrers = self._referrers(keys)
        rows = [
            [*objects, *around[key.namespace], *refs]
            for key, refs, *objects in zip(keys, referrers, *answers[:4], strict=True)
        ]
        return rows, {cluster: self._store.standing_at(cluster) for cluster in clusters}

    def _referrers(self, keys: Sequence[Key]) -> list[tuple[Any]]:
        """Only of kinds that ask for them."""
        needs = self._kind(keys[0]).needs
        if not needs & {"referrers", "host_referrers"}:
            return [(_NO_REFERRERS,)] * len(keys)
        most = REFERRERS_READ_ALL if "host_referrers" in needs else REFERRERS_READ
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            pipeline.srandmember(f"{redis_prefix(key.cluster)}:refs:t {key.member}", most)
        return [(each,) for each in pipeline.execute()]
