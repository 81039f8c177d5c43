"""A worker's sessions: one for each virtual cluster, opened, and looked after in the background."""

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import count

from redis.exceptions import RedisError

from common.backoff import delay_s
from common.changes import active_plurals
from common.cluster import Cluster
from common.config import Config, VirtualCluster
from common.errors import BlockedError, IdentityError, NotFoundError, RetryError, TohostError
from common.kinds import kinds_of
from common.kube.client import KubeClient
from common.kube.link import Link
from common.process import metrics
from common.process.logs import get_log
from common.redis.trouble import Troubles
from common.safety.absence import Absences
from common.safety.brake import PACE, Brake
from common.safety.brake_state import engaged_at
from common.safety.host_identity import HostIdentity
from common.store import Store
from common.workqueue.hasten import hasten
from workers.gate import gates
from workers.owner import Owner
from workers.resolve import find_owner, resolve
from workers.session import Session

CONNECTIONS = 128
LOOK_S = 1.0
SELDOM = 10
"""So much less often brakes are looked at while none is engaged."""
VERIFY_S = 5.0
IDLE_VERIFY_S = 60.0
VERIFY_LOOKS = 5
REPLACED_S = 10.0
TRY_S = 0.5
_log = get_log(__name__)


@dataclass(slots=True)
class Connections:
    """`sessions` by name of virtual cluster holds those that are open; `waiting` says why
    another one is not, or is not worked on. `notes` has that, and what else people should know."""

    config: Config
    store: Store
    troubles: Troubles
    sessions: dict[str, Session] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    _brakes: dict[str, str] = field(default_factory=dict)
    _host: KubeClient | None = None
    _host_identity: HostIdentity | None = None
    _links: dict[str, Link] = field(default_factory=dict)
    _checks: dict[str, "_Check"] = field(default_factory=dict)

    @property
    def notes(self) -> Mapping[str, str]:
        known = self._host_identity.note if self._host_identity else ""
        return self.waiting | self._brakes | ({"host": known} if known else {})

    async def connect_host(self) -> None:
        """Raises ConfigError when the host's kubeconfig can't be read."""
        host = self.config.host
        self._host = await KubeClient.connect(
            host.kubeconfig, host.context, name="host", limit=CONNECTIONS
        )
        identity = self._host_identity = HostIdentity(self._host, self.store)
        self.waiting = {each.name: "connecting" for each in self.config.virtual_clusters}
        self._checks = {each.name: _Check() for each in self.config.virtual_clusters}
        self._links = {
            each.name: self._link(each, identity) for each in self.config.virtual_clusters
        }

    async def connect_virtual(self) -> None:
        """Open every virtual cluster, and look after those that are; never returns."""
        assert self._host is not None, "connect_host comes first"
        opening = (self._open(each, self._host) for each in self.config.virtual_clusters)
        await asyncio.gather(*opening, self._verify_all(self._host), self._watch_brakes())

    def at_work(self, cluster: str) -> Session:
        """The session, for who works on one of its keys."""
        self._checks[cluster].at_work = True
        return self.sessions[cluster]

    async def close(self) -> None:
        await asyncio.gather(*(link.close() for link in self._links.values()))
        if self._host is not None:
            await self._host.close()

    async def _open(self, virtual: VirtualCluster, host: KubeClient) -> None:
        failures, name = 0, virtual.name
        part = f"connecting {name}"
        while True:
            try:
                session = await self._session(virtual, host)
            except RedisError as error:
                self.waiting[name] = self.troubles.met(part, error)
                await asyncio.sleep(TRY_S)
            except TohostError as error:
                failures += 1
                self.waiting[name] = str(error)
                if not self._links[name].trouble:
                    _log.warning("no session yet", cluster=name, error=str(error))
                await asyncio.sleep(_wait_s(error, failures))
            else:
                self.troubles.over(part)
                self.sessions[name] = session
                self.waiting.pop(name, None)
                _log.info("virtual cluster connected", cluster=name)
                return

    async def _verify_all(self, host: KubeClient) -> None:
        """Each virtual cluster by itself, as one may be slow to answer."""
        every_s = VERIFY_S / VERIFY_LOOKS
        async with asyncio.TaskGroup() as group:
            for looks in count():
                now, all_of_them = time.monotonic(), looks % VERIFY_LOOKS == 0
                for virtual in self.config.virtual_clusters:
                    check = self._checks[virtual.name]
                    if virtual.name in self.sessions and check.is_due(now, idle=all_of_them):
                        check.begin(now)
                        group.create_task(self._verify(virtual, host))
                await asyncio.sleep(every_s - time.monotonic() % every_s)

    async def _verify(self, virtual: VirtualCluster, host: KubeClient) -> None:
        """Stop what another cluster took the place of, until that's over. What doesn't answer is
        none."""
        name = virtual.name
        session, why = self.sessions[name], ""
        try:
            await session.verify("virtual")
            await session.verify("host")
            session.stopped = ""
            why = await self._renew_owner(virtual, host)
        except (TohostError, RedisError) as error:
            _log.debug("clusters not verified", cluster=name, error=str(error))
        if why := session.stopped or why:
            self.waiting[name] = why
        else:
            self.waiting.pop(name, None)
        self._checks[name].end(soon=bool(why))

    async def _renew_owner(self, virtual: VirtualCluster, host: KubeClient) -> str:
        """Go on with the owner of host objects as it is now; why that can't be, "" if it can."""
        owner = self.sessions[virtual.name].owner
        if owner is None:
            return ""
        try:
            await owner.check(fresh=True)
        except BlockedError as missing:
            try:
                self.sessions[virtual.name] = await self._session(virtual, host)
            except NotFoundError:
                return str(missing)
            _log.info("owner of host objects is another one", cluster=virtual.name)
            await asyncio.to_thread(hasten, self.store.redis, virtual.name)
        return ""

    async def _watch_brakes(self) -> None:
        """Tell while deletions are held, and let a brake open once they need not be."""
        while True:
            try:
                told = await asyncio.to_thread(self._look_at_brakes)
            except RedisError as error:
                _log.debug("brakes not looked at", error=str(error))
            else:
                for name in self.sessions:
                    metrics.BRAKE.labels(name).set(told[name][0] if name in told else 0)
                self._brakes = {
                    f"{name} deletions": words for name, (_, words) in told.items() if words
                }
            await asyncio.sleep(LOOK_S if self._brakes else LOOK_S * SELDOM)

    def _look_at_brakes(self) -> dict[str, tuple[int, str]]:
        """How much is held, and what is to be told, of the virtual clusters where it's engaged."""
        sessions = dict(self.sessions)
        engaged = engaged_at(self.store.redis, list(sessions))
        brakes = {name: sessions[name].brake for name in engaged}
        return {name: brake.look() for name, brake in brakes.items() if brake is not None}

    def _link(self, virtual: VirtualCluster, host: HostIdentity) -> Link:
        connect = partial(
            KubeClient.connect,
            virtual.kubeconfig,
            virtual.context,
            name=virtual.name,
            limit=CONNECTIONS,
            cluster=virtual.name,
        )
        names = [each.name for each in self.config.virtual_clusters]
        return Link(virtual.name, connect, self.store, host, names)

    async def _session(self, virtual: VirtualCluster, host: KubeClient) -> Session:
        link = self._links[virtual.name]
        client, identity = await link.open()
        await link.verify_host()
        cluster = await resolve(virtual, self.config, host)
        kinds, owner = kinds_of(cluster), cluster.owner
        return Session(
            cluster,
            client,
            host,
            identity.key,
            kinds,
            active_plurals(kinds.values(), cluster),
            gates(kinds.values(), cluster),
            link,
            self._brake(cluster),
            Owner(partial(find_owner, virtual, self.config, host), owner) if owner else None,
        )

    def _brake(self, cluster: Cluster) -> Brake:
        redis, fraction = self.store.redis, self.config.safety.max_delete_fraction
        absences = Absences(redis, cluster, kinds_of(cluster).values())
        return Brake(redis, cluster.name, absences, fraction, PACE)


