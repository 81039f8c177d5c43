from typing import Any

from common.status.crew import WATCHERS
from watchers.leases import Leases
from watchers.roll_call import RollCall
from watchers.streams import StreamId

PODS = StreamId("a", "virtual", "pods")


def silence(redis: Any, name: str, seconds: float = 60.0) -> None:
    """As if that watcher had not been heard of for so long."""
    redis.zadd(WATCHERS, {name: int((redis.time()[0] - seconds) * 1000)})


def watcher(redis: Any, name: str) -> Leases:
    leases = Leases(redis, [PODS], name)
    leases.renew()
    return leases


def test_who_was_not_heard_of_counts_as_dead_to_others_and_to_itself(redis: Any) -> None:
    one, two = RollCall(redis, "one", 8.0), RollCall(redis, "two", 8.0)
    assert one.announce()
    assert two.announce()
    silence(redis, "one")
    assert two.present() == {"two"}
    assert not one.announce()
    assert not one.heard


def test_it_comes_back_under_another_name(redis: Any) -> None:
    one = RollCall(redis, "one", 8.0)
    one.announce()
    silence(redis, "one")
    one.announce()
    assert one.announce()
    assert one.me != "one"
    assert one.present() == {one.me}


def test_a_clock_that_is_set_back_makes_nobody_dead(redis: Any) -> None:
    one = RollCall(redis, "one", 8.0)
    one.announce()
    silence(redis, "one", -3600.0)
    assert one.announce()
    assert redis.zscore(WATCHERS, "one") <= (redis.time()[0] + 1) * 1000


def test_a_redis_that_forgot_everybody_is_noticed(redis: Any) -> None:
    one = RollCall(redis, "one", 8.0)
    one.announce()
    redis.flushall()
    assert not one.announce()


def test_what_a_dead_watcher_had_is_taken_at_once(redis: Any) -> None:
    one, two = watcher(redis, "one"), watcher(redis, "two")
    assert one.acquire(1) == {PODS}
    assert two.acquire(1) == frozenset()
    silence(redis, "one")
    assert two.acquire(1) == {PODS}


def test_a_watcher_that_comes_back_does_not_keep_what_it_had(redis: Any) -> None:
    """Nor can whoever still takes it for dead take what it has by then."""
    one, two = watcher(redis, "one"), watcher(redis, "two")
    one.acquire(1)
    free_before = two._free([PODS])
    assert free_before == {}
    silence(redis, "one")
    free = two._free([PODS])
    assert free == {PODS: "one"}
    assert one.renew() == {PODS}
    assert one.acquire(1) == {PODS}
    assert two._take(free) == frozenset()
    assert one.held == {PODS}


def test_renewing_costs_one_command_however_many_streams_there_are(redis: Any) -> None:
    streams = [StreamId(f"v{n}", "host", "pods") for n in range(50)]
    leases = Leases(redis, streams, "one")
    leases.renew()
    leases.acquire(50)
    before = redis.info("commandstats")["cmdstat_evalsha"]["calls"]
    assert leases.renew() == frozenset()
    assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] == before + 1
