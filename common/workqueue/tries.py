"""How often a key failed in a row, and how long it waits then: pure.

Each sort of failure has a count and a curve of its own, so that what a server refuses right after
a long outage isn't put off for minutes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from common.backoff import BLOCKED, REFUSED, delay_s

QUICK = 4
"""So many failures of what is blocked are normal, as objects that belong together come in any
order; then people should know."""


@dataclass(frozen=True, slots=True)
class Tries:
    """Failures in a row, until a success: transient ones, waits for something else, refusals.
    `since_s`: the first one, Unix seconds; 0 without any."""

    failures: int = 0
    blocks: int = 0
    refusals: int = 0
    since_s: int = 0

    @property
    def total(self) -> int:
        return self.failures + self.blocks + self.refusals

    @property
    def blocked_for_long(self) -> bool:
        return self.blocks > QUICK

    def failed(self, now_s: float) -> "Tries":
        return replace(self._began(now_s), failures=self.failures + 1)

    def blocked(self, now_s: float) -> "Tries":
        return replace(self._began(now_s), blocks=self.blocks + 1)

    def refused(self, now_s: float) -> "Tries":
        return replace(self._began(now_s), refusals=self.refusals + 1)

    def _began(self, now_s: float) -> "Tries":
        return self if self.total else replace(self, since_s=int(now_s))

    def transient_s(self, after_s: float | None, chance: Callable[[], float]) -> float:
        return delay_s(self.failures, after_s, chance)

    def blocked_s(self, chance: Callable[[], float]) -> float:
        return delay_s(self.blocks, None, chance, BLOCKED)

    def refused_s(self, chance: Callable[[], float]) -> float:
        return delay_s(self.refusals, None, chance, REFUSED)

    def encode(self) -> str:
        """As Redis holds it, "" for no failures."""
        if not self.total:
            return ""
        return f"{self.failures} {self.blocks} {self.refusals} {self.since_s}"

    @classmethod
    def decode(cls, text: str) -> "Tries":
        """What somebody wrote by hand counts as no failure."""
        parts = text.split()
        if not all(part.isdecimal() and part.isascii() for part in parts):
            return cls()
        return cls(*map(int, parts[:4]))
