"""A worker's open connections for one virtual cluster."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from common.cluster import Cluster
from common.errors import ApiError, NotFoundError, RetryError
from common.identity import identify
from common.kube import KubeClient
from common.metadata import ours
from common.naming import hashed_host_name, host_name, host_namespace
from common.objects import Obj
from workers.gate import Stream
from workers.work import Work

NODE_KEPT_S = 60.0
VERIFIED_FOR_S = 2.0
REPLACED_S = 30.0


@dataclass(frozen=True, slots=True)
class Session:
    """`digest_key` keys the digests of Secret data (see `common.identity`); `identity`
    tells which cluster the virtual one is. `active`: the plurals that are worked on here; `gates`:
    what must be listed before (see `workers.gate`)."""

    cluster: Cluster
    virtual: KubeClient
    host: KubeClient
    digest_key: bytes = field(repr=False)
    identity: str
    active: frozenset[str]
    gates: Mapping[str, frozenset[Stream]]
    _seen: dict[str, float] = field(default_factory=dict, repr=False)
    _nodes: dict[str, tuple[float, Obj | None]] = field(default_factory=dict, repr=False)

    async def host_object(self, work: Work) -> Obj:
        """A live read of the key's host object, under either name. Raises NotFoundError."""
        cluster, key = self.cluster, work.key
        namespace = host_namespace(cluster, key.namespace)
        try:
            there = await self.host.get(
                work.kind, namespace, host_name(cluster, key.namespace, key.name)
            )
            if ours(work.kind, there, cluster) == key.field:
                return there
        except NotFoundError as error:
            if not error.details:
                raise
        hashed = hashed_host_name(cluster, key.namespace, key.name)
        return await self.host.get(work.kind, namespace, hashed)

    async def verify(self) -> None:
        """Make sure that the virtual cluster is still the same, as another one's 404 proves
        nothing. Raises RetryError or ApiError."""
        now_s = time.monotonic()
        if now_s - self._seen.get("verified", float("-inf")) < VERIFIED_FOR_S:
            return
        if (await identify(self.virtual)).digest != self.identity:
            raise RetryError(
                f"virtual cluster {self.cluster.name} was replaced by another one", REPLACED_S
            )
        self._seen["verified"] = now_s

    async def host_node(self, name: str) -> Obj | None:
        """The host's Node, None when there is none or we may not read it; kept for a minute."""
        now_s = time.monotonic()
        kept = self._nodes.get(name)
        if kept is not None and now_s - kept[0] < NODE_KEPT_S:
            return kept[1]
        try:
            node = await self.host.request("GET", f"/api/v1/nodes/{name}")
        except ApiError:
            node = None
        self._nodes[name] = now_s, node
        return node
