"""What a fleet costs while nothing changes: commands to Redis and requests, which are counted."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.config import load
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.store import Store
from common.workqueue import Again, WorkQueue, sweep
from sandbox.faults import Fault
from sandbox.kubeconfig import write_kubeconfig
from sandbox.redis import RedisServer
from sandbox.server.apiserver import ApiServer
from tests.e2e.waiting import eventually
from tests.integration.workqueue import CLUSTERS, WEB, Clock, mark, take_one
from watchers import command as watcher
from watchers.streams import streams_of
from workers import command as worker

NAMES = [f"v{number}" for number in range(6)]
WINDOW_S = 6.0
COMMANDS_PER_S = 25.0
"""And so many for each virtual cluster:"""
COMMANDS_PER_S_EACH = 10.0
REQUESTS_PER_S_EACH = 0.5


def calls(redis: Any) -> int:
    """Commands that Redis has carried out, those of scripts included."""
    return sum(int(each["calls"]) for each in redis.info("commandstats").values())


@asynccontextmanager
async def servers(folder: Path) -> AsyncIterator[list[Fault]]:
    """Of all virtual clusters and the host; each answers with what counts its requests."""
    async with AsyncExitStack() as stack:
        counts = []
        for name in (*NAMES, "host"):
            server = ApiServer()
            await server.start()
            stack.push_async_callback(server.stop)
            write_kubeconfig(folder / f"{name}.kubeconfig", server.url)
            counts.append(server.faults.delay(0))
        async with await KubeClient.connect(str(folder / "host.kubeconfig"), name="h") as host:
            for name in NAMES:
                namespace = {"metadata": {"name": f"vc-{name}"}}
                await host.create(REGISTRY["namespaces"], "", namespace)
        yield counts


def requests_of(counts: Sequence[Fault]) -> int:
    return sum(each.struck for each in counts)


async def asked_for_nothing(counts: Sequence[Fault]) -> bool:
    """For a second, and something before."""
    before = requests_of(counts)
    await asyncio.sleep(1)
    return before == requests_of(counts)


def configure(folder: Path, redis_url: str) -> Path:
    clusters = [
        {
            "name": name,
            "hostNamespace": f"vc-{name}",
            "kubeconfig": str(folder / f"{name}.kubeconfig"),
        }
        for name in NAMES
    ]
    content = {
        "redis": {"url": redis_url},
        "host": {"kubeconfig": str(folder / "host.kubeconfig")},
        "virtualClusters": clusters,
    }
    file = folder / "tohost.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


@asynccontextmanager
async def running(file: Path) -> AsyncIterator[None]:
    stop, config = asyncio.Event(), load(file)
    tasks = [asyncio.create_task(each.run(config, 0, stop)) for each in (watcher, worker)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(asyncio.gather(*tasks), 15)


async def test_a_fleet_at_rest_asks_little_of_redis_and_of_servers(
    redis: Any, redis_server: RedisServer, tmp_path: Path
) -> None:
    """Whatever it does periodically: see what grows with the number of virtual clusters."""
    async with servers(tmp_path) as counts:
        config = configure(tmp_path, redis_server.url)
        clusters = [each.cluster() for each in load(config).virtual_clusters]
        streams = len(list(streams_of(clusters)))

        async def at_rest() -> bool:
            listed = sum(len(Store(redis).synced(name)) for name in NAMES)
            busy = any(redis.exists(f"tohost:{{{name}}}:dirty") for name in NAMES)
            return listed == streams and not busy

        async with running(config):
            await eventually(at_rest)
        # With positions to resume from, as first lists that are empty are fetched once more.
        async with running(config):
            await eventually(lambda: asked_for_nothing(counts))
            before = calls(redis), requests_of(counts)
            await asyncio.sleep(WINDOW_S)
            after = calls(redis), requests_of(counts)
    commands, requests = ((a - b) / WINDOW_S for a, b in zip(after, before, strict=True))
    assert commands < COMMANDS_PER_S + COMMANDS_PER_S_EACH * len(NAMES)
    assert requests < REQUESTS_PER_S_EACH * len(NAMES) + 1


@pytest.fixture
def my_turn_is_over(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody gets the sweepers' turn for an hour."""
    monkeypatch.setattr(sweep, "SWEEP_EVERY_S", 3600.0)
    WorkQueue(redis, CLUSTERS, "another").sweep()


@pytest.mark.usefixtures("my_turn_is_over")
def test_nothing_is_asked_before_a_key_is_due(redis: Any, clock: Clock) -> None:
    queue = WorkQueue(redis, CLUSTERS, "one", clock)
    queue.sweep()
    mark(queue, WEB)
    queue.finish([(take_one(queue), Again(7.0))])
    before = calls(redis)
    for _ in range(6):
        clock.now_s += 1
        assert not queue.sweep_due
        assert queue.sweep() == 0
    assert calls(redis) - before <= 1  # this very question
    clock.now_s += 1
    assert queue.sweep_due
    assert queue.sweep() == 1
