"""The way to one virtual cluster: its client, and the proof that it's the cluster we know."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from common.errors import ApiError, ConfigError, IdentityError, RetryError
from common.identity import Identity, claim, identify
from common.kube import KubeClient
from common.logs import get_log
from common.store import Store

FRESH_S = 1.0
log = get_log(__name__)


class Link:
    """Shared by the streams of one virtual cluster. `trouble`: why it can't be used, "" if it can.

    A cluster that's unreachable, or another one than before, concerns its own streams only.
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
        self._identity: Identity | None = None
        self._verified_at = float("-inf")
        self._lock = asyncio.Lock()

    async def open(self) -> tuple[KubeClient, Identity]:
        """Raises ConfigError, RetryError, ApiError, IdentityError; may be called again then."""
        await self.verify()
        assert self._client
        assert self._identity
        return self._client, self._identity

    async def verify(self) -> None:
        """Ask the cluster who it is, unless that was just done. Raises as `open` does."""
        async with self._lock:
            if self._clock() - self._verified_at < FRESH_S:
                return
            try:
                if self._client is None:
                    self._client = await self._connect()
                identity = await identify(self._client)
                await asyncio.to_thread(claim, self._store, self._cluster, identity)
            except (ApiError, ConfigError, IdentityError, RetryError) as error:
                self._note(error)
                raise
            self._identity = identity
            self._verified_at = self._clock()
            if self.trouble:
                log.info("virtual cluster is back", cluster=self._cluster)
            self.trouble = ""

    async def close(self) -> None:
        if self._client:
            await self._client.close()

    def _note(self, error: Exception) -> None:
        """Say it once, not for each stream and each try."""
        if str(error) == self.trouble:
            return
        if isinstance(error, IdentityError):
            log.error("virtual cluster stopped", cluster=self._cluster, error=str(error))
        else:
            log.warning("virtual cluster not usable", cluster=self._cluster, error=str(error))
        self.trouble = str(error)
