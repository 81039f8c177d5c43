"""What a long run costs as time goes by: memory of each process and of Redis, and the queues."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.chaos.ground import Ground
from tests.chaos.product import Product

EVERY_S: Final = 10.0
WARM_UP: Final = 1 / 3
"""The share of the run that isn't measured: caches fill, tombstones live for ten minutes."""
_MIB: Final = 2**20
_COMPLAINT: Final = re.compile(r"\S+ \[(warning|error|critical) *\] (.*?) \[[\w.]+\]")


@dataclass
class Samples:
    """`values`: by what was measured, (seconds since the start, MiB or count) pairs."""

    values: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)

    async def take(self, made: Ground, product: Product) -> None:
        """Until it is cancelled."""
        while True:
            for what, value in measured(made, product):
                self.values.setdefault(what, []).append((time.monotonic() - self._began, value))
            await asyncio.sleep(EVERY_S)

    def csv(self) -> str:
        """One line for each value: seconds, what, value."""
        lines = [
            f"{at:.0f},{what},{value:.2f}"
            for what, series in self.values.items()
            for at, value in series
        ]
        return "\n".join(("seconds,what,value", *lines)) + "\n"

    def steady(self, what: str) -> list[tuple[float, float]]:
        """Without the warm-up."""
        series = self.values[what]
        return [each for each in series if each[0] >= series[-1][0] * WARM_UP]


def measured(made: Ground, product: Product) -> Iterable[tuple[str, float]]:
    for slot, process in enumerate(product.slots):
        yield f"{process.module}-{slot} RSS MiB", rss_bytes(process.pid) / _MIB
    memory = made.redis.info("memory")
    yield "Redis used MiB", memory["used_memory"] / _MIB
    yield "Redis keys", made.redis.dbsize()
    yield "queued jobs", sum(map(int, _lengths(made.redis)))


def _lengths(redis: Any) -> list[int]:
    return [redis.llen(key) for key in redis.smembers("rq:queues")]


def rss_bytes(pid: int) -> int:
    """0 when the process is gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS")), 0)


def slope_per_hour(series: Sequence[tuple[float, float]]) -> float:
    """Of the straight line that fits best (least squares)."""
    middle_s = sum(at for at, _ in series) / len(series)
    mean = sum(value for _, value in series) / len(series)
    spread = sum((at - middle_s) ** 2 for at, _ in series)
    rise = sum((at - middle_s) * (value - mean) for at, value in series)
    return 3600 * rise / spread if spread else 0.0


def complaints(logs: Iterable[Path]) -> Counter[str]:
    """How often each warning or error was logged, without its fields."""
    found: Counter[str] = Counter()
    for log in logs:
        with log.open(errors="replace") as lines:
            for line in lines:
                if said := _COMPLAINT.match(line):
                    found[f"{said[1]} {said[2]}"] += 1
    return found
