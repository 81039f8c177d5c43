"""How often a worker does what it does again and again: less often while there's no work."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

BEGINS_S = 30.0
AWAKE_S = 5.0
RESTING_S = 1.0


class Rhythm:
    """Of one event loop; there's enough to do when it begins. `clock` gives seconds, any start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._worked_at = clock() + BEGINS_S
        self._work = asyncio.Event()

    def work(self) -> None:
        """There is some: whoever rests is called."""
        self._worked_at = self._clock()
        self._work.set()

    async def pause(self, seconds: float) -> None:
        """For so long; when there was no work lately until the next beat of RESTING_S, if that's
        longer, or until there is some. All who rest wake at once, as waking costs most of it."""
        if seconds >= RESTING_S or self._clock() - self._worked_at < AWAKE_S:
            await asyncio.sleep(seconds)
            return
        self._work.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(RESTING_S - self._clock() % RESTING_S):
                await self._work.wait()
