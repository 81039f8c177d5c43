import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from redis import Redis

from common.cluster import Cluster
from common.errors import NotFoundError, PositionError, RetryError
from common.kind import Kind
from common.objects import Obj
from common.store import Change, Store
from common.workqueue import WorkQueue
from watchers.informer import BATCH, Informer
from watchers.streams import Stream, streams_of

CLUSTER = Cluster("v", "h", enabled=frozenset({"pods", "configmaps"}))
STREAMS: dict[str, Stream] = {
    f"{stream.side}:{stream.kind.plural}": stream for stream in streams_of([CLUSTER])
}


class Bench:
    """An informer on a real store and queue."""

    def __init__(
        self, redis: Redis, stream: str = "virtual:configmaps", store: Store | None = None
    ) -> None:
        self.redis, self.store, self.held = redis, store or Store(redis), True
        queue = WorkQueue(redis, {"v": 1})
        self.stream = STREAMS[stream]
        self.server: dict[tuple[str, str], Obj | Exception] = {}
        self.read: list[str] = []
        self.now_s = 0.0
        self.informer = Informer(
            self.stream, self.store, queue, b"key", lambda: self.held, self.get, lambda: self.now_s
        )

    async def get(self, kind: Kind, namespace: str, name: str) -> Obj:
        """What the server has one by one, whatever it lists: see `server`."""
        self.read.append(name)
        found = self.server.get((namespace, name))
        if found is None:
            raise NotFoundError(f"{name} not found", 404, "NotFound", {"name": name})
        if isinstance(found, Exception):
            raise found
        return found

    @asynccontextmanager
    async def running(self) -> AsyncIterator["asyncio.Task[None]"]:
        task = asyncio.create_task(self.informer.run())
        yield task
        task.cancel()
        await asyncio.wait([task])

    def position(self) -> str:
        return self.store.stream("v", self.stream.side, self.stream.kind.plural)[1]

    def fields(self) -> set[str]:
        return set(self.store.versions("v", self.stream.side, self.stream.kind.plural))

    def dirty(self) -> set[str]:
        members = cast(list[bytes], self.redis.hkeys("tohost:{v}:dirty"))
        return {member.decode() for member in members}

    def jobs(self) -> int:
        return int(self.redis.llen("rq:queue:v.configmaps"))

    def forget(self) -> None:
        self.redis.delete("tohost:{v}:dirty", "tohost:{v}:state", "rq:queue:v.configmaps")

    async def until(self, position: str) -> None:
        """Wait until events up to this version are written."""
        deadline = time.monotonic() + 5
        while self.position() != position:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.005)


@pytest.fixture
def bench(redis: Redis) -> Bench:
    return Bench(redis)


def obj(name: str, version: int, **fields: object) -> Obj:
    metadata = {"namespace": "ns", "name": name, "uid": name, "resourceVersion": str(version)}
    return {"metadata": metadata, **fields}


async def list_all(bench: Bench, version: int, *objects: Obj) -> bool:
    await bench.informer.list_started()
    await bench.informer.listed(list(objects), str(version))
    return await bench.informer.list_done(str(version))


async def test_a_first_list_fills_the_store_wakes_the_keys_and_is_complete(bench: Bench) -> None:
    async with bench.running():
        assert await bench.informer.resume() == ""
        await list_all(bench, 10, obj("a", 3), obj("b", 4))
    assert bench.fields() == {"ns/a", "ns/b"}
    assert bench.dirty() == {"configmaps ns/a", "configmaps ns/b"}
    assert (bench.jobs(), bench.informer.synced) == (2, True)
    assert ("virtual", "configmaps") in bench.store.synced("v")
    assert await bench.informer.resume() == "10"


async def test_a_list_that_did_not_finish_gives_no_position(bench: Bench) -> None:
    async with bench.running():
        await bench.informer.list_started()
        await bench.informer.listed([obj("a", 3)], "10")
    assert await bench.informer.resume() == ""
    assert not bench.informer.synced


