"""What the processes under measurement have used, and whether they have anything left to do."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from redis import Redis

from benchmarks.processes import Process
from common.workqueue.depth import depths

PARTS = ("watchers", "workers", "Redis")
_LOOK_S = 0.04
_LOOKS = 4
_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Meter:
    processes: Sequence[Process]
    redis: Redis
    cluster: str

    def cpu_s(self) -> dict[str, float]:
        """Seconds so far of each of PARTS."""
        used = dict.fromkeys(PARTS, 0.0)
        for process in self.processes:
            used[_part(process)] += process.cpu_s()
        info = self.redis.info("cpu")
        used["Redis"] += float(info["used_cpu_user"]) + float(info["used_cpu_sys"])
        return used

    def rss_mib(self) -> dict[str, float]:
        """Resident memory of each of PARTS."""
        used = dict.fromkeys(PARTS, 0.0)
        for process in self.processes:
            used[_part(process)] += process.rss_mib()
        used["Redis"] = float(self.redis.info("memory")["used_memory_rss"]) / 2**20
        return used

    def redis_bytes(self) -> int:
        return int(self.redis.info("memory")["used_memory"])

    async def quiet(self) -> float:
        """Until no key is queued, put off or under work for several looks in a row, since events
        may be on their way. Answers when it was seen first. Raises TimeoutError."""
        looks, since = 0, 0.0
        async with asyncio.timeout(_TIMEOUT_S):
            while looks < _LOOKS:
                busy = await asyncio.to_thread(self._busy)
                since = since if looks and not busy else time.perf_counter()
                looks = 0 if busy else looks + 1
                await asyncio.sleep(_LOOK_S)
        return since

    def _busy(self) -> bool:
        found = depths(self.redis, [self.cluster]).values()
        return any(each.queued or each.started or each.delayed for each in found)


def _part(process: Process) -> str:
    return process.name.partition("-")[0] + "s"
