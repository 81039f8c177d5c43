"""Processes that stop, die and come back, and a Redis that forgets."""

import asyncio
import time
from itertools import count

import pytest

from common.objects import Obj
from tests.e2e.objects import configmap, in_env_from, in_volume, pod, secret, service, token_volume
from tests.e2e.process import Process
from tests.e2e.space import Space
from tests.e2e.waiting import eventually
from tests.e2e.world import HOST_NAMESPACE, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLURALS = "pods services endpoints endpointslices persistentvolumeclaims configmaps secrets".split()
BURST = 200
RECOVERY_S = 15.0


async def host_versions(world: World) -> dict[tuple[str, str], tuple[str, str]]:
    """uid and resourceVersion of everything in the host namespace, by plural and name."""
    return {
        (plural, obj["metadata"]["name"]): (
            obj["metadata"]["uid"],
            obj["metadata"]["resourceVersion"],
        )
        for plural in PLURALS
        for obj in await world.host.list(plural, HOST_NAMESPACE)
    }


async def some_of_everything(space: Space) -> None:
    await space.service_account()
    await space.create("services", service("web"))
    await space.create("configmaps", configmap("c"))
    await space.create("secrets", secret("s"))
    references = [in_volume("configmaps", "c"), in_env_from("secrets", "s")]
    await space.create("pods", pod("plain", *references))
    await space.create("pods", pod("token", token_volume(), serviceAccountName="default"))
    for name in ("plain", "token"):
        await space.running(name)
    for plural, name in (("services", "web"), ("configmaps", "c"), ("secrets", "s")):
        await space.host(plural, name)


@pytest.mark.parametrize("redis", ["kept", "empty"])
async def test_a_restart_with_everything_in_sync_writes_nothing_on_the_host(
    restored: World, space: Space, redis: str
) -> None:
    await some_of_everything(space)
    await restored.settled()
    before = await host_versions(restored)
    await restored.stop()
    if redis == "empty":
        restored.redis.flushall()
    await restored.start("watchers", "workers")
    await synced(restored)
    await restored.settled(quiet_s=1)
    assert await host_versions(restored) == before


async def synced(world: World) -> None:
    """Wait until the first lists of all streams are in Redis."""

    async def look() -> bool:
        return bool(world.redis.scard(f"tohost:{{{world.name}}}:synced") >= 2 * len(PLURALS) + 3)

    await eventually(look, 30)


async def test_a_redis_that_loses_everything_is_filled_again_and_nothing_is_lost(
    restored: World, space: Space
) -> None:
    await some_of_everything(space)
    await restored.settled()
    before = await host_versions(restored)
    restored.redis.flushall()
    await synced(restored)
    await restored.settled(quiet_s=1)
    after = await host_versions(restored)
    assert {key: uid for key, (uid, _) in after.items()} == {
        key: uid for key, (uid, _) in before.items()
    }
    await space.create("pods", pod("later"))
    await space.running("later")


async def test_two_watchers_share_the_streams_and_two_workers_the_work(
    restored: World, space: Space
) -> None:
    await restored.start("watchers", "workers")

    async def shared() -> bool:
        counts = list(streams_by_watcher(restored).values())
        return len(counts) == 2 and abs(counts[0] - counts[1]) <= 1

    await eventually(shared)
    await burst(space, 40)
    await eventually(lambda: complete(space, 40))

    more = count(40)

    async def both_worked() -> bool:
        """One worker may be quick enough to take a burst alone, but not one after another."""
        await space.create("pods", pod(f"b{next(more)}"))
        counts = [jobs_done(restored, worker) for worker in restored.running("workers")]
        return len(counts) == 2 and all(counts)

    await eventually(both_worked)


def jobs_done(world: World, worker: Process) -> int:
    """As rq-dashboard shows it."""
    for key in world.redis.smembers("rq:workers"):
        if f".{worker.pid}." in key.decode():
            return int(world.redis.hget(key, "successful_job_count") or 0)
    return 0