async def test_a_relist_deletes_what_is_gone_and_wakes_nothing_else(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 10, obj("a", 3), obj("b", 4))
        bench.forget()
        await list_all(bench, 20, obj("b", 4))
    assert bench.fields() == {"ns/b"}
    assert bench.dirty() == {"configmaps ns/a"}


async def test_a_relist_leaves_what_is_newer_than_the_list(bench: Bench) -> None:
    async with bench.running():
        late = Change("ns/late", "25", obj("late", 25))
        bench.store.put("v", "virtual", "configmaps", [late], mode="late")
        await list_all(bench, 20)
    assert bench.fields() == {"ns/late"}


async def test_an_abandoned_list_does_not_protect_what_is_gone(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 10, obj("a", 3))
        await bench.informer.list_started()
        await bench.informer.listed([obj("a", 3)], "15")
        await list_all(bench, 20)
    assert bench.fields() == set()


async def test_events_are_stored_and_move_the_position(bench: Bench) -> None:
    bookmark = {"metadata": {"resourceVersion": "40"}}
    async with bench.running():
        await bench.informer.events([("ADDED", obj("a", 11)), ("ADDED", obj("b", 12))])
        await bench.informer.events([("DELETED", obj("a", 13)), ("BOOKMARK", bookmark)])
        await bench.until("40")
    assert bench.fields() == {"ns/b"}
    assert bench.jobs() == 2


async def test_events_that_come_during_a_write_are_written_together(bench: Bench) -> None:
    before = int(bench.redis.info("commandstats")["cmdstat_evalsha"]["calls"])
    async with bench.running():
        for version in range(100, 300):
            await bench.informer.events([("MODIFIED", obj("a", version))])
        await bench.until("299")
    after = int(bench.redis.info("commandstats")["cmdstat_evalsha"]["calls"])
    assert after - before < 50


async def test_a_stream_faster_than_redis_has_to_wait(bench: Bench) -> None:
    crowd = [("ADDED", obj(f"o{n}", n)) for n in range(1, BATCH + 1)]
    await bench.informer.events(crowd)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await bench.informer.events([("ADDED", obj("more", BATCH + 1))])
    async with bench.running():
        await bench.informer.events([("ADDED", obj("more", BATCH + 1))])
        await bench.until(str(BATCH + 1))


async def test_a_replay_after_a_crash_changes_nothing(bench: Bench) -> None:
    events = [("ADDED", obj("a", 11)), ("DELETED", obj("b", 12))]
    async with bench.running():
        await bench.informer.events(list(events))
        await bench.until("12")
    bench.forget()
    again = Bench(bench.redis)
    await again.informer.resume()
    async with again.running():
        await again.informer.events([*events, ("ADDED", obj("c", 13))])
        await again.until("13")
    assert again.dirty() == {"configmaps ns/c"}


async def test_what_was_stored_of_another_shape_is_stored_anew_once(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 10, obj("a", 3))
        bench.store.set_shape("v", "virtual", "configmaps", "another")
        bench.forget()
        assert await bench.informer.resume() == ""
        await list_all(bench, 11, obj("a", 3))
        assert bench.dirty() == {"configmaps ns/a"}
        bench.forget()
        await bench.informer.events([("MODIFIED", obj("a", 3)), ("ADDED", obj("b", 12))])
        await bench.until("12")
    assert bench.dirty() == {"configmaps ns/b"}


async def test_without_the_lease_no_position_is_written(bench: Bench) -> None:
    bench.held = False
    async with bench.running() as task:
        await bench.informer.events([("ADDED", obj("a", 11))])
        with pytest.raises(RetryError, match="lease"):
            await asyncio.wait_for(asyncio.shield(task), 5)
    assert bench.position() == ""