def _idle_s() -> float:
    """A bit shorter than connections are kept open."""
    return IDLE_VERIFY_S * random.uniform(0.8, 1.2)


@dataclass(slots=True)
class _Check:
    """When to ask again whether both clusters of a virtual cluster are still the same: every few
    seconds while there's work for it, or something is wrong, else seldom. `at_work`: there was work
    since that was asked."""

    at_work: bool = False
    _asked_at: float = field(default_factory=time.monotonic)
    _after_s: float = field(default_factory=_idle_s)
    _asking: bool = False

    def is_due(self, now: float, *, idle: bool) -> bool:
        """`idle`: also when there's no work. Some of these at a time cost less than one by one."""
        if self._asking or not (self.at_work or idle):
            return False
        return now - self._asked_at >= (VERIFY_S if self.at_work else self._after_s)

    def begin(self, now: float) -> None:
        self.at_work, self._asking, self._asked_at = False, True, now

    def end(self, *, soon: bool) -> None:
        """`soon`: something is wrong."""
        self._asking = False
        self._after_s = VERIFY_S if soon else _idle_s()


def _wait_s(error: TohostError, failures: int) -> float:
    if isinstance(error, IdentityError):
        return REPLACED_S
    after_s = error.after_s if isinstance(error, RetryError) else None
    return max(TRY_S, delay_s(failures, after_s, random.random))
