"""A write that a full or read-only Redis refuses has changed nothing, whichever step it was in."""

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from redis import Redis, RedisError

from common.store import Change, Store
from common.workqueue import LEASE_S, Done, Outcome, Retry, WorkQueue
from tests.integration.workqueue import OPEN, WEB, Clock, keys, mark, take, take_one
from watchers.leases import Leases
from watchers.streams import StreamId

POD = {"metadata": {"name": "web-0", "namespace": "default"}}
Step = Callable[[Redis, WorkQueue], None]


def put(redis: Redis, _: WorkQueue) -> None:
    changes = [Change("default/web-0", "2", POD), Change("default/web-1", "2", POD)]
    Store(redis).put("alpha", "virtual", "pods", changes)


def add(_: Redis, queue: WorkQueue) -> None:
    queue.add("alpha", ["pods default/web-1"])


def move(redis: Redis, _: WorkQueue) -> None:
    Store(redis).move_position("alpha", "virtual", "pods", "", "2")


def lease(redis: Redis, _: WorkQueue) -> None:
    Leases(redis, [StreamId("alpha", "virtual", "pods")], "me").acquire(1)


STEPS = [put, add, move, lease]


def full(redis: Redis) -> None:
    redis.config_set("maxmemory", 1)


def replica(redis: Redis) -> None:
    redis.replicaof("127.0.0.1", "1")


def open_again(redis: Redis) -> None:
    redis.config_set("maxmemory", 0)
    redis.replicaof("NO", "ONE")


@pytest.fixture
def prepared(redis: Redis, queue: WorkQueue) -> Iterator[Redis]:
    """Something of everything."""
    there = [Change("default/web-2", "1", POD)]
    Store(redis).put("alpha", "virtual", "pods", there, wake_own=False)
    mark(queue, WEB)
    yield redis
    open_again(redis)


def content(redis: Redis) -> dict[str | bytes, bytes | None]:
    return {key: redis.dump(key) for key in redis.scan_iter()}


@pytest.mark.parametrize("close", [full, replica])
@pytest.mark.parametrize("step", STEPS)
def test_what_is_refused_changed_nothing(
    prepared: Redis, queue: WorkQueue, step: Step, close: Callable[[Redis], None]
) -> None:
    before = content(prepared)
    close(prepared)
    with pytest.raises(RedisError):
        step(prepared, queue)
    assert content(prepared) == before
    open_again(prepared)
    step(prepared, queue)
    assert content(prepared) != before


@pytest.mark.parametrize("close", [full, replica])
def test_a_lease_that_cannot_be_extended_ends_and_nobody_else_gets_the_key_meanwhile(
    prepared: Redis,
    queue: WorkQueue,
    other: WorkQueue,
    clock: Clock,
    close: Callable[[Redis], None],
) -> None:
    taken = take_one(queue)
    close(prepared)
    for _ in range(5):
        assert queue.holds(taken)
        clock.now_s += 2
        with pytest.raises(RedisError):
            queue.heartbeat()
    assert not queue.holds(taken)
    with pytest.raises(RedisError):
        other.sweep(force=True)
    assert take(other) == []
    open_again(prepared)
    other.sweep(force=True)
    other.sweep(force=True)
    assert keys(take(other)) == [WEB]


def test_tokens_that_were_popped_in_vain_come_back(
    prepared: Redis, queue: WorkQueue, other: WorkQueue, clock: Clock
) -> None:
    full(prepared)
    with suppress(RedisError):
        queue.take(10, OPEN)
    assert prepared.llen("rq:queue:alpha.pods") == 0
    open_again(prepared)
    clock.now_s += LEASE_S + 1
    other.sweep(force=True)
    other.sweep(force=True)
    assert keys(take(other)) == [WEB]


@pytest.mark.parametrize("outcome", [Done(), Retry(None, "later")])
def test_a_run_ends_as_a_whole_or_not_at_all(
    prepared: Redis, queue: WorkQueue, other: WorkQueue, outcome: Outcome
) -> None:
    taken = take_one(queue)
    full(prepared)
    with suppress(RedisError):
        queue.finish([(taken, outcome)])
    open_again(prepared)
    queue.finish([(taken, outcome)])
    expected = None if outcome == Done() else b"d"
    assert prepared.hget("tohost:{alpha}:state", WEB.member) == expected
    assert take(other) == []
