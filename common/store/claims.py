"""Which cluster each virtual cluster is, and each host: the first that is seen, for good."""

from collections.abc import Collection

from redis import Redis

from common.keys import redis_prefix
from common.store.text import text


class Claims:
    """A part of `Store`. Digests are of what tells clusters apart."""

    _redis: Redis

    def claim_identity(self, cluster: str, digest: str, what: str = "identity") -> bool:
        """True when `digest` is, or now becomes, the identity of this virtual cluster, or of its
        host ("host-identity")."""
        key = f"{redis_prefix(cluster)}:{what}"
        self._redis.set(key, digest, nx=True)
        known = self._redis.get(key)
        return known is not None and text(known) == digest

    def is_claimed(self, cluster: str, digest: str) -> bool:
        """Whether `digest` is known as the identity of this virtual cluster and of no other."""
        pipeline = self._redis.pipeline(transaction=False)
        pipeline.get(f"{redis_prefix(cluster)}:identity")
        pipeline.get(f"tohost:same:{digest}")
        identity, owner = (text(value or "") for value in pipeline.execute())
        return identity == digest and owner == cluster

    def claim_cluster(self, cluster: str, digest: str, names: Collection[str]) -> str:
        """Which other one of `names` is this cluster already, "" when that's `cluster` alone."""
        key = f"tohost:same:{digest}"
        self._redis.set(key, cluster, nx=True)
        owner = text(self._redis.get(key) or "")
        known = text(self._redis.get(f"{redis_prefix(owner)}:identity") or "") if owner else ""
        if owner != cluster and owner in names and known == digest:
            return owner
        if owner != cluster:
            self._redis.set(key, cluster)
        return ""
