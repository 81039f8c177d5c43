"""The object in the host namespace that owns all host objects (`host.owner`), as it is now.

What is made for an owner that is gone the host's garbage collector removes at once, and we would
make it again, for ever. So nothing is created until there is an owner.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

from common.errors import BlockedError, NotFoundError
from common.objects import Obj

KEPT_S = 2.0


class Owner:
    """`find` reads the ownerReference from the host, raising NotFoundError when there's none;
    `known` is the one that new host objects get. `clock` gives monotonic seconds."""

    def __init__(
        self,
        find: Callable[[], Awaitable[Obj]],
        known: Obj,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._find = find
        self._known = known
        self._clock = clock
        self._seen_at = float("-inf")
        self._lock = asyncio.Lock()

    async def check(self, *, fresh: bool) -> None:
        """Raises BlockedError unless the owner is there: now when `fresh`, else a moment ago."""
        asked_at = self._clock()
        async with self._lock:
            if self._seen_at < (asked_at if fresh else asked_at - KEPT_S):
                began_at = self._clock()
                await self._look()
                self._seen_at = began_at

    async def _look(self) -> None:
        try:
            found = await self._find()
        except NotFoundError as error:
            reason = f"host.owner is gone, so nothing is created on the host: {error}"
            raise BlockedError(reason, "OwnerMissing") from error
        if found != self._known:
            raise BlockedError("host.owner is another object by now; looks it up", "OwnerReplaced")
