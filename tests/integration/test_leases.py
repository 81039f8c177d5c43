import time
from collections.abc import Callable, Sequence

from redis import Redis

from common.status.crew import WATCHERS
from watchers.leases import Leases
from watchers.streams import StreamId

STREAMS = [
    StreamId(cluster, "virtual", plural)
    for cluster in ("a", "b")
    for plural in ("pods", "services", "secrets", "configmaps", "endpoints")
]
LEASE_S = 0.4


def watcher(redis: Redis, name: str, streams: Sequence[StreamId] = STREAMS) -> Leases:
    return Leases(redis, streams, name, lease_s=LEASE_S)


def turn(leases: Leases) -> None:
    """What a supervisor does every second."""
    leases.renew()
    share = leases.share()
    leases.release(leases.surplus(share))
    leases.acquire(share)


def turns_until(condition: Callable[[], bool], *watchers: Leases) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        for each in watchers:
            turn(each)
        time.sleep(0.02)


def test_a_watcher_alone_takes_everything(redis: Redis) -> None:
    one = watcher(redis, "one")
    turn(one)
    assert one.held == set(STREAMS)


def test_two_watchers_share_fairly_and_never_hold_the_same_stream(redis: Redis) -> None:
    one, two = watcher(redis, "one"), watcher(redis, "two")
    turn(one)
    turn(two)
    turn(one)
    turn(two)
    assert len(one.held) == len(two.held) == 5
    assert not one.held & two.held


def test_three_watchers_share_what_cannot_be_divided(redis: Redis) -> None:
    watchers = [watcher(redis, name) for name in ("one", "two", "three")]
    turns_until(lambda: sum(len(each.held) for each in watchers) == 10, *watchers)
    for _ in range(3):
        for each in watchers:
            turn(each)
    assert sorted(len(each.held) for each in watchers) == [3, 3, 4]


def test_the_streams_of_a_dead_watcher_move_when_its_leases_run_out(redis: Redis) -> None:
    one, two = watcher(redis, "one"), watcher(redis, "two")
    turns_until(lambda: len(one.held) == len(two.held) == 5, one, two)
    turns_until(lambda: two.held == set(STREAMS), two)
    assert one.held == frozenset()


def test_the_streams_of_a_watcher_that_leaves_move_at_once(redis: Redis) -> None:
    one, two = watcher(redis, "one"), watcher(redis, "two")
    turns_until(lambda: len(one.held) == len(two.held) == 5, one, two)
    one.leave()
    turn(two)
    assert two.held == set(STREAMS)
    assert redis.zrange(WATCHERS, 0, -1) == [b"two"]


def test_a_watcher_that_slept_through_its_lease_knows_that_it_lost_it(redis: Redis) -> None:
    one, two = watcher(redis, "one"), watcher(redis, "two")
    turn(one)
    time.sleep(LEASE_S + 0.1)
    assert not one.holds(STREAMS[0])
    turn(two)
    assert one.renew() == set(STREAMS)
    assert two.held == set(STREAMS)


def test_a_lease_that_another_took_is_not_released_by_its_former_holder(redis: Redis) -> None:
    one, two = watcher(redis, "one"), watcher(redis, "two")
    turn(one)
    time.sleep(LEASE_S + 0.1)
    turn(two)
    one.leave()
    assert two.renew() == frozenset()


def test_renewing_keeps_the_streams(redis: Redis) -> None:
    one, two = watcher(redis, "one"), watcher(redis, "two")
    turn(one)
    until = time.monotonic() + LEASE_S * 2
    while time.monotonic() < until:
        assert one.renew() == frozenset()
        time.sleep(0.05)
    assert two.acquire(10) == frozenset()


def test_more_watchers_than_streams_leave_some_idle(redis: Redis) -> None:
    one, two = watcher(redis, "one", STREAMS[:1]), watcher(redis, "two", STREAMS[:1])
    turn(one)
    turn(two)
    turn(one)
    assert len(one.held | two.held) == 1


def test_a_redis_that_lost_everything_takes_the_leases_along(redis: Redis) -> None:
    one = watcher(redis, "one")
    turn(one)
    redis.flushall()
    assert one.renew() == set(STREAMS)
