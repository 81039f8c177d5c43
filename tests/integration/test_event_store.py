"""What the store keeps of Events: their content until they are told, then only that they were."""

import time
from datetime import UTC, datetime
from typing import cast

import pytest
from redis import Redis

from common.event.interest import STALE_S
from common.naming import host_name
from common.objects import Obj
from common.store import Change, Store
from tests.integration.test_watchers_informer import CLUSTER, Bench, list_all

FIELD = "h/e1"
EVENT: Obj = {"metadata": {"name": "e1", "namespace": "h"}, "message": "hello"}


@pytest.fixture
def bench(redis: Redis) -> Bench:
    return Bench(redis, "host:events")


def event(version: int, age_s: float = 0.0, name: str = "e1", about: str = "web") -> Obj:
    at = datetime.fromtimestamp(time.time() - age_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    pod = {"apiVersion": "v1", "kind": "Pod", "namespace": "h", "uid": "u"}
    return {
        "metadata": {"name": name, "namespace": "h", "resourceVersion": str(version)},
        "involvedObject": {**pod, "name": host_name(CLUSTER, "default", about)},
        "lastTimestamp": at,
        "message": "hello",
    }


def content(redis: Redis) -> list[bytes]:
    return cast(list[bytes], redis.hkeys("tohost:{v}:obj:host:events"))


def test_what_is_forgotten_keeps_its_version(redis: Redis) -> None:
    store = Store(redis)
    store.put("v", "host", "events", [Change(FIELD, "7", EVENT)])
    store.forget("v", "host", "events", {FIELD: "7", "h/unknown": "7"})
    assert content(redis) == []
    assert store.versions("v", "host", "events") == {FIELD: "7"}
    assert store.put("v", "host", "events", [Change(FIELD, "7", EVENT)]) == []
    assert content(redis) == []


def test_what_changed_meanwhile_is_not_forgotten(redis: Redis) -> None:
    store = Store(redis)
    store.put("v", "host", "events", [Change(FIELD, "8", EVENT)])
    store.forget("v", "host", "events", {FIELD: "7"})
    assert content(redis) == [FIELD.encode()]


def test_forgetting_what_is_gone_does_nothing(redis: Redis) -> None:
    store = Store(redis)
    gone = [Change(FIELD, "7", EVENT), Change(FIELD, "7", None)]
    store.put("v", "host", "events", gone)
    store.forget("v", "host", "events", {FIELD: "7"})
    store.forget("v", "host", "events", {})
    assert store.versions("v", "host", "events") == {}
    assert redis.zcard("tohost:{v}:tomb:host:events") == 1


def test_pairs_are_both_sides_as_far_as_they_are_stored(redis: Redis) -> None:
    store = Store(redis)
    store.put("v", "virtual", "pods", [Change("n/a", "1", {"a": 1}), Change("n/b", "1", {"b": 1})])
    store.put("v", "host", "pods", [Change("n/b", "1", {"b": 2})])
    assert store.pairs("v", "pods", ["n/a", "n/b", "n/c"]) == [
        ({"a": 1}, None),
        ({"b": 1}, {"b": 2}),
        (None, None),
    ]
    assert store.pairs("v", "pods", []) == []


async def test_an_event_that_may_be_ours_wakes_its_own_key(bench: Bench, redis: Redis) -> None:
    async with bench.running():
        await list_all(bench, 10)
        strange = event(12, name="e2")
        strange["involvedObject"]["name"] = "someones-pod"
        await bench.informer.events([("ADDED", event(11)), ("ADDED", strange)])
        await bench.until("12")
    assert bench.fields() == {FIELD}
    assert bench.dirty() == {"events h/e1"}
    assert redis.llen("rq:queue:v.events") == 1


async def test_the_end_of_an_event_wakes_nobody(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 10, event(3))
        bench.forget()
        await bench.informer.events([("DELETED", event(11))])
        await bench.until("11")
        await list_all(bench, 20)
    assert bench.fields() == set()
    assert bench.dirty() == set()


async def test_a_relist_wakes_nobody_for_events_that_were_told(bench: Bench, redis: Redis) -> None:
    async with bench.running():
        await list_all(bench, 10, event(3), event(4, name="e2"))
        bench.store.forget("v", "host", "events", {FIELD: "3"})
        bench.forget()
        await list_all(bench, 20, event(3), event(15, name="e2"))
    assert bench.dirty() == {"events h/e2"}
    assert content(redis) == [b"h/e2"]


async def test_events_long_past_that_a_list_shows_are_passed_over(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 10, event(3, STALE_S + 60), event(4, STALE_S - 60, "e2"))
        assert bench.fields() == {"h/e2"}
        await bench.informer.events([("MODIFIED", event(11, STALE_S + 60))])
        await bench.until("11")
    assert bench.fields() == {"h/e1", "h/e2"}


async def test_events_that_wait_to_be_told_survive_a_late_relist(
    bench: Bench, redis: Redis
) -> None:
    async with bench.running():
        await list_all(bench, 10)
        await bench.informer.events([("ADDED", event(11, STALE_S + 60))])
        await bench.until("11")
        await list_all(bench, 20, event(11, STALE_S + 60))
    assert content(redis) == [FIELD.encode()]
