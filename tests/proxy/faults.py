"""The trouble that a proxy makes. Safe to use from any thread, at any time.

A fault strikes `share` of the requests that it is for: those whose HTTP method or verb (as in
RBAC: get, list, watch, create, update, patch, delete, deletecollection) matches `methods` as a
whole and whose path with query contains `path`; at most `times` times. Several may strike one
request: delays add up, and of the others the one that was added first wins.
"""

from __future__ import annotations

import math
import random
import re
import threading
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

FOREVER: Final = -1


class Sort(Enum):
    """What a fault does; the values are the keys of `Faults.struck`."""

    FAIL = "fail"
    FAIL_AFTER = "fail after"
    HANG = "hang"
    DELAY = "delay"
    EXPIRE = "expire"
    STALE = "stale"
    EMPTY = "empty"


_ONLY_FOR: Final = {Sort.STALE: "list", Sort.EMPTY: "list", Sort.EXPIRE: "list|watch"}


@dataclass(slots=True, eq=False)
class Fault:
    """One sort of trouble; made by `Faults`. `seconds` is how long a hang or delay lasts, or how
    old a stale answer may be."""

    sort: Sort
    methods: re.Pattern[str]
    path: re.Pattern[str]
    share: float
    times: int
    code: int = 0
    seconds: float = 0
    retry_after_s: int | None = None
    struck: int = 0

    def is_for(self, method: str, verb: str, path: str) -> bool:
        if self.struck == self.times or (self.sort is Sort.FAIL_AFTER and verb == "watch"):
            return False
        if self.sort in _ONLY_FOR and not re.fullmatch(_ONLY_FOR[self.sort], verb):
            return False
        if self.sort is Sort.EXPIRE and verb == "list" and "continue=" not in path:
            return False
        named = self.methods.fullmatch(method) or self.methods.fullmatch(verb)
        return named is not None and self.path.search(path) is not None


class Switch(Protocol):
    """What faults do to the proxy itself; any thread may call it, but the proxy's own."""

    def close(self) -> None: ...

    def open(self) -> None: ...

    def interrupt(self, path: re.Pattern[str], *, cut: bool) -> int: ...

    def copy_lists(self) -> int: ...


class Faults:
    """The faults of one proxy. `struck` counts, by sort, how often they struck, also "fail 429"
    and so on, "cut", "silence" (watches each) and "gone"."""

    def __init__(self, switch: Switch, seed: int = 0) -> None:
        self.struck: Counter[str] = Counter()
        self._switch = switch
        self._random = random.Random(seed)
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def fail(
        self,
        code: int,
        share: float = 1.0,
        retry_after_s: int | None = None,
        methods: str = ".*",
        path: str = "",
        times: int = FOREVER,
    ) -> Fault:
        """Answers with a Status of this code, such as 429, 500 or 503, without doing it."""
        fault = _fault(Sort.FAIL, share, methods, path, times)
        fault.code, fault.retry_after_s = code, retry_after_s
        return self._add(fault)

    def fail_after(
        self,
        code: int = 0,
        share: float = 1.0,
        methods: str = ".*",
        path: str = "",
        times: int = FOREVER,
    ) -> Fault:
        """Has it done, then loses the answer: drops the connection, or answers `code` instead."""
        fault = _fault(Sort.FAIL_AFTER, share, methods, path, times)
        fault.code = code
        return self._add(fault)

    def hang(
        self,
        seconds: float,
        share: float = 1.0,
        methods: str = ".*",
        path: str = "",
        times: int = FOREVER,
    ) -> Fault:
        """Answers nothing for so long, then drops the connection; nothing is done."""
        fault = _fault(Sort.HANG, share, methods, path, times)
        fault.seconds = seconds
        return self._add(fault)

    def delay(
        self,
        seconds: float,
        share: float = 1.0,
        methods: str = ".*",
        path: str = "",
        times: int = FOREVER,
    ) -> Fault:
        """Passes requests on this much later."""
        fault = _fault(Sort.DELAY, share, methods, path, times)
        fault.seconds = seconds
        return self._add(fault)

    def expire(self, share: float = 1.0, path: str = "", times: int = FOREVER) -> Fault:
        """Answers 410 Expired to lists with a continue token and to watches; to these as HTTP
        status or as an ERROR event in a 200, by chance."""
        return self._add(_fault(Sort.EXPIRE, share, ".*", path, times))

    def stale(
        self,
        share: float = 1.0,
        path: str = "",
        times: int = FOREVER,
        oldest_s: float = math.inf,
    ) -> Fault:
        """Lists get what the same request got earlier, as from an API server that lags; where
        there is no such answer, or only older than `oldest_s`, they are passed on."""
        fault = _fault(Sort.STALE, share, ".*", path, times)
        fault.seconds = oldest_s
        return self._add(fault)

    def empty(self, share: float = 1.0, path: str = "", times: int = FOREVER) -> Fault:
        """Lists show no items, with the right resourceVersion."""
        return self._add(_fault(Sort.EMPTY, share, ".*", path, times))

    def copy_lists(self) -> int:
        """Asks again for every list that anyone asked for, so that `stale` can answer with what
        is there now; returns how many. Not from the event loop that the API server runs in."""
        return self._switch.copy_lists()

    def gone(self) -> None:
        """Refuses connections and resets the open ones, until `back`."""
        self._switch.close()
        self.count("gone")

    def back(self) -> None:
        self._switch.open()

    def cut_watches(self, path: str = "") -> int:
        """Breaks matching open watches in the middle of a line; returns how many."""
        return self._interrupt(path, "cut")

    def silence_watches(self, path: str = "") -> int:
        """Leaves matching open watches connected but without any further byte; returns how
        many."""
        return self._interrupt(path, "silence")

    def remove(self, fault: Fault) -> None:
        with self._lock:
            if fault in self._faults:
                self._faults.remove(fault)

    def clear(self) -> None:
        """Removes all faults. Silenced watches stay silent, and `gone` needs its `back`."""
        with self._lock:
            self._faults.clear()

    def striking(self, method: str, verb: str, path: str) -> list[Fault]:
        """Those that strike this request, by chance; for the proxy."""
        with self._lock:
            struck = [
                fault
                for fault in self._faults
                if fault.is_for(method, verb, path) and self._random.random() < fault.share
            ]
            for fault in struck:
                fault.struck += 1
            return struck

    def chance(self) -> float:
        """Between 0 and 1; for the proxy."""
        with self._lock:
            return self._random.random()

    def count(self, sort: str, times: int = 1) -> None:
        with self._lock:
            self.struck[sort] += times

    def _add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def _interrupt(self, path: str, sort: str) -> int:
        hit = self._switch.interrupt(re.compile(path), cut=sort == "cut")
        self.count(sort, hit)
        return hit


def _fault(sort: Sort, share: float, methods: str, path: str, times: int) -> Fault:
    return Fault(sort, re.compile(methods), re.compile(path), share, times)
