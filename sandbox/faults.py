"""Trouble on request: slow, failing or vanishing answers, and watches that break.

A fault matches requests by method and path until it has struck `times` times. Safe to use from any
thread.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

FOREVER: Final = -1


class WatchFault(Enum):
    """CUT ends a watch in the middle of a line; SILENT keeps it open and sends nothing more."""

    CUT = "cut"
    SILENT = "silent"


@dataclass(slots=True)
class Fault:
    """One kind of trouble.

    Several may apply to a request: latencies add up, the first failure wins.
    """

    method: re.Pattern[str]
    path: re.Pattern[str]
    times: int = FOREVER
    latency_s: float = 0
    code: int = 0
    retry_after_s: int | None = None
    vanish: bool = False
    struck: int = 0

    def strikes(self, method: str, path: str) -> bool:
        if (
            self.times == self.struck
            or not self.method.fullmatch(method)
            or not self.path.search(path)
        ):
            return False
        self.struck += 1
        return True


@dataclass(slots=True)
class OpenWatch:
    """A running watch as faults see it; `interrupt` runs in the server's event loop."""

    path: str
    interrupt: Callable[[WatchFault], None]


@dataclass(slots=True)
class Faults:
    """The faults of one API server."""

    expire: Callable[[], None]
    _faults: list[Fault] = field(default_factory=list)
    _watches: list[OpenWatch] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def delay(
        self, latency_s: float, *, path: str = "", method: str = ".*", times: int = FOREVER
    ) -> Fault:
        return self._add(Fault(re.compile(method), re.compile(path), times, latency_s=latency_s))

    def fail(
        self,
        code: int,
        *,
        path: str = "",
        method: str = ".*",
        times: int = FOREVER,
        retry_after_s: int | None = None,
    ) -> Fault:
        """Answers with this status, such as 429, 500 or 503, without doing what was asked."""
        fault = Fault(
            re.compile(method), re.compile(path), times, code=code, retry_after_s=retry_after_s
        )
        return self._add(fault)

    def vanish(self, *, path: str = "", method: str = ".*", times: int = FOREVER) -> Fault:
        """Drops the connection without an answer."""
        return self._add(Fault(re.compile(method), re.compile(path), times, vanish=True))

    def _add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        with self._lock:
            if fault in self._faults:
                self._faults.remove(fault)

    def clear(self) -> None:
        with self._lock:
            self._faults.clear()

    def striking(self, method: str, path: str) -> list[Fault]:
        with self._lock:
            return [fault for fault in self._faults if fault.strikes(method, path)]

    def cut_watches(self, path: str = "") -> int:
        """Breaks matching open watches in the middle of a line; returns how many."""
        return self._interrupt(path, WatchFault.CUT)

    def silence_watches(self, path: str = "") -> int:
        """Leaves matching open watches connected but without any further event.

        Returns how many.
        """
        return self._interrupt(path, WatchFault.SILENT)

    def _interrupt(self, path: str, fault: WatchFault) -> int:
        with self._lock:
            matching = [watch for watch in self._watches if re.search(path, watch.path)]
        for watch in matching:
            watch.interrupt(fault)
        return len(matching)

    def expire_history(self) -> None:
        """Forgets all past versions: resuming a watch or a paged list then answers 410."""
        self.expire()

    def opened(self, watch: OpenWatch) -> None:
        with self._lock:
            self._watches.append(watch)

    def closed(self, watch: OpenWatch) -> None:
        with self._lock:
            self._watches.remove(watch)
