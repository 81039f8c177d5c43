"""A worker's open connections for one virtual cluster."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from common.cluster import Cluster
from common.errors import (
    ApiError,
    IdentityError,
    NotFoundError,
    RetryError,
    TerminalError,
)
from common.keys import Key
from common.kind import Kind
from common.kube.api import object_path
from common.kube.client import KubeClient
from common.kube.discovery import Discovery
from common.kube.link import Link
from common.kube.served import Records, resolved
from common.metadata import NAME, NAMESPACE, ours
from common.naming import hashed_host_name, host_name, host_namespace
from common.objects import Obj, Side, annotations, is_deleting, name_of, namespace_of
from common.safety.brake import Brake
from workers.gate import Stream
from workers.moves import Moves
from workers.owner import Owner
from workers.service_ranges import ServiceRanges
from workers.work import Work

LIVE_KEPT_S = 60.0
LIVE_KEPT = 2000
VERIFIED_FOR_S = 2.0
NAMESPACE_KEPT_S = 5.0
REPLACED_S = 30.0


@dataclass(slots=True)
class Session:
    """`digest_key` keys the digests of Secret data (see `common.safety.identity`). `kinds`: what is
    synced here, by plural, as the configuration has it; `active`: the plurals that are watched;
    `gates`: what must be listed before they are worked on (see `workers.gate`). `link`: proves that
    both clusters are still the same. `owner`: of all host objects, if there is one. `stopped`: why
    nothing is worked on, "" when it is."""

    cluster: Cluster
    virtual: KubeClient
    host: KubeClient
    digest_key: bytes = field(repr=False)
    kinds: Mapping[str, Kind]
    active: frozenset[str]
    gates: Mapping[str, frozenset[Stream]]
    link: Link | None = None
    brake: Brake | None = None
    owner: Owner | None = None
    stopped: str = ""
    service_ranges: ServiceRanges = field(default_factory=ServiceRanges, repr=False)
    moves: Moves = field(default_factory=Moves, repr=False)
    _namespaces_at: dict[str, float] = field(default_factory=dict, repr=False)
    _lacking_at: dict[tuple[Side, str], float] = field(default_factory=dict, repr=False)
    _live: dict[str, tuple[float, Obj | None]] = field(default_factory=dict, repr=False)

    def client(self, side: Side) -> KubeClient:
        return self.virtual if side == "virtual" else self.host

    def kind_at(self, plural: str, synced: frozenset[Stream], records: Records) -> Kind | None:
        """The kind as it may be worked on, None while it may not: what it needs isn't complete in
        the store, or the servers lack it, or they are others. `synced`, `records`: see
        `Store.standing_at`."""
        if self.stopped:
            return None
        kind = resolved(self.kinds[plural], self.cluster, records)
        return kind if kind is not None and self.gates[plural] <= synced else None

    async def host_object(self, work: Work) -> Obj:
        """A live read of the key's host object, under either name. Raises NotFoundError, and
        TerminalError as `refuse_claim` does."""
        cluster, key = self.cluster, work.key
        if not work.kind.namespaced:
            there = await self.host.get(work.kind, "", work.kind.host_name(cluster, key.name))
            if ours(work.kind, there, cluster) != key.field:
                refuse_claim(there, key)
            return there
        namespace = host_namespace(cluster, key.namespace)
        try:
            there = await self.host.get(
                work.kind, namespace, host_name(cluster, key.namespace, key.name, key.plural)
            )
            if ours(work.kind, there, cluster) == key.field:
                return there
            refuse_claim(there, key)
        except NotFoundError as error:
            if not error.details:
                raise
        hashed = hashed_host_name(cluster, key.namespace, key.name, key.plural)
        return await self.host.get(work.kind, namespace, hashed)

    async def verify(self, side: Side) -> None:
        """Make sure that this side's cluster is still the same, as another one's 404 proves
        nothing. Raises RetryError or ApiError."""
        if self.link is None:
            return
        try:
            await (self.link.verify() if side == "virtual" else self.link.verify_host())
        except IdentityError as error:
            self.stopped = str(error)
            raise RetryError(self.stopped, REPLACED_S) from error

    async def lacks(self, kind: Kind, side: Side) -> bool:
        """Whether that side's server proves that it has no object of this kind, as the whole kind
        doesn't exist there. Raises RetryError, also when we may not ask for the proof."""
        now_s, asked = time.monotonic(), (side, kind.plural)
        if now_s - self._lacking_at.get(asked, float("-inf")) < VERIFIED_FOR_S:
            return True
        try:
            lacking = await Discovery(self.client(side)).lacks(kind)
        except ApiError as error:
            raise RetryError(str(error)) from error
        if lacking:
            self._lacking_at[asked] = now_s
        return lacking

    async def check_namespace(self, namespace: str) -> None:
        """Make sure, before something is created in the host namespace of this virtual one, that
        it is provably ours. Nothing to do where all virtual namespaces share one.

        Raises RetryError while it isn't there, or belongs to someone else: an operator may hand it
        over.
        """
        now_s = time.monotonic()
        checked_at = self._namespaces_at.get(namespace, float("-inf"))
        if self.cluster.namespaces is None or now_s - checked_at < NAMESPACE_KEPT_S:
            return
        kind, name = self.kinds["namespaces"], host_namespace(self.cluster, namespace)
        try:
            there = await self.host.get(kind, "", name)
        except NotFoundError as error:
            raise RetryError(f"waits for host namespace {name}") from error
        if ours(kind, there, self.cluster) != namespace:
            raise RetryError(
                f"host namespace {name} is there and not provably this virtual cluster's; see the"
                f" events of namespace {namespace}"
            )
        if is_deleting(there):
            raise RetryError(f"waits for host namespace {name}, which is being deleted")
        self._namespaces_at[namespace] = now_s

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
        if len(self._live) >= LIVE_KEPT:
            self._live.clear()
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
