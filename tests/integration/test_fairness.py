"""Virtual clusters beside greedy and slow ones: in which order keys get done. Nothing is timed."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager

import pytest
from redis import Redis

from common.kinds import REGISTRY
from common.kube.circuit_breaker import CircuitBreaker
from common.objects import Obj, Side
from common.redis.trouble import Troubles
from common.store import Change, Store
from common.workqueue import Done, Taken, WorkQueue
from workers.room import Room, Servers
from workers.snapshots import SnapshotReader
from workers.taking import BATCH, Taking

PLURALS = ("configmaps", "pods", "secrets")


class Worker:
    """Ends what it takes once its turn in the event loop comes, but what is stuck never. `ended`:
    members with their cluster, in order."""

    def __init__(
        self, redis: Redis, weights: Mapping[str, int], limit: int, stuck: Collection[str] = ()
    ) -> None:
        self.queue = WorkQueue(redis, weights)
        self.ended: list[tuple[str, str]] = []
        self.stuck = set(stuck)
        servers = {name: Servers(CircuitBreaker(name), CircuitBreaker("host")) for name in weights}
        reader = SnapshotReader(redis, dict.fromkeys(weights, REGISTRY))
        self.taking = Taking(
            self.queue,
            reader,
            Room(limit, weights, servers.get),
            lambda _: True,
            lambda taken, _: self._running.append(taken),
            Troubles(),
        )
        self.taking.open = frozenset((name, plural) for name in weights for plural in PLURALS)
        self._running: list[Taken] = []

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        stopping = asyncio.Event()
        tasks = [asyncio.create_task(self.taking.run(stopping)), asyncio.create_task(self._end())]
        try:
            yield
        finally:
            stopping.set()
            await tasks[0]
            tasks[1].cancel()
            self.queue.hand_back(self.taking.held)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.002)

    async def _end(self) -> None:
        while True:
            ending = [one for one in self._running if one.key.cluster not in self.stuck]
            self._running = [one for one in self._running if one.key.cluster in self.stuck]
            await asyncio.to_thread(self.queue.finish, [(one, Done()) for one in ending])
            self.ended += [(one.key.cluster, one.key.member) for one in ending]
            self.taking.ended(ending)
            await asyncio.sleep(0.001)


def add(redis: Redis, cluster: str, plural: str, count: int, prefix: str = "x") -> None:
    members = [f"{plural} default/{prefix}-{number}" for number in range(count)]
    WorkQueue(redis, {cluster: 1}).add(cluster, members)


def store(redis: Redis, cluster: str, side: Side, names: Collection[str], version: str) -> None:
    """As a watcher does."""
    objects: dict[str, Obj] = {
        name: {"metadata": {"name": name, "namespace": "default", "uid": name}} for name in names
    }
    changes = [Change(f"default/{name}", version, obj) for name, obj in objects.items()]
    woken = Store(redis).put(cluster, side, "pods", changes)
    WorkQueue(redis, {cluster: 1}).push(cluster, woken)


async def test_busy_clusters_get_done_what_their_weights_say(redis: Redis) -> None:
    worker = Worker(redis, {"one": 1, "three": 3}, 192)
    for cluster in ("one", "three"):
        add(redis, cluster, "pods", 1500)
    async with worker.at_work():
        await worker.until(lambda: len(worker.ended) >= 1200)
    done = Counter(cluster for cluster, _ in worker.ended[:1200])
    assert done["three"] == pytest.approx(3 * done["one"], rel=0.1)


async def test_a_cluster_that_hangs_leaves_room_for_the_others(redis: Redis) -> None:
    worker = Worker(redis, {"hangs": 1, "regular": 1}, 192, stuck=["hangs"])
    add(redis, "hangs", "pods", 1000)
    async with worker.at_work():
        await worker.until(lambda: len(worker.taking.held) >= 128)
        add(redis, "regular", "pods", 300)
        await worker.until(lambda: len(worker.ended) == 300)
    assert {cluster for cluster, _ in worker.ended} == {"regular"}


async def test_what_was_held_back_goes_on_once_there_is_room(redis: Redis) -> None:
    worker = Worker(redis, {"hangs": 1, "other": 1}, 30, stuck=["hangs"])
    add(redis, "hangs", "pods", 100)
    async with worker.at_work():
        await worker.until(lambda: len(worker.taking.held) == 20)
        worker.stuck.clear()
        await worker.until(lambda: len(worker.ended) == 100)


async def test_a_storm_of_statuses_in_one_cluster_does_not_delay_creates_of_another(
    redis: Redis,
) -> None:
    worker = Worker(redis, {"greedy": 1, "regular": 1}, BATCH)
    storm = [f"pod-{number}" for number in range(2000)]
    store(redis, "greedy", "host", storm, "7")
    async with worker.at_work():
        await worker.until(lambda: len(worker.ended) >= 100)
        before = len(worker.ended)
        store(redis, "regular", "virtual", ["new"], "1")
        await worker.until(lambda: ("regular", "pods default/new") in worker.ended)
    after = worker.ended[before:].index(("regular", "pods default/new"))
    assert after < 5 * BATCH, "what was in hand, and what was taken while it was stored"


async def test_creates_do_not_delay_statuses_of_another_cluster_either(redis: Redis) -> None:
    worker = Worker(redis, {"greedy": 1, "regular": 1}, BATCH)
    store(redis, "greedy", "virtual", [f"pod-{number}" for number in range(2000)], "7")
    async with worker.at_work():
        await worker.until(lambda: len(worker.ended) >= 100)
        before = len(worker.ended)
        store(redis, "regular", "host", ["runs"], "1")
        await worker.until(lambda: ("regular", "pods default/runs") in worker.ended)
    assert worker.ended[before:].index(("regular", "pods default/runs")) < 5 * BATCH


async def test_a_flood_of_one_kind_does_not_delay_the_pods_of_its_cluster(redis: Redis) -> None:
    worker = Worker(redis, {"v": 1}, BATCH)
    add(redis, "v", "configmaps", 2000)
    async with worker.at_work():
        await worker.until(lambda: len(worker.ended) >= 100)
        before = len(worker.ended)
        add(redis, "v", "pods", 10)
        pods = {("v", f"pods default/x-{number}") for number in range(10)}
        await worker.until(lambda: pods <= set(worker.ended))
    last = max(worker.ended[before:].index(pod) for pod in pods)
    assert last < 5 * BATCH


async def test_a_worker_has_no_more_in_hand_than_it_may(redis: Redis) -> None:
    worker = Worker(redis, {"v": 1}, 2, stuck=["v"])
    add(redis, "v", "pods", 20)
    async with worker.at_work():
        await worker.until(lambda: len(worker.taking.held) == 2)
        await asyncio.sleep(0.1)
        assert len(worker.taking.held) == 2
        worker.stuck.clear()
        await worker.until(lambda: len(worker.ended) == 20)
