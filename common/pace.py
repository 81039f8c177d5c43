"""Lets batches grow while much is to be done, and delays nothing while little is.

A batch costs a few round trips and wake-ups, however small it is. So one that follows closely on
another waits for a moment, the longer the more there was in that.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

EACH_S = 0.005
MOST_S = 0.02


class Pace:
    """Of one loop that works in batches. `scale` lengthens or shortens the moments; `clock` gives
    seconds, any start."""

    def __init__(
        self,
        scale: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._scale = scale
        self._clock = clock
        self._sleep = sleep
        self._due = clock()

    async def wait(self) -> None:
        """Before a batch is gathered."""
        left_s = self._due - self._clock()
        if left_s > 0:
            await self._sleep(left_s)

    def took(self, size: int) -> None:
        """When a batch of so many was gathered; 0 delays nothing."""
        self._due = self._clock() + self._scale * min(MOST_S, EACH_S * size)
