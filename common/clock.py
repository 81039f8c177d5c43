"""Clocks that a change of the date doesn't touch.

Nothing here may decide by this machine's date: that jumps, by hours, when somebody or NTP sets it.
How long something takes is told by `running_s`, what Redis holds bears the time of Redis, and what
API servers write into objects (creationTimestamp, when a token ends) is compared with theirs.
"""

import time
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

_RUNNING = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
AGREED_S = 2.0
LISTEN_S = 5.0


def running_s() -> float:
    """Seconds from any start; goes on while the machine sleeps, where its kernel knows that."""
    return time.clock_gettime(_RUNNING)


class ServerClock:
    """What a server's clock says, in Unix seconds, by the `Date` of its answers; our own date until
    the first one, and as long as the two agree. `date` gives ours, `running` seconds."""

    def __init__(
        self,
        date: Callable[[], float] = time.time,
        running: Callable[[], float] = running_s,
    ) -> None:
        self._running = running
        self._anchor = date() - running()
        self._listened_at = float("-inf")

    def __call__(self) -> float:
        return self._anchor + self._running()

    def hear(self, date: str) -> None:
        """The Date of an answer that just came; cheap enough for each of them."""
        if self._running() - self._listened_at < LISTEN_S:
            return
        try:
            said_s = parsedate_to_datetime(date).astimezone(UTC).timestamp()
        except (TypeError, ValueError):
            return
        self._listened_at = self._running()
        if abs(self() - said_s) > AGREED_S:
            self._anchor = said_s - self._running()
