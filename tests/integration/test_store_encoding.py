"""Large objects, and what Redis has in place of an object that can't be read."""

import asyncio

import orjson
import pytest
from redis import Redis

from common.encoding import LARGE_BYTES, UnreadableError
from common.errors import PositionError
from common.keys import Key
from common.kinds import REGISTRY
from common.safety.absence import Absences
from common.store import Change, Store
from tests.integration.test_watchers_informer import CLUSTER, Bench, list_all, obj
from workers.scan_reader import ScanReader
from workers.snapshots import Snapshot, SnapshotReader

KINDS = {"v": {plural: REGISTRY[plural] for plural in ("configmaps", "pods", "services")}}
KEY = Key("v", "configmaps", "ns", "a")
OBJECTS = "tohost:{v}:obj:virtual:configmaps"
LARGE = {"text": "\n".join(f"line {number}" for number in range(LARGE_BYTES // 8))}


@pytest.fixture
def bench(redis: Redis) -> Bench:
    return Bench(redis)


async def relisted(bench: Bench) -> None:
    """What a watcher does once its stream starts anew."""
    assert await bench.informer.resume() == ""
    await list_all(bench, 10, obj("a", 3, data=LARGE))


async def listed(bench: Bench) -> None:
    async with bench.running():
        await bench.informer.resume()
        await list_all(bench, 10, obj("a", 3, data=LARGE))


def test_a_large_object_takes_less_in_redis_and_all_readers_read_it(redis: Redis) -> None:
    large = obj("a", 3, data=LARGE)
    Store(redis).put("v", "virtual", "configmaps", [Change("ns/a", "3", large)])
    assert int(redis.hstrlen(OBJECTS, "ns/a")) < len(orjson.dumps(large)) / 2
    assert Store(redis).pairs("v", "configmaps", ["ns/a"]) == [(large, None)]
    for reader in (SnapshotReader(redis, KINDS), ScanReader(redis, KINDS)):
        snapshot = reader.read([KEY])[0]
        assert isinstance(snapshot, Snapshot)
        assert snapshot.virtual == large


def test_objects_that_were_stored_as_plain_json_are_still_read(redis: Redis) -> None:
    large = obj("a", 3, data=LARGE)
    redis.hset(OBJECTS, "ns/a", orjson.dumps(large))
    assert Store(redis).pairs("v", "configmaps", ["ns/a"]) == [(large, None)]


async def test_a_rebuilt_store_takes_a_large_object_to_the_letter_for_the_same(
    bench: Bench,
) -> None:
    change = Change("ns/a", "3", obj("a", 3, data=LARGE))
    assert bench.store.put("v", "virtual", "configmaps", [change]) == ["configmaps ns/a"]
    bench.forget()
    assert bench.store.put("v", "virtual", "configmaps", [change], mode="rebuild") == []


async def test_an_unreadable_object_fails_its_key_and_is_fetched_again(bench: Bench) -> None:
    await listed(bench)
    bench.redis.hset(OBJECTS, "ns/a", "garbage")
    reader = SnapshotReader(bench.redis, KINDS)
    assert isinstance(reader.read([KEY])[0], UnreadableError)
    with pytest.raises(PositionError):
        bench.store.put(
            "v", "virtual", "configmaps", [Change("ns/b", "11", obj("b", 11))], position="10"
        )
    await relisted(bench)
    snapshot = reader.read([KEY])[0]
    assert isinstance(snapshot, Snapshot)
    assert (snapshot.virtual or {})["data"] == LARGE


async def test_a_quiet_stream_starts_anew_with_the_next_bookmark(bench: Bench) -> None:
    await listed(bench)
    bench.redis.hset(OBJECTS, "ns/a", "garbage")
    SnapshotReader(bench.redis, KINDS).read([KEY])
    async with bench.running() as task:
        await bench.informer.events([("BOOKMARK", {"metadata": {"resourceVersion": "12"}})])
        await asyncio.wait([task], timeout=5)
        assert isinstance(task.exception(), PositionError)


async def test_a_stream_is_listed_anew_only_once_in_a_while(bench: Bench) -> None:
    await listed(bench)
    reader = SnapshotReader(bench.redis, KINDS)
    bench.redis.hset(OBJECTS, "ns/a", b"\x02 a form of a later version")
    reader.read([KEY])
    await relisted(bench)
    bench.redis.hset(OBJECTS, "ns/a", b"\x02 a form of a later version")
    assert isinstance(reader.read([KEY])[0], UnreadableError)
    assert bench.position() == "10"


async def test_an_unreadable_object_that_is_gone_holds_up_no_list(bench: Bench) -> None:
    await listed(bench)
    bench.redis.hset(OBJECTS, "ns/a", "garbage")
    async with bench.running():
        assert await list_all(bench, 20)
    assert bench.fields() == set()
    assert not bench.redis.exists(OBJECTS)


def test_nothing_counts_as_lost_while_an_object_on_the_host_is_unreadable(redis: Redis) -> None:
    store = Store(redis)
    for side in ("virtual", "host"):
        store.set_synced("v", side, "configmaps")
    redis.hset("tohost:{v}:obj:host:configmaps", "ns/a", "garbage")
    with pytest.raises(UnreadableError):
        Absences(redis, CLUSTER, [REGISTRY["configmaps"]]).of("host")


def test_an_unreadable_service_fails_the_pods_beside_it(redis: Redis) -> None:
    store = Store(redis)
    store.put("v", "virtual", "services", [Change("ns/db", "2", obj("db", 2))])
    store.put("v", "virtual", "pods", [Change("ns/a", "3", obj("a", 3))])
    redis.hset("tohost:{v}:obj:virtual:services", "ns/db", "garbage")
    reader, pod = SnapshotReader(redis, KINDS), Key("v", "pods", "ns", "a")
    assert isinstance(reader.read([pod])[0], UnreadableError)
    assert isinstance(reader.read([KEY])[0], Snapshot)
    redis.hset("tohost:{v}:obj:virtual:services", "ns/db", orjson.dumps(obj("db", 2)))
    assert isinstance(reader.read([pod])[0], Snapshot)
