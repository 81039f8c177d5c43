"""Earlier answers to lists, for those that shall be stale."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

_EACH: Final = 6
_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Copy:
    """`time_s` is when it was answered, by a monotonic clock."""

    time_s: float
    body: bytes


@dataclass(slots=True)
class Copies:
    """The latest answers to each list, by path with query; the least asked for go first when
    they are too many bytes. The headers are those that the list was asked for with."""

    _kept: OrderedDict[str, deque[Copy]] = field(default_factory=OrderedDict)
    _headers: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _size: int = 0

    def keep(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        copies = self._kept.setdefault(path, deque())
        self._kept.move_to_end(path)
        self._headers[path] = headers
        if copies and copies[-1].body == body:
            return
        copies.append(Copy(time.monotonic(), body))
        self._size += len(body)
        if len(copies) > _EACH:
            self._size -= len(copies.popleft().body)
        while self._size > _BYTES and len(self._kept) > 1:
            path, dropped = self._kept.popitem(last=False)
            self._headers.pop(path)
            self._size -= sum(len(each.body) for each in dropped)

    def earlier(self, path: str, oldest_s: float, chance: float) -> bytes | None:
        """One of them, chosen by `chance` from 0 to 1, not older than that."""
        since = time.monotonic() - oldest_s
        found = [each.body for each in self._kept.get(path, ()) if each.time_s >= since]
        return found[int(chance * len(found))] if found else None

    def lists(self) -> list[tuple[str, Mapping[str, str]]]:
        """What was asked for: path with query, and headers."""
        return list(self._headers.items())
