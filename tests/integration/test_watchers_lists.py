"""Lists that lie, lag behind, or come from another history: what becomes of the store."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from redis import Redis

from common.errors import ApiError, NotFoundError, RetryError
from common.metadata import KIND, MANAGED_BY, NAME, NAMESPACE, UID
from common.naming import host_name
from common.objects import Obj, name_of, namespace_of
from common.store import Change, Store
from tests.integration.test_watchers_informer import CLUSTER, Bench, list_all, obj
from watchers.doubt import SAMPLE
from watchers.history import FOR_S, LISTS

MANY = [obj(f"o{n}", 1) for n in range(3 * SAMPLE)]


@pytest.fixture
def bench(redis: Redis) -> Bench:
    return Bench(redis)


@pytest.fixture
def host(redis: Redis) -> Bench:
    return Bench(redis, "host:configmaps")


def serve(bench: Bench, *objects: Obj) -> None:
    """What the server has, whatever it lists."""
    bench.server |= {(namespace_of(each), name_of(each)): each for each in objects}


def ours(name: str, version: int) -> Obj:
    marks = {NAME: name, NAMESPACE: "ns", UID: "u", KIND: "/v1, Kind=ConfigMap"}
    metadata = {
        "name": host_name(CLUSTER, "ns", name, "configmaps"),
        "namespace": "h",
        "uid": f"host-{name}",
        "resourceVersion": str(version),
        "labels": {MANAGED_BY: "v", NAMESPACE: "ns"},
        "annotations": marks,
    }
    return {"metadata": metadata}


async def test_a_list_that_lacks_what_is_there_takes_nothing_away(bench: Bench) -> None:
    serve(bench, obj("a", 3))
    async with bench.running():
        await list_all(bench, 10, obj("a", 3), obj("b", 4))
        bench.forget()
        with pytest.raises(RetryError, match="lacks ns/a, which is still there"):
            await list_all(bench, 20, obj("b", 4))
        assert bench.fields() == {"ns/a", "ns/b"}
        assert (bench.dirty(), bench.position()) == (set(), "")
        await list_all(bench, 21, obj("a", 3), obj("b", 4))
    assert (bench.dirty(), bench.position()) == (set(), "21")


async def test_an_empty_list_is_seen_through_by_a_sample(bench: Bench) -> None:
    serve(bench, *MANY)
    async with bench.running():
        await list_all(bench, 10, *MANY)
        bench.read.clear()
        with pytest.raises(RetryError):
            await list_all(bench, 20)
    assert len(bench.fields()) == len(MANY)
    assert len(bench.read) == SAMPLE


async def test_what_is_gone_for_all_of_a_sample_is_gone(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 10, *MANY)
        await list_all(bench, 20)
    assert bench.fields() == set()
    assert len(bench.read) == SAMPLE


async def test_a_list_that_lacks_nothing_costs_no_request(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 10, *MANY)
        await list_all(bench, 20, *MANY)
    assert bench.read == []


async def test_another_object_of_the_same_name_is_no_lie(bench: Bench) -> None:
    later = obj("a", 15)
    later["metadata"]["uid"] = "another"
    serve(bench, later)
    async with bench.running():
        await list_all(bench, 10, obj("a", 3))
        await list_all(bench, 12)
    assert bench.fields() == set()


@pytest.mark.parametrize(
    "answer",
    [
        ApiError("forbidden", 403, "Forbidden"),
        NotFoundError("page not found", 404, "NotFound"),
        RetryError("500"),
    ],
    ids=["403", "404 for the path", "500"],
)
async def test_only_a_404_for_the_object_proves_that_it_is_gone(
    bench: Bench, answer: Exception
) -> None:
    async with bench.running():
        await list_all(bench, 10, obj("a", 3))
        bench.server["ns", "a"] = answer
        with pytest.raises(RetryError):
            await list_all(bench, 20)
    assert bench.fields() == {"ns/a"}


async def test_a_host_object_is_looked_for_under_its_own_name(host: Bench) -> None:
    serve(host, ours("a", 3))
    async with host.running():
        await list_all(host, 10, ours("a", 3))
        assert host.fields() == {"ns/a"}
        with pytest.raises(RetryError, match="lacks ns/a"):
            await list_all(host, 20)
    assert host.read == [host_name(CLUSTER, "ns", "a", "configmaps")]


@pytest.mark.parametrize("part", ["labels", "annotations"])
async def test_a_host_object_that_is_no_longer_ours_is_no_lie(host: Bench, part: str) -> None:
    foreign = ours("a", 12)
    del foreign["metadata"][part]
    serve(host, foreign)
    async with host.running():
        await list_all(host, 10, ours("a", 3))
        await list_all(host, 20)
    assert host.fields() == set()


async def test_what_lost_the_label_that_is_asked_for_is_no_lie(redis: Redis) -> None:
    bench = Bench(redis, "virtual:nodes")
    node: Obj = {"metadata": {"name": "n", "uid": "u", "resourceVersion": "3"}}
    marked: Obj = {"metadata": {**node["metadata"], "labels": {MANAGED_BY: "v"}}}
    async with bench.running():
        await list_all(bench, 10, marked)
        serve(bench, marked)
        with pytest.raises(RetryError):
            await list_all(bench, 20)
        serve(bench, node)
        await list_all(bench, 21)
    assert bench.fields() == set()


async def test_what_a_list_hid_comes_back_with_the_next_one(bench: Bench) -> None:
    """Where the sample missed it; nothing else would bring it back before it changes."""
    async with bench.running():
        await list_all(bench, 10, obj("a", 3))
        await list_all(bench, 20)
        bench.forget()
        await list_all(bench, 21, obj("a", 3))
    assert bench.fields() == {"ns/a"}
    assert bench.dirty() == {"configmaps ns/a"}


async def test_a_list_without_a_version_is_none(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 10, obj("a", 3))
        await bench.informer.list_started()
        with pytest.raises(RetryError, match="no version"):
            await bench.informer.list_done("")
    assert bench.fields() == {"ns/a"}


async def test_a_list_from_a_server_that_lags_behind_changes_nothing(bench: Bench) -> None:
    """It has what was deleted meanwhile, lacks what is new, and knows old states."""
    async with bench.running():
        await list_all(bench, 10, obj("a", 3), obj("gone", 4))
        news = ("MODIFIED", obj("a", 12)), ("ADDED", obj("new", 13)), ("DELETED", obj("gone", 14))
        await bench.informer.events(list(news))
        await bench.until("14")
        bench.forget()
        with pytest.raises(RetryError, match="older than what is stored"):
            await list_all(bench, 11, obj("a", 3), obj("gone", 4))
    versions = bench.store.versions("v", "virtual", "configmaps")
    assert versions == {"ns/a": "12", "ns/new": "13"}
    assert bench.dirty() == set()


def wait_until(condition: Callable[[], bool], within_s: float = 5) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Positions(Store):
    """Writes down how a stream moves."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis)
        self.passed: list[str] = []

    def move_position(self, *args: str) -> bool:
        self.passed.append(args[-1])
        return super().move_position(*args)  # type: ignore[arg-type]

    def put(self, *args: Any, move_to: str = "", **more: Any) -> list[str]:
        if move_to:
            self.passed.append(move_to)
        return super().put(*args, move_to=move_to, **more)


