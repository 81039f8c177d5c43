"""Watchers and workers under measurement: to start, to wait for, to ask what they use, to stop."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import aiohttp
from redis import Redis

from benchmarks.fleet.child import Child, cpu_s, rss_mib
from sandbox.ports import free_port

Part = Literal["watchers", "workers"]
PARTS: Final[tuple[Part, Part]] = ("watchers", "workers")
_READY_S: Final = 120.0
_POLL_S: Final = 0.02
_GUARD_S: Final = 0.5


class Member:
    """One process. `/readyz` of it answers on a port of its own."""

    def __init__(self, part: Part, config: Path, log: Path) -> None:
        self.part = part
        self.port = free_port()
        arguments = [part, "--config", str(config), "--health-port", str(self.port)]
        self.process = Child([*arguments, "--log-level", "warning"], log)

    def check(self) -> None:
        """Raises RuntimeError when it has ended."""
        if not self.process.runs:
            raise RuntimeError(f"one of the {self.part} ended:\n{self.process.log_end()}")

    async def ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"http://127.0.0.1:{self.port}/readyz") as response:
                return response.status == 200
        except aiohttp.ClientConnectionError:
            return False


@dataclass
class Team:
    """`members` are those that run; it may end and start again."""

    config: Path
    folder: Path
    members: list[Member] = field(default_factory=list)
    _starts: int = 0

    def start(self, part: Part, count: int) -> Sequence[Member]:
        started = []
        for _ in range(count):
            self._starts += 1
            log = self.folder / f"{part}-{self._starts}.log"
            started.append(Member(part, self.config, log))
        self.members += started
        return started

    async def ready(self) -> float:
        """When all that run said that they are, on `time.perf_counter`. Raises TimeoutError."""
        async with asyncio.timeout(_READY_S), aiohttp.ClientSession() as session:
            for member in self.members:
                while not await member.ready(session):
                    await asyncio.sleep(_POLL_S)
        return time.perf_counter()

    async def guard(self) -> None:
        """Never returns. Raises RuntimeError when one of them has ended by itself."""
        while True:
            for member in self.members:
                member.check()
            await asyncio.sleep(_GUARD_S)

    @contextmanager
    def paused(self, part: Part) -> Iterator[None]:
        """All of that part do nothing until the block ends."""
        with ExitStack() as stack:
            for member in self.members:
                if member.part == part:
                    stack.enter_context(member.process.paused())
            yield

    async def stop(self, part: Part | None = None) -> None:
        """All, or those of one part; in an orderly way, and at once."""
        leaving = [each for each in self.members if part in (None, each.part)]
        self.members = [each for each in self.members if each not in leaving]
        for member in leaving:
            member.process.end()
        await asyncio.gather(*(asyncio.to_thread(each.process.stop) for each in leaving))

    def cpu_s(self, redis: Redis) -> dict[str, float]:
        """Of each part and of Redis, since they began."""
        used: dict[str, float] = dict.fromkeys(PARTS, 0.0)
        for member in self.members:
            used[member.part] += cpu_s(member.process.pid)
        info = redis.info("cpu")
        return used | {"Redis": float(info["used_cpu_user"]) + float(info["used_cpu_sys"])}

    def rss_mib(self, part: Part) -> float:
        """Of all processes of that part together."""
        return sum(rss_mib(each.process.pid) for each in self.members if each.part == part)


@asynccontextmanager
async def team(config: Path, folder: Path, watchers: int, workers: int) -> AsyncIterator[Team]:
    """That many of each, ready; whatever then runs is stopped in the end. Raises an ExceptionGroup
    as soon as one ends by itself."""
    made = Team(config, folder)
    try:
        made.start("watchers", watchers)
        made.start("workers", workers)
        async with asyncio.TaskGroup() as group:
            guard = group.create_task(made.guard())
            await made.ready()
            yield made
            guard.cancel()
    finally:
        await made.stop()


def difference(later: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    return {name: value - before[name] for name, value in later.items()}
