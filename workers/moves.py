"""Which Services move to their host's addresses now, and which wait for their turn.

For an API server a move is as much work as two creations. Were all to move as they come, the last
of many would not be on the host before those ahead of it have moved. So while many come they move
one by one, in their order and with pauses, and many at a time afterwards. Where there are few all
move at once.

What waits is put off for long, and called by whoever asks for what is `due`. If nobody does, as the
worker died, it comes back by itself.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from common.errors import HeldError

AT_ONCE = 16
MANY = 32
COMING_S = 0.5
PAUSE_S = 0.25
CALLED_S = 2.0
PUT_OFF_S = 60.0


class Moves:
    """Of one virtual cluster, in one worker. `clock` gives seconds, any start."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._moving = 0
        self._waiting: dict[str, None] = {}
        self._called: dict[str, float] = {}
        self._came_at = self._called_at = float("-inf")

    @contextmanager
    def turn(self, member: str) -> Iterator[None]:
        """While a Service moves; `member` is its key's. Raises HeldError when it isn't its turn."""
        called = self._called.pop(member, None) is not None
        if not called and member not in self._waiting:
            self._came_at = self._clock()
        if self._moving >= self._limit or (self._waiting and not called):
            self._waiting.setdefault(member)
            raise HeldError("other Services come first", PUT_OFF_S)
        self._waiting.pop(member, None)
        self._moving += 1
        try:
            yield
        finally:
            self._moving -= 1

    def due(self) -> list[str]:
        """Whose turn it is now; each is named once. Nearly always nobody waits."""
        if not self._waiting and not self._called:
            return []
        now_s = self._clock()
        self._called = {
            member: at_s for member, at_s in self._called.items() if now_s - at_s < CALLED_S
        }
        if self._crowded and now_s - self._called_at < PAUSE_S:
            return []
        room = self._limit - self._moving - len(self._called)
        due = list(self._waiting)[: max(0, room)]
        self._called_at = now_s if due else self._called_at
        for member in due:
            del self._waiting[member]
            self._called[member] = now_s
        return due

    @property
    def _crowded(self) -> bool:
        return len(self._waiting) > MANY and self._clock() - self._came_at < COMING_S

    @property
    def _limit(self) -> int:
        return 1 if self._crowded else AT_ONCE
