"""Objects that aren't understood, or can't be stored, cost only themselves."""

import logging
from typing import Any

import pytest
from redis import Redis

from common.objects import Obj
from common.process.metrics import page
from common.store import Change, Store
from tests.integration.test_watchers_informer import Bench, list_all, obj

SECRET = "hunter2"
ODD = {"spec": SECRET, "status": {"password": SECRET}}


@pytest.fixture
def bench(redis: Redis) -> Bench:
    return Bench(redis, "virtual:pods")


def counted() -> float:
    start = 'tohost_odd_objects_total{cluster="v",plural="pods",side="virtual"} '
    lines = page()[1].decode().splitlines()
    return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))


async def test_an_odd_object_is_passed_over_counted_and_told_of_once_without_content(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    before = counted()
    async with bench.running():
        await list_all(bench, 10, obj("odd", 3, **ODD), obj("fine", 4))
        await bench.informer.events(
            [("MODIFIED", obj("odd", 11, **ODD)), ("MODIFIED", obj("fine", 12))]
        )
        await bench.until("12")
    assert bench.store.versions("v", "virtual", "pods") == {"ns/fine": "12"}
    assert counted() == before + 2
    [told] = [each for each in caplog.records if "passed over" in each.message]
    assert vars(told)["msg"]["object"] == "ns/odd"
    assert SECRET not in str(vars(told))
    assert told.levelno == logging.ERROR


async def test_what_turned_odd_is_not_gone(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 10, obj("a", 3))
        await list_all(bench, 20, obj("a", 15, **ODD))
        assert bench.fields() == {"ns/a"}
        await bench.informer.events([("DELETED", obj("a", 21, **ODD))])
        await bench.until("21")
    assert bench.fields() == set()


@pytest.mark.parametrize("version", ["", "x", "-1", "\u0663", None])
async def test_an_object_whose_version_is_no_number_is_odd(bench: Bench, version: Any) -> None:
    strange = obj("strange", 1)
    strange["metadata"]["resourceVersion"] = version
    async with bench.running():
        await list_all(bench, 10, strange, obj("fine", 4))
    assert bench.fields() == {"ns/fine"}


@pytest.mark.parametrize("shape", [None, "text", [], {}, {"metadata": []}, {"metadata": {}}])
async def test_what_is_no_object_at_all_is_passed_over(bench: Bench, shape: Any) -> None:
    async with bench.running():
        await list_all(bench, 10, shape, obj("fine", 4))
        await bench.informer.events([("ADDED", shape), ("MODIFIED", obj("fine", 12))])
        await bench.until("12")
    assert bench.store.versions("v", "virtual", "pods") == {"ns/fine": "12"}


def nested(depth: int) -> Obj:
    value: Obj = {}
    for _ in range(depth):
        value = {"x": value}
    return value


def test_what_is_nested_too_deeply_to_be_written_is_passed_over(redis: Redis) -> None:
    store = Store(redis)
    changes = [Change("n/deep", "1", nested(400)), Change("n/fine", "2", nested(100))]
    assert store.put("v", "virtual", "pods", changes) == ["pods n/fine"]
    assert store.versions("v", "virtual", "pods") == {"n/fine": "2"}
