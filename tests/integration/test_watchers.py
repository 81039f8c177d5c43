"""Whole watchers: clusters, Redis, leases and processes."""

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from redis import Redis

from common.config import load
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.metadata import KIND, MANAGED_BY, NAME, NAMESPACE, UID
from common.objects import Obj
from common.status.crew import WATCHERS
from common.store import Store
from sandbox.ports import free_port
from sandbox.redis import RedisServer
from tests.backends import Backend, backend, sandbox_backend
from watchers.command import run
from watchers.streams import streams_of

CONFIGMAPS = REGISTRY["configmaps"]


@dataclass
class Setting:
    """Two clusters, a Redis and a configuration that joins them."""

    made: Backend
    redis: Any
    virtual: KubeClient
    host: KubeClient
    config: Path
    content: Obj

    def configure(self, **changes: object) -> None:
        self.content |= changes
        self.config.write_text(yaml.safe_dump(self.content))

    def stored(self, side: Any = "virtual", cluster: str = "v") -> set[str]:
        names = Store(self.redis).versions(cluster, side, "configmaps")
        return {field for field in names if field.startswith("default/c")}

    async def create(self, name: str) -> Obj:
        return await self.virtual.create(CONFIGMAPS, "default", {"metadata": {"name": name}})


@asynccontextmanager
async def setting(made: Backend, redis: RedisServer, folder: Path) -> AsyncIterator[Setting]:
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(await KubeClient.connect(str(path), name=path.stem))
            for path in (made.virtual_kubeconfig, made.host_kubeconfig)
        ]
        namespace = {"metadata": {"name": "h"}}
        await clients[1].create(REGISTRY["namespaces"], "", namespace)
        virtual = {"name": "v", "hostNamespace": "h", "kubeconfig": str(made.virtual_kubeconfig)}
        content = {
            "redis": {"url": redis.url},
            "host": {"kubeconfig": str(made.host_kubeconfig)},
            "virtualClusters": [virtual],
        }
        client = Redis.from_url(redis.url)
        client.flushall()
        it = Setting(made, client, clients[0], clients[1], folder / "tohost.yaml", content)
        it.configure()
        yield it


@pytest.fixture
async def real(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Setting]:
    """Real clusters where there are some."""
    async with (
        backend(tmp_path, kubelet=False) as made,
        setting(made, redis_server, tmp_path) as it,
    ):
        yield it


@pytest.fixture
async def world(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Setting]:
    """The sandbox, which can be made to fail."""
    async with (
        sandbox_backend(tmp_path, kubelet=False) as made,
        setting(made, redis_server, tmp_path) as it,
    ):
        yield it


@asynccontextmanager
async def watching(it: Setting, health_port: int = 0) -> AsyncIterator[asyncio.Event]:
    """A watcher within this process, until the block ends or the event is set."""
    stop = asyncio.Event()
    task = asyncio.create_task(run(load(it.config), health_port, stop))
    yield stop
    stop.set()
    assert await asyncio.wait_for(task, 10) == 0


async def until(condition: Callable[[], bool | Awaitable[bool]], within_s: float = 15) -> None:
    deadline = time.monotonic() + within_s
    while True:
        result = condition()
        if result if isinstance(result, bool) else await result:
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def readiness(port: int) -> tuple[int, str]:
    """Status 0 while nothing listens."""
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}/readyz") as response,
        ):
            return response.status, await response.text()
    except aiohttp.ClientConnectorError as error:
        return 0, str(error)


async def test_both_sides_reach_the_store_and_their_keys_the_queue(real: Setting) -> None:
    made = await real.create("c1")
    async with watching(real):
        await until(lambda: real.stored() == {"default/c1"})
        await real.host.create(CONFIGMAPS, "h", host_object("c1", made))
        await until(lambda: real.stored("host") == {"default/c1"})
        await real.create("c2")
        await until(lambda: real.stored() == {"default/c1", "default/c2"})
        await real.virtual.delete(CONFIGMAPS, "default", "c1")
        await until(lambda: real.stored() == {"default/c2"})
    jobs = {job.decode() for job in real.redis.lrange("rq:queue:v.configmaps", 0, -1)}
    assert any("c1" in job for job in jobs)
    assert any("c2" in job for job in jobs)


def host_object(name: str, virtual: Obj) -> Obj:
    notes = {
        NAME: name,
        NAMESPACE: "default",
        UID: virtual["metadata"]["uid"],
        KIND: CONFIGMAPS.kind_annotation,
    }
    return {
        "metadata": {
            "name": f"v-default-{name}-x-default-x-v",
            "labels": {MANAGED_BY: "v", NAMESPACE: "default"},
            "annotations": notes,
        }
    }


async def test_a_watcher_that_comes_back_goes_on_where_it_was(world: Setting) -> None:
    async with watching(world):
        await until(lambda: ("virtual", "configmaps") in Store(world.redis).synced("v"))
    gone = await world.create("c1")
    await world.virtual.delete(CONFIGMAPS, "default", gone["metadata"]["name"])
    await world.create("c2")
    assert world.made.sandbox
    lists = world.made.sandbox.virtual.faults.fail(500, path="configmaps[?]limit")
    async with watching(world):
        await until(lambda: world.stored() == {"default/c2"})
    assert lists.struck == 0


async def test_readiness_waits_for_the_first_lists_and_names_them(world: Setting) -> None:
    assert world.made.sandbox
    away = world.made.sandbox.virtual.faults.fail(500, path="/secrets")
    port = free_port()

    async with watching(world, port):
        await until(lambda: ("virtual", "pods") in Store(world.redis).synced("v"))
        status, body = await readiness(port)
        assert status == 503
        assert "v virtual:secrets" in body
        world.made.sandbox.virtual.faults.remove(away)

        async def fine() -> bool:
            return (await readiness(port))[0] == 200

        await until(fine)


