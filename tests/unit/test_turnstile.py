"""Whose batch of events is written next."""

import asyncio
from collections import Counter

import pytest

from watchers.turnstile import AT_ONCE, Turnstile


class Crowd:
    """Streams that write batches through one turnstile. `written`: clusters in order."""

    def __init__(self, weights: dict[str, int] | None = None) -> None:
        self.turnstile = Turnstile(weights or {})
        self.written: list[str] = []
        self.inside = self.most = 0

    async def stream(self, cluster: str, batches: int, events: int = 512) -> None:
        for _ in range(batches):
            async with self.turnstile.turn(cluster, events):
                self.inside += 1
                self.most = max(self.most, self.inside)
                await asyncio.sleep(0)
                self.written.append(cluster)
                self.inside -= 1


async def test_a_regular_cluster_is_behind_a_few_batches_of_many_greedy_streams() -> None:
    crowd = Crowd()
    async with asyncio.TaskGroup() as group:
        for number in range(60):
            group.create_task(crowd.stream(f"greedy-{number % 10}", 20))
        while len(crowd.written) < 100:
            await asyncio.sleep(0)
        before = len(crowd.written)
        await crowd.stream("regular", 1, events=1)
        after = crowd.written[before:]
    assert after.index("regular") <= AT_ONCE


async def test_greedy_clusters_share_by_weight_whatever_the_number_of_their_streams() -> None:
    crowd = Crowd({"one": 1, "three": 3})
    tasks = [asyncio.create_task(crowd.stream("one", 1000)) for _ in range(9)]
    tasks += [asyncio.create_task(crowd.stream("three", 1000)) for _ in range(3)]
    while len(crowd.written) < 400:
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    done = Counter(crowd.written[:400])
    assert done["three"] == pytest.approx(3 * done["one"], rel=0.05)


async def test_no_more_are_inside_than_may_be_and_all_get_through() -> None:
    crowd = Crowd()
    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(crowd.stream(f"c{number}", 5))
    assert Counter(crowd.written) == {f"c{number}": 5 for number in range(20)}
    assert crowd.most == AT_ONCE


async def test_who_goes_away_takes_no_turn_along() -> None:
    crowd = Crowd()
    tasks = [asyncio.create_task(crowd.stream(f"c{number}", 50)) for number in range(10)]
    for number, task in enumerate(tasks):
        await asyncio.sleep(0)
        if number % 2:
            task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(5):
        await asyncio.gather(*(crowd.stream("late", 3) for _ in range(AT_ONCE + 1)))
    assert Counter(crowd.written)["c0"] == 50


async def test_a_turn_that_came_just_when_its_owner_went_away_goes_to_the_next() -> None:
    turnstile, entered = Turnstile({}, at_once=1), []

    async def enter(name: str) -> None:
        async with turnstile.turn(name):
            entered.append(name)

    async with turnstile.turn("first"):
        gone, next_ = asyncio.create_task(enter("a")), asyncio.create_task(enter("b"))
        await asyncio.sleep(0)
    gone.cancel()
    async with asyncio.timeout(5):
        await next_
    assert entered == ["b"]
