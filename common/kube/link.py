"""The way to one virtual cluster: its client, and the proof that it's the cluster we know, beside
the host that we know."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection

from common.errors import ApiError, ConfigError, IdentityError, RetryError
from common.kube.client import KubeClient
from common.kube.discovery import Discovery
from common.process.logs import get_log
from common.safety.host_identity import HostIdentity
from common.safety.identity import Identity, claim_known, identify, refuse_host
from common.store import Store

FRESH_S = 1.0
CLAIM_S = 5.0
HOST_S = 2.0
log = get_log(__name__)


class Link:
    """Shared by all that a process does with one virtual cluster. `trouble`: why it can't be used,
    "" if it can. `names`: all virtual clusters of the configuration.

    A cluster that's unreachable, or another one than before, is no other one's trouble.
    """

    def __init__(
        self,
        cluster: str,
        connect: Callable[[], Awaitable[KubeClient]],
        store: Store,
        host: HostIdentity,
        names: Collection[str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.trouble = ""
        self._cluster = cluster
        self._connect = connect
        self._store = store
        self._host = host
        self._names = names
        self._clock = clock
        self._client: KubeClient | None = None
        self._discovery: Discovery | None = None
        self._identity: Identity | None = None
        self._verified_at = self._claimed_at = float("-inf")
        self._claimed = "", ""
        self._lock = asyncio.Lock()

    async def open(self) -> tuple[KubeClient, Identity]:
        """Raises ConfigError, RetryError, ApiError, IdentityError; may be called again then."""
        await self.verify()
        assert self._client
        assert self._identity
        return self._client, self._identity

    @property
    def discovery(self) -> Discovery:
        """What the cluster serves; only once it's open."""
        assert self._discovery
        return self._discovery

    async def verify(self) -> None:
        """Ask the cluster who it is, unless that was just done; and the host, as far as that
        answers. Raises as `open` does."""
        async with self._lock:
            if self._clock() - self._verified_at < FRESH_S:
                return
            try:
                self._identity = await self._identify()
            except (ApiError, ConfigError, IdentityError, RetryError) as error:
                self._note(error)
                await self._begin_anew()
                raise
            self._verified_at = self._clock()
            if self.trouble:
                log.info("virtual cluster is back", cluster=self._cluster)
            self.trouble = ""

    async def verify_host(self) -> None:
        """Ask the host who it is, unless that was just done. Raises RetryError, ApiError,
        IdentityError."""
        try:
            await self._host.verify(self._cluster)
        except IdentityError as error:
            self._verified_at = float("-inf")
            self._note(error)
            raise

    async def close(self) -> None:
        if self._client:
            await self._client.close()

    async def _identify(self) -> Identity:
        if self._client is None:
            self._client = await self._connect()
            self._discovery = Discovery(self._client)
        identity = await identify(self._client)
        host = await self._host_digest()
        refuse_host(self._cluster, identity, host)
        now_s, both = self._clock(), (identity.digest, host)
        if both != self._claimed or now_s - self._claimed_at >= CLAIM_S:
            await asyncio.to_thread(self._claim, identity, host)
            self._claimed, self._claimed_at = both, now_s
        return identity

    async def _host_digest(self) -> str:
        """ "" for a host that doesn't answer: that's no trouble of the virtual cluster."""
        try:
            async with asyncio.timeout(HOST_S):
                return await self._host.digest()
        except (ApiError, RetryError, TimeoutError) as error:
            log.debug("host not asked who it is", cluster=self._cluster, error=str(error))
            return ""

    def _claim(self, identity: Identity, host: str) -> None:
        """See that Redis knows both by these identities. Synchronous; raises IdentityError."""
        if host:
            self._host.claim(self._cluster, host)
        claim_known(self._store, self._cluster, identity, self._names)

    async def _begin_anew(self) -> None:
        """While it was never reached, its kubeconfig may be wrong, and be mended."""
        if self._client and self._identity is None:
            await self._client.close()
            self._client = self._discovery = None

    def _note(self, error: Exception) -> None:
        """Say it once, not for each stream and each try."""
        if str(error) == self.trouble:
            return
        if isinstance(error, IdentityError):
            log.error("virtual cluster stopped", cluster=self._cluster, error=str(error))
        else:
            log.warning("virtual cluster not usable", cluster=self._cluster, error=str(error))
        self.trouble = str(error)