async def test_events_told_again_change_nothing_and_move_nothing_back(redis: Redis) -> None:
    store = Positions(redis)
    bench = Bench(redis, store=store)
    first = [("ADDED", obj("a", 11)), ("ADDED", obj("b", 12)), ("DELETED", obj("b", 13))]
    async with bench.running():
        await list_all(bench, 10)
        await bench.informer.events(list(first))
        await bench.until("13")
        bench.forget()
        moves = len(store.passed)
        await bench.informer.events(first[:2])
        await asyncio.to_thread(wait_until, lambda: len(store.passed) > moves)
        await bench.informer.events([("ADDED", obj("c", 14))])
        await bench.until("14")
    assert store.passed[moves:] == ["13", "14"]
    assert bench.store.versions("v", "virtual", "configmaps") == {"ns/a": "11", "ns/c": "14"}
    assert bench.dirty() == {"configmaps ns/c"}


async def test_a_list_under_way_remembers_what_was_stored_before(bench: Bench) -> None:
    """Whoever takes the stream over must know it, too."""
    async with bench.running():
        await list_all(bench, 10, obj("a", 3))
        await bench.informer.list_started()
        await bench.informer.list_started()
    other = Bench(bench.redis)
    assert await other.informer.resume() == ""
    async with other.running():
        with pytest.raises(RetryError, match="older"):
            await list_all(other, 9, obj("a", 3))


async def list_restored(bench: Bench, version: int, *objects: Obj) -> None:
    """Until it's believed that the server went back to an earlier state."""
    for _ in range(LISTS - 1):
        with pytest.raises(RetryError, match="older"):
            await list_all(bench, version, *objects)
        bench.now_s += FOR_S / (LISTS - 1)
    assert not await list_all(bench, version, *objects)
    await list_all(bench, version, *objects)


