"""tohost's processes, which get killed, paused and started again."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.chaos.tenants import World
from tests.e2e.process import Process

_READY_S: Final = 90.0
_PORT_TAKEN: Final = "address already in use"


@dataclass
class Product:
    """A slot for each process that should run: what dies in it is started again in it."""

    config: Path
    directory: Path
    slots: list[Process] = field(default_factory=list)
    _count: int = 0

    def start(self, world: World) -> None:
        for module in ("watchers",) * world.watchers + ("workers",) * world.workers:
            self.slots.append(self._process(module))

    def _process(self, module: str) -> Process:
        self._count += 1
        return Process(module, self.config, self.directory / f"{module}-{self._count}.log")

    async def ready(self) -> None:
        """Raises TimeoutError when one isn't in time, AssertionError when one has ended."""
        async with asyncio.timeout(_READY_S):
            for slot in range(len(self.slots)):
                self.mend()
                while not await self.slots[slot].ready():
                    await asyncio.sleep(0.1)
                    self.mend()

    def mend(self) -> None:
        """Start again what found its port taken: others on this machine look for free ones too."""
        for slot, process in enumerate(self.slots):
            if not process.runs and _PORT_TAKEN in process.log_end():
                self.slots[slot] = self._process(process.module)

    async def kill(self, slot: int, away_s: float) -> None:
        """kill -9, and a new process in its place after so long."""
        process = self.slots[slot]
        await asyncio.to_thread(process.kill)
        await asyncio.sleep(away_s)
        if self.slots[slot] is process:
            self.slots[slot] = self._process(process.module)

    async def pause(self, slot: int, for_s: float) -> None:
        """SIGSTOP, and SIGCONT after so long; it may have been killed meanwhile."""
        process = self.slots[slot]
        self._signal(process, signal.SIGSTOP)
        try:
            await asyncio.sleep(for_s)
        finally:
            self._signal(process, signal.SIGCONT)

    def _signal(self, process: Process, number: signal.Signals) -> None:
        if process.runs:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)

    def restore(self) -> None:
        """Whatever the nemesis left: everything runs."""
        for slot, process in enumerate(self.slots):
            self._signal(process, signal.SIGCONT)
            if not process.runs:
                self.slots[slot] = self._process(process.module)

    def ended(self) -> Iterator[str]:
        """What isn't running, though it should."""
        for process in self.slots:
            if not process.runs:
                yield f"{process.module} ended:\n{process.log_end()}"

    @property
    def alive(self) -> list[int]:
        return [process.pid for process in self.slots if process.runs]

    def end(self) -> None:
        for process in self.slots:
            if process.runs:
                process.kill()