async def test_events_behind_a_gap_that_redis_forgot_do_not_move_the_position(
    bench: Bench,
) -> None:
    """As when it restarts with what it had saved some time ago."""
    async with bench.running() as task:
        await bench.informer.events([("ADDED", obj("a", 11))])
        await bench.until("11")
        bench.redis.hset("tohost:{v}:pos", "virtual:configmaps", "7")
        await bench.informer.events([("ADDED", obj("b", 12))])
        with pytest.raises(PositionError):
            await asyncio.wait_for(asyncio.shield(task), 5)
    assert bench.position() == "7"


async def test_a_list_whose_beginning_redis_forgot_is_not_complete(bench: Bench) -> None:
    await bench.informer.list_started()
    await bench.informer.listed([obj("a", 5)], "10")
    bench.redis.flushall()
    with pytest.raises(PositionError):
        await bench.informer.listed([obj("b", 6)], "10")
    with pytest.raises(PositionError):
        await bench.informer.list_done("10")
    assert (bench.store.synced("v"), bench.fields()) == (frozenset(), set())


async def test_what_was_seen_before_redis_forgot_everything_is_not_stored(bench: Bench) -> None:
    """As by a watcher that was paused: others may have listed the stream by now, and of an object
    that ended meanwhile nothing would ever say so."""
    async with bench.running():
        await bench.informer.list_started()
        await bench.informer.list_done("10")
    bench.redis.flushall()
    async with bench.running() as running:
        await bench.informer.events([("MODIFIED", obj("a", 12))])
        with pytest.raises(PositionError):
            await running
    assert bench.fields() == set()


class SlowStore(Store):
    """Takes its time, and says when it begins."""

    began = threading.Event()

    def put(self, *args: Any, **options: Any) -> list[str]:
        self.began.set()
        time.sleep(0.2)
        return super().put(*args, **options)


async def test_stopping_waits_for_the_write_under_way(redis: Redis) -> None:
    bench = Bench(redis, store=SlowStore(redis))
    async with bench.running():
        await bench.informer.events([("ADDED", obj("a", 11))])
        await asyncio.to_thread(SlowStore.began.wait, 5)
    assert bench.position() == "11"
    assert bench.fields() == {"ns/a"}


async def test_a_changed_namespace_wakes_its_pods(redis: Redis) -> None:
    pods, namespaces = Bench(redis, "virtual:pods"), Bench(redis, "virtual:namespaces")
    pod = obj("web", 11, spec={"containers": []})
    namespace = {"metadata": {"name": "ns", "resourceVersion": "12", "labels": {"team": "a"}}}
    async with pods.running(), namespaces.running():
        await pods.informer.events([("ADDED", pod)])
        await pods.until("11")
        pods.forget()
        await namespaces.informer.events([("MODIFIED", namespace)])
        await namespaces.until("12")
    assert pods.dirty() == {"namespaces ns", "pods ns/web"}


async def test_nothing_of_a_secret_reaches_redis(redis: Redis) -> None:
    cluster = Cluster("v", "h", enabled=frozenset({"secrets"}))
    stream = next(s for s in streams_of([cluster]) if s.kind.plural == "secrets")
    store, queue = Store(redis), WorkQueue(redis, {"v": 1})
    informer = Informer(stream, store, queue, b"key", lambda: True, Bench(redis).get)
    secret = obj("s", 11, data={"password": "aHVudGVyMg=="}, stringData={"plain": "hunter2"})
    task = asyncio.create_task(informer.run())
    await informer.events([("ADDED", secret)])
    await informer.list_started()
    task.cancel()
    contents = list(_contents(redis))
    assert any("dataDigest" in text for text in contents)
    assert not [text for text in contents if "hunter2" in text or "aHVudGVyMg" in text]


def _contents(redis: Any) -> Iterator[str]:
    """Every key of Redis with its value."""
    readers = {
        b"string": redis.get,
        b"hash": redis.hgetall,
        b"set": redis.smembers,
        b"zset": lambda key: redis.zrange(key, 0, -1),
        b"list": lambda key: redis.lrange(key, 0, -1),
    }
    for key in redis.scan_iter():
        yield f"{key!r} {readers[redis.type(key)](key)!r}"
