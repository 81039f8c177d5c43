"""What a run wrote itself is no news to it; anything else that comes while it goes on is."""

from collections.abc import Iterator
from functools import partial

import pytest
from redis import Redis

from common.context import Ref
from common.objects import Obj
from common.store import Change, Store
from common.workqueue import Done, Taken, WorkQueue
from sandbox.redis import RedisServer

PODS = frozenset({("v", "pods")})
FIELD = "ns/a"


@pytest.fixture
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server, Redis.from_url(server.url) as it:
        yield it


class Bench:
    """A watcher's store and a worker's queue, with a virtual pod of version 10 that runs."""

    def __init__(self, redis: Redis) -> None:
        self.store = Store(redis)
        self.queue = WorkQueue(redis, {"v": 1})
        self.see("virtual", change("10"))
        [self.taken] = self.take()
        self.taken.known = "10", ""

    def see(self, side: str, seen: Change, mode: str = "") -> None:
        put = self.store.put("v", side, "pods", [seen], mode=mode)  # type: ignore[arg-type]
        self.queue.push("v", put)

    def take(self) -> list[Taken]:
        return self.queue.take(10, PODS)

    def ends_knowing(self, virtual: str, host: str) -> bool:
        """Ends the run; whether there's one more."""
        self.taken.known = virtual, host
        self.queue.finish([(self.taken, Done())])
        return self.take() != []


@pytest.fixture
def bench(redis: Redis) -> Bench:
    return Bench(redis)


def change(version: str, obj: Obj | None = None, *, gone: bool = False) -> Change:
    body = None if gone else obj or {"metadata": {"resourceVersion": version}}
    return Change(FIELD, version, body, uid="u", seen=gone)


def test_the_echo_of_an_own_write_leads_to_no_further_run(bench: Bench) -> None:
    bench.see("host", change("20"))
    assert not bench.ends_knowing("10", "20")


def test_an_echo_after_the_run_leads_to_no_further_run(bench: Bench) -> None:
    def put(pipe: object) -> None:
        bench.store.put_answers(pipe, "v", "host", "pods", [change("20")])  # type: ignore[arg-type]

    bench.taken.known = "10", "20"
    assert bench.queue.finish([(bench.taken, Done())], put) == [[]]
    bench.see("host", change("20"))
    assert bench.take() == []


@pytest.mark.parametrize("side", ["virtual", "host"])
def test_a_newer_version_leads_to_one_more_run(bench: Bench, side: str) -> None:
    bench.see("host", change("20"))
    bench.see(side, change("30"))
    assert bench.ends_knowing("10", "20")
    assert bench.take() == []


@pytest.mark.parametrize("side", ["virtual", "host"])
def test_an_end_leads_to_one_more_run(bench: Bench, side: str) -> None:
    bench.see("host", change("20"))
    bench.see(side, change("30", gone=True))
    assert bench.ends_knowing("10", "20")


def test_the_end_of_a_host_object_is_no_news_when_the_virtual_one_had_ended(bench: Bench) -> None:
    bench.see("host", change("20"))
    bench.see("virtual", change("30", gone=True))
    bench.see("host", change("40", gone=True))
    assert not bench.ends_knowing("T30", "20")
    bench.see("host", change("50"))
    assert bench.take() != []


def test_a_host_object_that_ends_after_its_virtual_one_wakes_nobody(bench: Bench) -> None:
    bench.see("host", change("20"))
    assert not bench.ends_knowing("10", "20")
    bench.see("virtual", change("30", gone=True))
    [bench.taken] = bench.take()
    assert not bench.ends_knowing("T30", "20")
    bench.see("host", change("40", gone=True))
    assert bench.take() == []


def test_a_virtual_object_that_ends_after_its_host_object_wakes_nobody(bench: Bench) -> None:
    bench.see("host", change("20"))
    assert not bench.ends_knowing("10", "20")
    bench.see("host", change("30", gone=True))
    [bench.taken] = bench.take()
    assert not bench.ends_knowing("10", "T30")
    bench.see("virtual", change("40", gone=True))
    assert bench.take() == []


def test_a_host_object_that_ends_before_its_virtual_one_wakes_its_key(bench: Bench) -> None:
    bench.see("host", change("20"))
    assert not bench.ends_knowing("10", "20")
    bench.see("host", change("40", gone=True))
    assert bench.take() != []


@pytest.mark.parametrize("mode", ["again", "rebuild"])
def test_what_is_stored_anew_in_the_same_version_leads_to_one_more_run(
    bench: Bench, mode: str
) -> None:
    other = {"metadata": {"resourceVersion": "10", "labels": {"kept": "now"}}}
    bench.see("virtual", change("10", other), mode)
    assert bench.ends_knowing("10", "")


def test_a_mark_for_another_reason_leads_to_one_more_run(bench: Bench) -> None:
    bench.queue.add("v", [f"pods {FIELD}"])
    assert bench.ends_knowing("10", "")


def test_a_lost_run_is_repeated_whatever_it_knew(bench: Bench) -> None:
    bench.see("host", change("20"))
    bench.queue.hand_back([bench.taken])
    assert bench.take() != []


def referring(name: str, plural: str = "configmaps") -> Change:
    ref = Ref(plural, "ns", "target")
    return Change(f"ns/{name}", "11", {"metadata": {"resourceVersion": "11"}}, refs=(ref,))


def test_only_the_first_and_the_last_referrer_wake_their_target(bench: Bench) -> None:
    put = partial(bench.store.put, "v", "virtual", "pods", wake_own=False)
    assert put([referring("b"), referring("c")]) == ["configmaps ns/target"]
    bench.queue.drop("v", "configmaps")
    assert put([referring("d"), Change("ns/c", "12", None)]) == []
    assert put([Change("ns/b", "12", None), Change("ns/d", "12", None)]) == ["configmaps ns/target"]


def test_every_referrer_wakes_a_target_whose_plan_looks_at_each(bench: Bench) -> None:
    put = partial(bench.store.put, "v", "virtual", "pods", wake_own=False)
    for name in ("b", "c"):
        assert put([referring(name, "resourceclaims")]) == ["resourceclaims ns/target"]
        bench.queue.drop("v", "resourceclaims")
