import asyncio
from contextlib import suppress

import pytest

from workers import rhythm
from workers.rhythm import AWAKE_S, BEGINS_S, Rhythm


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


async def ends_at_once(pausing: "asyncio.Task[None]") -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            await asyncio.shield(pausing)
    return pausing.done()


async def test_who_rests_is_called_by_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rhythm, "RESTING_S", 60.0)
    clock = Clock()
    it = Rhythm(clock)
    clock.now_s += BEGINS_S + AWAKE_S
    resting = asyncio.create_task(it.pause(0.01))
    assert not await ends_at_once(resting)
    it.work()
    assert await ends_at_once(resting)


async def test_pauses_are_short_for_a_while_after_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rhythm, "RESTING_S", 60.0)
    clock = Clock()
    it = Rhythm(clock)
    it.work()
    clock.now_s += AWAKE_S / 2
    assert await ends_at_once(asyncio.create_task(it.pause(0.01)))
    clock.now_s += AWAKE_S
    resting = asyncio.create_task(it.pause(0.01))
    assert not await ends_at_once(resting)
    resting.cancel()
