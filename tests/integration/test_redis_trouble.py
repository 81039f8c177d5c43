"""A Redis that is full, read-only, away or emptied: all pauses, says so, and goes on by itself.

Each test begins and ends with everything in sync, on one Redis, one watcher and one worker.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from redis import Redis

from sandbox.redis import RedisServer
from tests.integration.redis_forms import admin
from tests.integration.redis_sync import Sync, open_sync

pytestmark = pytest.mark.asyncio(loop_scope="module")
Uids = dict[tuple[str, str, str], str]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis"), appendonly=True) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sync(
    server: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Sync]:
    redis = {"url": server.url}
    async with open_sync(tmp_path_factory.mktemp("sync"), redis) as opened, opened.running():
        await opened.create("kept")
        await opened.synced("kept")
        yield opened


@pytest.fixture
def client(server: RedisServer) -> Iterator[Redis]:
    with admin(server) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _told_once(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """By each of the two processes, however often they try."""
    yield
    told = [each for each in caplog.records if "Redis can't be used" in each.message]
    assert len(told) <= 2


async def paused(sync: Sync, name: str, words: str, before: Uids) -> None:
    """While Redis can't be written to nothing changes on the host, whatever happens virtually."""
    await sync.told(words)
    await sync.create(name)
    await sync.delete("services", "kept")
    await asyncio.sleep(0.5)  # otherwise it would be done in a fraction of that
    await sync.told(words)
    assert await sync.uids("kept", name) == before


async def healed(sync: Sync, name: str, before: Uids) -> None:
    """What was changed meanwhile has come, and what was there is what it was."""
    await sync.fine()
    await sync.synced(name)
    await sync.gone("services", "kept")
    assert (await sync.uids("kept")).items() <= before.items()
    await sync.create_again("kept")


async def test_a_full_redis(sync: Sync, client: Redis) -> None:
    before = await sync.synced("kept")
    client.config_set("maxmemory", 1)
    await paused(sync, "full", "raise maxmemory", before)
    client.config_set("maxmemory", 0)
    await healed(sync, "full", before)


async def test_a_replica(sync: Sync, client: Redis) -> None:
    before = await sync.synced("kept")
    client.replicaof("127.0.0.1", "1")
    await paused(sync, "replica", "redis.url must lead to the master", before)
    client.replicaof("NO", "ONE")
    await healed(sync, "replica", before)


async def test_a_master_without_its_replicas(sync: Sync, client: Redis) -> None:
    before = await sync.synced("kept")
    client.config_set("min-replicas-to-write", 1)
    await paused(sync, "alone", "start its replicas", before)
    client.config_set("min-replicas-to-write", 0)
    await healed(sync, "alone", before)


async def test_a_redis_that_is_away_for_a_while(sync: Sync, server: RedisServer) -> None:
    before = await sync.synced("kept")
    server.kill()
    await paused(sync, "away", "can't be reached", before)
    server.start()
    await healed(sync, "away", before)


async def test_a_redis_that_is_emptied_in_the_middle(sync: Sync, client: Redis) -> None:
    before = await sync.synced("kept")
    await sync.create("just-before")
    await sync.delete("services", "kept")
    client.flushall()
    await sync.create("just-after")
    await sync.delete("configmaps", "kept")
    await sync.synced("just-before", "just-after")
    await sync.gone("services", "kept")
    await sync.gone("configmaps", "kept")
    assert await sync.uids("kept") == {("v", "pods", "kept"): before["v", "pods", "kept"]}
