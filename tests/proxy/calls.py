"""Every request that went through proxies, reads too: what something costs."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.proxy.target import Target, parse_target


@dataclass(frozen=True, slots=True)
class Call:
    """`server` is the proxy's name; `dry_run`: it asked for no change."""

    server: str
    verb: str
    path: str
    dry_run: bool = False

    @property
    def target(self) -> Target:
        return parse_target(self.path)

    def __str__(self) -> str:
        """Such as `host: patch pods/status`."""
        tried = " (dry run)" if self.dry_run else ""
        return f"{self.server}: {self.verb} {self.target.resource}{tried}"


@dataclass(slots=True)
class Calls:
    """In the order in which they came. One may be given to many proxies, and used by any thread."""

    _calls: list[Call] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, call: Call) -> None:
        with self._lock:
            self._calls.append(call)

    def take(self, about: Callable[[Call], bool]) -> Counter[str]:
        """How often each was made since the last call, of those that are `about` something."""
        with self._lock:
            taken, self._calls = self._calls, []
        return Counter(str(call) for call in taken if about(call))
