"""Batches that follow closely on each other wait for a moment; others don't."""

import pytest

from common.pace import EACH_S, MOST_S, Pace


class Time:
    def __init__(self, scale: float = 1.0) -> None:
        self.now_s = 100.0
        self.pace = Pace(scale, lambda: self.now_s, self.sleep)

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    async def waits_s(self) -> float:
        before_s = self.now_s
        await self.pace.wait()
        return self.now_s - before_s


async def test_the_first_batch_waits_for_nothing() -> None:
    assert await Time().waits_s() == 0


@pytest.mark.parametrize(("size", "wait_s"), [(0, 0.0), (1, EACH_S), (500, MOST_S)])
async def test_a_batch_that_follows_waits_by_the_size_of_the_one_before(
    size: int, wait_s: float
) -> None:
    time = Time()
    time.pace.took(size)
    assert await time.waits_s() == pytest.approx(wait_s)
    assert await time.waits_s() == 0


async def test_a_batch_after_a_while_waits_for_nothing() -> None:
    time = Time()
    time.pace.took(500)
    time.now_s += MOST_S
    assert await time.waits_s() == 0


async def test_moments_are_shorter_where_less_is_done_at_once() -> None:
    time = Time(scale=0.1)
    time.pace.took(500)
    assert await time.waits_s() == pytest.approx(MOST_S / 10)
