"""Which cluster the host is: the uid of its kube-system namespace, as for virtual clusters.

Another host behind the same kubeconfig has none of the host objects, and each of its 404s would
speak for deleting a virtual pod.
"""

import asyncio
import time
from collections.abc import Callable

from common.errors import ApiError
from common.kube.client import KubeClient
from common.process.logs import get_log
from common.safety.identity import claim_host, identify
from common.store import Store

FRESH_S = 1.0
CLAIM_S = 5.0
_UNTOLD = (403, 404)
log = get_log(__name__)


class HostIdentity:
    """Shared by all that a process does with the host. `note`: why it can't be told which cluster
    the host is, "" when it can; that stops nothing."""

    def __init__(
        self, host: KubeClient, store: Store, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.note = ""
        self._host = host
        self._store = store
        self._clock = clock
        self._digest = ""
        self._read_at = float("-inf")
        self._claims: dict[str, tuple[str, float]] = {}
        self._lock = asyncio.Lock()

    async def digest(self) -> str:
        """Ask the host who it is, unless that was just done; "" when it may not be asked. Raises
        RetryError or ApiError."""
        async with self._lock:
            if self._clock() - self._read_at >= FRESH_S:
                self._digest = await self._read()
                self._read_at = self._clock()
            return self._digest

    async def verify(self, cluster: str) -> None:
        """Make sure that this virtual cluster's host objects are on this host. Raises
        IdentityError when they're on another one, and as `digest` does."""
        digest = await self.digest()
        claimed, at_s = self._claims.get(cluster, ("", float("-inf")))
        if digest and (digest != claimed or self._clock() - at_s >= CLAIM_S):
            await asyncio.to_thread(self.claim, cluster, digest)

    def claim(self, cluster: str, digest: str) -> None:
        """See that Redis knows the host of this virtual cluster by that digest. Synchronous; raises
        IdentityError."""
        now_s = self._clock()
        claim_host(self._store, cluster, digest)
        self._claims[cluster] = digest, now_s

    async def _read(self) -> str:
        try:
            identity = await identify(self._host)
        except ApiError as error:
            if error.status not in _UNTOLD:
                raise
            self._tell(
                f"can't tell whether it's always the same host: {error}; grant get on namespace"
                " kube-system"
            )
            return ""
        self._tell("")
        return identity.digest

    def _tell(self, note: str) -> None:
        if note and note != self.note:
            log.warning("host not recognised", note=note)
        self.note = note
