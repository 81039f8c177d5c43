"""A worker's open connections for one virtual cluster."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from common.api import object_path
from common.cluster import Cluster
from common.errors import ApiError, NotFoundError, RetryError, TerminalError
from common.identity import identify
from common.keys import Key
from common.kind import Kind
from common.kube import KubeClient
from common.metadata import NAME, NAMESPACE, ours
from common.naming import hashed_host_name, host_name, host_namespace
from common.objects import Obj, annotations, name_of, namespace_of
from workers.gate import Stream
from workers.work import Work

LIVE_KEPT_S = 60.0
VERIFIED_FOR_S = 2.0
REPLACED_S = 30.0


@dataclass(slots=True)
class Session:
    """`digest_key` keys the digests of Secret data (see `common.identity`); `identity`
    tells which cluster the virtual one is. `kinds`: what is synced here, by plural, as far as the
    servers have it; `active`: the plurals that are watched; `gates`: what must be listed before
    they are worked on (see `workers.gate`)."""

    cluster: Cluster
    virtual: KubeClient
    host: KubeClient
    digest_key: bytes = field(repr=False)
    identity: str
    kinds: Mapping[str, Kind]
    active: frozenset[str]
    gates: Mapping[str, frozenset[Stream]]
    _verified_at: float = field(default=float("-inf"), repr=False)
    _live: dict[str, tuple[float, Obj | None]] = field(default_factory=dict, repr=False)

    async def host_object(self, work: Work) -> Obj:
        """A live read of the key's host object, under either name. Raises NotFoundError, and
        TerminalError as `refuse_claim` does."""
        cluster, key = self.cluster, work.key
        namespace = host_namespace(cluster, key.namespace)
        try:
            there = await self.host.get(
                work.kind, namespace, host_name(cluster, key.namespace, key.name)
            )
            if ours(work.kind, there, cluster) == key.field:
                return there
            refuse_claim(there, key)
        except NotFoundError as error:
            if not error.details:
                raise
        hashed = hashed_host_name(cluster, key.namespace, key.name)
        return await self.host.get(work.kind, namespace, hashed)

    async def verify(self) -> None:
        """Make sure that the virtual cluster is still the same, as another one's 404 proves
        nothing. Raises RetryError or ApiError."""
        now_s = time.monotonic()
        if now_s - self._verified_at < VERIFIED_FOR_S:
            return
        if (await identify(self.virtual)).digest != self.identity:
            raise RetryError(
                f"virtual cluster {self.cluster.name} was replaced by another one", REPLACED_S
            )
        self._verified_at = now_s

    async def live_host(self, kind: Kind, name: str) -> Obj | None:
        """The host's own object of that cluster-scoped kind and name, None when there is none or
        we may not read it; kept for a minute."""
        now_s, path = time.monotonic(), object_path(kind, "", name)
        kept = self._live.get(path)
        if kept is not None and now_s - kept[0] < LIVE_KEPT_S:
            return kept[1]
        try:
            found = await self.host.request("GET", path)
        except ApiError:
            found = None
        self._live[path] = now_s, found
        return found


def refuse_claim(host: Obj, key: Key) -> None:
    """Raise TerminalError when a host object that isn't provably ours says that it's this key's:
    somebody took its label away, say. It is neither gone, nor may we touch it."""
    notes = annotations(host)
    if (notes.get(NAMESPACE, ""), notes.get(NAME)) == (key.namespace, key.name):
        raise TerminalError(
            f"host object {namespace_of(host)}/{name_of(host)} names this object but lacks"
            " the labels and annotations that make it ours; delete it or restore them",
            "HostObjectNotOurs",
        )
