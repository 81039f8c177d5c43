"""A real redis-server: one for the whole run, empty for each test."""

from collections.abc import Iterator

import pytest
from redis import Redis

from common.workqueue import WorkQueue
from sandbox.redis import RedisServer
from tests.integration.workqueue import CLUSTERS, Clock


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis(redis_server: RedisServer) -> Iterator[Redis]:
    client = Redis.from_url(redis_server.url)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(redis: Redis, clock: Clock) -> WorkQueue:
    return WorkQueue(redis, CLUSTERS, "one", clock, lambda: 1.0)


@pytest.fixture
def other(redis: Redis, clock: Clock) -> WorkQueue:
    return WorkQueue(redis, CLUSTERS, "two", clock, lambda: 1.0)
