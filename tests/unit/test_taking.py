"""When a worker asks for keys, and when it waits for the bell first."""

import asyncio
from typing import Any, cast

from redis.exceptions import ConnectionError as RedisConnectionError

from common.redis.trouble import Troubles
from workers.room import Room
from workers.taking import Taking


class Queue:
    """Has no key ever. Redis is away when somebody waits for the first time."""

    held_back = False

    def __init__(self) -> None:
        self.asked: list[str] = []

    def wait(self, _: float) -> None:
        self.asked.append("wait")
        if self.asked.count("wait") == 1:
            raise RedisConnectionError("away")

    def take(self, *_: object) -> list[Any]:
        self.asked.append("take")
        return []


class Reader:
    def read_for(self, _: object) -> list[Any]:
        return []


async def test_keys_are_asked_for_at_once_when_redis_is_back() -> None:
    queue, stopping = Queue(), asyncio.Event()
    room = Room(4, {}, lambda _: None)
    parts = cast(Any, (queue, Reader(), room, lambda _: True, lambda *_: None, Troubles()))
    running = asyncio.create_task(Taking(*parts).run(stopping))
    async with asyncio.timeout(10):
        while len(queue.asked) < 4:
            await asyncio.sleep(0.01)
    stopping.set()
    await running
    assert queue.asked[:4] == ["take", "wait", "take", "wait"]
