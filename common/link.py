"""The way to one virtual cluster: its client, and the proof that it's the cluster we know."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from common.discovery import Discovery
from common.errors import ApiError, ConfigError, IdentityError, RetryError
from common.identity import Identity, claim, identify
from common.kube import KubeClient
from common.logs import get_log
from common.store import Store

FRESH_S = 1.0
log = get_log(__name__)


class Link:
    """Shared by all that a process does with one virtual cluster. `trouble`: why it can't be used,
    "" if it can.

    A cluster that's unreachable, or another one than before, is no other one's trouble.
    """

    def __init__(
        self,
        cluster: str,
        connect: Callable[[], Awaitable[KubeClient]],
        store: Store,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.trouble = ""
        self._cluster = cluster
        self._connect = connect
        self._store = store
        self._clock = clock
        self._client: KubeClient | None = None
        self._discovery: Discovery | None = None
        self._identity: Identity | None = None
        self._verified_at = float("-inf")
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
        """Ask the cluster who it is, unless that was just done. Raises as `open` does."""
        async with self._lock:
            if self._clock() - self._verified_at < FRESH_S:
                return
            try:
                if self._client is None:
                    self._client = await self._connect()
                    self._discovery = Discovery(self._client)
                identity = await identify(self._client)
                await asyncio.to_thread(claim, self._store, self._cluster, identity)
            except (ApiError, ConfigError, IdentityError, RetryError) as error:
                self._note(error)
                await self._begin_anew()
                raise
            self._identity = identity
            self._verified_at = self._clock()
            if self.trouble:
                log.info("virtual cluster is back", cluster=self._cluster)
            self.trouble = ""

    async def close(self) -> None:
        if self._client:
            await self._client.close()

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