async def test_a_cluster_that_went_back_in_its_history_is_taken_as_it_is(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 100, obj("same", 3), obj("reverted", 90), obj("later", 95))
        await bench.informer.events([("DELETED", obj("back", 101))])
        await bench.until("101")
        bench.forget()
        await list_restored(bench, 50, obj("same", 3), obj("reverted", 40), obj("back", 41))
        versions = bench.store.versions("v", "virtual", "configmaps")
        assert versions == {"ns/same": "3", "ns/reverted": "40", "ns/back": "41"}
        assert bench.dirty() == {f"configmaps ns/{name}" for name in ("reverted", "back", "later")}
        await bench.informer.events([("MODIFIED", obj("same", 51))])
        await bench.until("51")
    assert bench.store.versions("v", "virtual", "configmaps")["ns/same"] == "51"


async def test_what_a_restored_cluster_still_has_makes_its_list_a_lie(bench: Bench) -> None:
    serve(bench, obj("a", 90))
    async with bench.running():
        await list_all(bench, 100, obj("a", 90))
        with pytest.raises(RetryError, match="still there"):
            await list_restored(bench, 50)
    assert bench.fields() == {"ns/a"}


async def test_a_server_that_lagged_behind_and_caught_up_is_listed_once_more(bench: Bench) -> None:
    """By then a restored one might have come to our versions on another way."""
    async with bench.running():
        await list_all(bench, 100, obj("a", 90), obj("b", 91))
        bench.forget()
        with pytest.raises(RetryError):
            await list_all(bench, 50, obj("a", 40), obj("b", 40))
        assert not await list_all(bench, 102, obj("a", 60), obj("b", 91))
        assert bench.dirty() == set()
        assert await list_all(bench, 102, obj("a", 60), obj("b", 91))
    assert bench.store.versions("v", "virtual", "configmaps") == {"ns/a": "60", "ns/b": "91"}
    assert bench.dirty() == {"configmaps ns/a"}


async def test_servers_that_lag_behind_now_and_then_set_nothing_back(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 100, obj("a", 90))
        bench.forget()
        for _ in range(LISTS):
            with pytest.raises(RetryError):
                await list_all(bench, 50, obj("a", 40))
            assert not await list_all(bench, 100, obj("a", 90))
            bench.now_s += FOR_S
            with pytest.raises(RetryError):
                await list_all(bench, 50, obj("a", 40))
            assert await list_all(bench, 100, obj("a", 90))
    assert (bench.fields(), bench.dirty()) == ({"ns/a"}, set())


def answer(name: str, version: int, known_at: str = "") -> Change:
    return Change(f"ns/{name}", str(version), obj(name, version), known_at=known_at)


def late(bench: Bench, change: Change) -> None:
    """A worker stores what it was answered."""
    bench.store.put("v", "virtual", "configmaps", [change], wake_own=False, mode="late")


async def test_a_late_answer_brings_nothing_back_that_a_full_list_lacks(bench: Bench) -> None:
    """Created, deleted and listed anew before the worker that created it gets to store it."""
    async with bench.running():
        await list_all(bench, 10)
        await list_all(bench, 20)
        late(bench, answer("a", 12))
    assert bench.fields() == set()


async def test_an_answer_that_comes_before_its_event_is_stored(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 20)
        late(bench, answer("a", 21))
    assert bench.fields() == {"ns/a"}


async def test_while_a_list_is_under_way_what_was_known_before_still_counts(bench: Bench) -> None:
    async with bench.running():
        await list_all(bench, 10)
        await bench.informer.list_started()
        late(bench, answer("a", 5))
        late(bench, answer("b", 12))
    assert bench.fields() == {"ns/b"}


async def test_before_the_first_list_any_answer_is_stored(bench: Bench) -> None:
    async with bench.running():
        await bench.informer.list_started()
        late(bench, answer("a", 12))
    assert bench.fields() == {"ns/a"}


@pytest.mark.parametrize(("asked_at", "kept"), [("20", {"ns/a"}), ("15", set())])
async def test_what_was_there_after_the_list_that_lacked_it_is_stored(
    bench: Bench, asked_at: str, kept: set[str]
) -> None:
    """A worker that finds an object that a list had hidden."""
    async with bench.running():
        await list_all(bench, 20)
        late(bench, answer("a", 12, asked_at))
    assert bench.fields() == kept


class Interrupted(Store):
    """A worker's answer comes each time just after it was read what is stored."""

    reads = 0

    def versions(self, *args: Any) -> dict[str, str]:
        found = super().versions(*args)
        self.reads += 1
        change = answer(f"b{self.reads}", 12)
        self.put("v", "virtual", "configmaps", [change], wake_own=False, mode="late")
        return found


async def test_an_answer_during_a_list_does_not_get_in_behind_it(redis: Redis) -> None:
    """It is stored before the list is compared with what is, or not at all."""
    bench = Bench(redis, store=Interrupted(redis))
    async with bench.running():
        await bench.informer.list_started()
        late(bench, answer("a", 12))
        await bench.informer.list_done("20")
    assert Store(redis).versions("v", "virtual", "configmaps") == {}
