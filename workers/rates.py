"""How often something may be done: token buckets, many of them in bounded memory."""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

Name = TypeVar("Name")


class Rates(Generic[Name]):
    """One bucket a name: `burst` at once, after that `per_s` a second.

    Beyond `kept` names those that were not used for longest start anew. `clock` gives seconds.
    """

    def __init__(
        self,
        burst: int,
        per_s: float,
        kept: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._burst, self._per_s, self._kept = burst, per_s, kept
        self._clock = clock
        self._buckets: OrderedDict[Name, tuple[float, float]] = OrderedDict()

    def left(self, name: Name) -> float:
        """How many more there may be now; negative when there were too many."""
        tokens, at_s = self._buckets.get(name, (float(self._burst), 0.0))
        return min(self._burst, tokens + (self._clock() - at_s) * self._per_s)

    def take(self, name: Name, count: float = 1.0) -> None:
        """Count one, whether there was one left or not; a negative count gives back."""
        self._buckets[name] = (min(self._burst, self.left(name) - count), self._clock())
        self._buckets.move_to_end(name)
        if len(self._buckets) > self._kept:
            self._buckets.popitem(last=False)