async def test_one_virtual_cluster_that_is_away_does_not_stop_another(world: Setting) -> None:
    nowhere = world.config.parent / "nowhere.kubeconfig"
    text = world.made.virtual_kubeconfig.read_text()
    assert world.made.sandbox
    port = world.made.sandbox.virtual.url.rpartition(":")[2]
    nowhere.write_text(text.replace(port, str(free_port())))
    away = {"name": "away", "hostNamespace": "h", "kubeconfig": str(nowhere)}
    world.configure(virtualClusters=[away, *world.content["virtualClusters"]])
    await world.create("c1")
    async with watching(world):
        await until(lambda: world.stored() == {"default/c1"})


async def test_another_cluster_behind_the_same_kubeconfig_stops_that_sync(
    world: Setting, tmp_path: Path
) -> None:
    await world.create("c1")
    async with watching(world):
        await until(lambda: world.stored() == {"default/c1"})
    (tmp_path / "other").mkdir()
    async with sandbox_backend(tmp_path / "other", kubelet=False) as other:
        virtual = {**world.content["virtualClusters"][0]}
        virtual["kubeconfig"] = str(other.virtual_kubeconfig)
        world.configure(virtualClusters=[virtual])
        port = free_port()

        async def told() -> bool:
            return "leads to another cluster" in (await readiness(port))[1]

        async with watching(world, port):
            await until(told)
            await asyncio.sleep(0.5)
    assert world.stored() == {"default/c1"}


async def test_a_redis_that_restarts_empty_is_filled_again(world: Setting, tmp_path: Path) -> None:
    port = free_port()

    async def says(text: str) -> bool:
        return text in (await readiness(port))[1]

    with RedisServer(tmp_path / "redis") as own:
        world.redis = Redis.from_url(own.url)
        world.configure(redis={"url": own.url})
        await world.create("c1")
        async with watching(world, port):
            await until(lambda: world.stored() == {"default/c1"})
            await asyncio.to_thread(own.kill)
            await until(lambda: says('"redis": "Redis can'))
            await asyncio.to_thread(own.start)
            await until(lambda: world.stored() == {"default/c1"}, 20)
            await until(lambda: says('"ready": true'))


async def test_a_stream_that_crashes_comes_back_and_does_not_disturb_others(
    world: Setting,
) -> None:
    versions = "tohost:{v}:rv:virtual:configmaps"
    world.redis.set(versions, "of the wrong type")
    await world.create("c1")
    async with watching(world):
        await until(
            lambda: {("virtual", "pods"), ("host", "configmaps")} <= Store(world.redis).synced("v")
        )
        assert ("virtual", "configmaps") not in Store(world.redis).synced("v")
        world.redis.delete(versions)
        await until(lambda: world.stored() == {"default/c1"})


class Process:
    """A watcher as people run it."""

    def __init__(self, it: Setting, log: Path) -> None:
        command = [sys.executable, "-m", "watchers", "--config", str(it.config)]
        with log.open("wb") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output)

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def ended(self, within_s: float = 10) -> int:
        return await asyncio.to_thread(self._process.wait, within_s)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


@asynccontextmanager
async def processes(it: Setting, count: int) -> AsyncIterator[list[Process]]:
    started = [Process(it, it.config.parent / f"watcher-{n}.log") for n in range(count)]
    try:
        await until(lambda: it.redis.zcard(WATCHERS) == count, 30)
        yield started
    finally:
        for each in started:
            each.kill()


def owners(it: Setting) -> dict[bytes, int]:
    """How many streams each watcher has."""
    found: dict[bytes, int] = {}
    for key in it.redis.scan_iter("tohost:{v}:lease:*"):
        owner = it.redis.get(key)
        if owner:
            found[owner] = found.get(owner, 0) + 1
    return found


def shared(it: Setting, count: int) -> bool:
    """Whether this many watchers have all streams between them, in fair parts."""
    parts = owners(it).values()
    every = len(list(streams_of(each.cluster() for each in load(it.config).virtual_clusters)))
    return len(parts) == count and sum(parts) == every and max(parts) - min(parts) <= 1


async def test_the_work_of_a_killed_watcher_goes_on_within_15_seconds(world: Setting) -> None:
    async with processes(world, 2) as (one, _):
        await until(lambda: shared(world, 2))
        one.kill()
        killed = time.monotonic()
        await world.create("c1")
        await until(lambda: shared(world, 1) and world.stored() == {"default/c1"}, 15)
        assert time.monotonic() - killed < 15


async def test_a_watcher_told_to_stop_hands_over_at_once(world: Setting) -> None:
    async with processes(world, 2) as (one, _):
        await until(lambda: shared(world, 2))
        one.send(signal.SIGTERM)
        assert await one.ended() == 0
        await world.create("c1")
        await until(lambda: shared(world, 1) and world.stored() == {"default/c1"}, 5)


async def test_a_watcher_stops_in_time_even_when_redis_is_gone(
    world: Setting, tmp_path: Path
) -> None:
    with RedisServer(tmp_path / "redis") as own:
        world.redis = Redis.from_url(own.url)
        world.configure(redis={"url": own.url})
        async with processes(world, 1) as (one,):
            await until(lambda: shared(world, 1))
            own.kill()
            one.send(signal.SIGTERM)
            assert await one.ended(10) == 0


def test_a_bad_configuration_ends_with_2_and_one_line(tmp_path: Path) -> None:
    config = tmp_path / "tohost.yaml"
    config.write_text("virtualClusters: []\n")
    command = [sys.executable, "-m", "watchers", "--config", str(config)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert str(config) in ended.stderr
