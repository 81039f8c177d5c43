"""What is told of settings with which Redis loses something."""

import asyncio
from collections.abc import Iterator

import pytest
from redis import Redis

from common.redis.settings import Settings
from tests.e2e.waiting import eventually


@pytest.fixture
def evicting(redis: Redis) -> Iterator[Redis]:
    redis.config_set("maxmemory-policy", "allkeys-lru")
    yield redis
    redis.config_set("maxmemory-policy", "noeviction")


async def looked_at(redis: Redis) -> Settings:
    settings = Settings(redis)
    running = asyncio.create_task(settings.run())

    async def looked() -> bool:
        return settings.looked

    try:
        await eventually(looked)
    finally:
        running.cancel()
    return settings


async def test_a_policy_that_drops_keys_is_a_note_and_a_warning(
    evicting: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    settings = await looked_at(evicting)
    assert "set noeviction" in settings.notes["redis maxmemory-policy"]
    told = [vars(each)["msg"]["problem"] for each in caplog.records]
    assert any("maxmemory-policy is allkeys-lru" in each for each in told)


async def test_that_nothing_is_on_disk_is_a_warning_only(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    settings = await looked_at(redis)
    assert settings.notes == {}
    [told] = [vars(each)["msg"]["problem"] for each in caplog.records]
    assert told.startswith("appendonly is no")