def streams_by_watcher(world: World) -> dict[bytes, int]:
    found: dict[bytes, int] = {}
    for key in world.redis.scan_iter(f"tohost:{{{world.name}}}:lease:*"):
        owner = world.redis.get(key)
        if owner:
            found[owner] = found.get(owner, 0) + 1
    return found


async def burst(space: Space, count: int) -> None:
    """ConfigMaps and pods that refer to them, 32 requests at a time."""
    slots = asyncio.Semaphore(32)

    async def create(number: int) -> None:
        async with slots:
            name = f"b{number}"
            await space.create("configmaps", configmap(name))
            await space.create("pods", pod(name, in_volume("configmaps", name)))

    await asyncio.gather(*(create(number) for number in range(count)))


async def complete(space: Space, count: int) -> bool:
    """Every object has exactly its host object, and every pod shows that it runs."""
    for plural in ("configmaps", "pods"):
        names = {obj["metadata"]["name"] for obj in await space.on_host(plural)}
        assert names == {space.host_name(f"b{number}") for number in range(count)}
    pods = await space.world.virtual.list("pods", space.namespace)
    return [phase(each) for each in pods] == ["Running"] * count


def phase(pod: Obj) -> str:
    return str(pod["status"]["phase"])


async def test_a_burst_survives_kill_9_of_a_worker_and_a_watcher(
    restored: World, space: Space
) -> None:
    await restored.start("watchers", "workers")
    writing = asyncio.create_task(burst(space, BURST))

    async def half_way() -> bool:
        return len(await space.on_host("pods")) > BURST // 4

    await eventually(half_way, 30)
    restored.running("workers")[0].kill()
    restored.running("watchers")[0].kill()
    killed = time.monotonic()
    await writing
    await eventually(lambda: complete(space, BURST), RECOVERY_S - (time.monotonic() - killed))


async def test_processes_told_to_stop_in_a_burst_end_in_time_and_lose_nothing(
    restored: World, space: Space
) -> None:
    writing = asyncio.create_task(burst(space, 60))
    await eventually(lambda: space.on_host("pods"))
    stopping = [restored.running("workers")[0].stop(), restored.running("watchers")[0].stop()]
    assert await asyncio.gather(*stopping) == [0, 0]
    await writing
    await restored.start("watchers", "workers")
    await eventually(lambda: complete(space, 60))


async def test_a_stopped_worker_hands_its_keys_back_at_once(restored: World, space: Space) -> None:
    """Not after its leases ran out, which takes 12 seconds."""
    await restored.start("workers")
    writing = asyncio.create_task(burst(space, 60))
    await eventually(lambda: space.on_host("pods"))
    assert await restored.running("workers")[0].stop() == 0
    await writing
    await eventually(lambda: complete(space, 60), 6)


async def test_probes_say_ready_and_alive(world: World) -> None:
    for process in (world.running("watchers")[0], world.running("workers")[0]):
        status, report = await process.probe("/readyz")
        assert (status, report["ready"], report["waiting"]) == (200, True, {})
        assert (await process.probe("/healthz"))[0] == 200


@pytest.mark.parametrize("module", ["watchers", "workers"])
async def test_a_process_without_redis_is_alive_but_not_ready(
    world: World, module: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("no-redis")
    config = folder / "tohost.yaml"
    url = f"redis://127.0.0.1:{world.redis.get_connection_kwargs()['port']}/0"
    config.write_text(world.config.read_text().replace(url, "redis://127.0.0.1:1/0"))
    process = Process(module, config, folder / "log")
    try:

        async def waits() -> bool:
            status, report = await process.probe()
            return status == 503 and "redis" in report["waiting"]

        await eventually(waits, 30)
        assert (await process.probe("/healthz"))[0] == 200
        assert await process.stop() == 0
    finally:
        process.kill()


async def test_a_redis_that_answers_nobody_for_a_while_costs_nothing(space: Space) -> None:
    await space.create("pods", pod("before"))
    await space.running("before")
    space.world.redis.execute_command("CLIENT", "PAUSE", 2000, "ALL")
    await space.create("pods", pod("during"))
    await space.running("during")
