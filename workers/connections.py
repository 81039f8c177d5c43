"""A worker's sessions: one for each virtual cluster, opened and kept trying in the background."""

import asyncio
import random
from dataclasses import dataclass, field
from functools import partial

from redis.exceptions import RedisError

from common.backoff import delay_s
from common.changes import active_plurals
from common.config import Config, VirtualCluster
from common.errors import IdentityError, TohostError
from common.kinds import kinds_of
from common.kube import KubeClient
from common.link import Link
from common.logs import get_log
from common.store import Store
from workers.gate import gates
from workers.resolve import resolve
from workers.session import Session

CONNECTIONS = 128
_log = get_log(__name__)


@dataclass(slots=True)
class Connections:
    """`sessions` by name of virtual cluster holds those that are open; `waiting` says why
    another one is not."""

    config: Config
    store: Store
    sessions: dict[str, Session] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    _host: KubeClient | None = None
    _links: dict[str, Link] = field(default_factory=dict)

    async def connect_host(self) -> None:
        """Raises ConfigError when the host's kubeconfig can't be read."""
        host = self.config.host
        self._host = await KubeClient.connect(
            host.kubeconfig, host.context, name="host", limit=CONNECTIONS
        )
        self.waiting = {each.name: "connecting" for each in self.config.virtual_clusters}
        self._links = {each.name: self._link(each) for each in self.config.virtual_clusters}

    async def connect_virtual(self) -> None:
        """Returns when every virtual cluster is open."""
        assert self._host is not None, "connect_host comes first"
        await asyncio.gather(
            *(self._keep_trying(each, self._host) for each in self.config.virtual_clusters)
        )

    async def close(self) -> None:
        await asyncio.gather(*(link.close() for link in self._links.values()))
        if self._host is not None:
            await self._host.close()

    async def _keep_trying(self, virtual: VirtualCluster, host: KubeClient) -> None:
        failures = 0
        while virtual.name not in self.sessions:
            try:
                self.sessions[virtual.name] = await self._session(virtual, host)
                self.waiting.pop(virtual.name, None)
                _log.info("virtual cluster connected", cluster=virtual.name)
            except (TohostError, RedisError) as error:
                failures += 1
                self.waiting[virtual.name] = str(error)
                if not self._links[virtual.name].trouble:
                    _log.warning("no session yet", cluster=virtual.name, error=str(error))
                wait_s = (
                    30.0
                    if isinstance(error, IdentityError)
                    else delay_s(failures, getattr(error, "after_s", None), random.random)
                )
                await asyncio.sleep(max(0.5, wait_s))

    def _link(self, virtual: VirtualCluster) -> Link:
        connect = partial(
            KubeClient.connect,
            virtual.kubeconfig,
            virtual.context,
            name=virtual.name,
            limit=CONNECTIONS,
        )
        return Link(virtual.name, connect, self.store)

    async def _session(self, virtual: VirtualCluster, host: KubeClient) -> Session:
        client, identity = await self._links[virtual.name].open()
        cluster = await resolve(virtual, self.config, host)
        kinds = kinds_of(cluster)
        return Session(
            cluster,
            client,
            host,
            identity.key,
            identity.digest,
            kinds,
            active_plurals(kinds.values(), cluster),
            gates(kinds.values(), cluster),
        )
