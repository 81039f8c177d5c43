"""The brake itself, on a real Redis: what many workers at once may delete, and what not."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from common.cluster import Cluster
from common.errors import HeldError
from common.keys import redis_prefix
from common.kinds import REGISTRY
from common.objects import Obj, Side
from common.safety.absence import Absences
from common.safety.brake import FEW, Brake, Pace
from common.safety.brake_state import BrakeState
from common.store import Change, Store

CLUSTER = Cluster("v", "h", enabled=frozenset({"pods", "configmaps"}))
SETTLE_S = 0.25
PACE = Pace(settle_s=SETTLE_S, fresh_s=0.1, window_s=5.0)
RAN: Obj = {"phase": "Running", "startTime": "2024-01-01T00:00:00Z"}


def brake(redis: Redis, fraction: float = 0.5) -> Brake:
    absences = Absences(redis, CLUSTER, REGISTRY.values())
    return Brake(redis, "v", absences, fraction, PACE)


def put(redis: Redis, side: Side, plural: str, names: list[str], **more: Any) -> None:
    """Objects as their streams show them; the streams are listed from now on."""
    store = Store(redis)
    for one in ("virtual", "host"):
        store.set_synced("v", one, plural)
    changes = [
        Change(f"n/{name}", "1", {"metadata": {"name": name, "uid": name}, **more}, (), name)
        for name in names
    ]
    store.put("v", side, plural, changes)


def end(redis: Redis, side: Side, plural: str, names: list[str], *, seen: bool) -> None:
    changes = [Change(f"n/{name}", "2", None, (), name, seen=seen) for name in names]
    Store(redis).put("v", side, plural, changes)


def names(count: int) -> list[str]:
    return [f"o{number}" for number in range(count)]


def verdict(asked: Brake, side: Side, member: str) -> str:
    """What the brake says of a deletion: "go", or why it's held."""
    try:
        asked.admit(side, member)
    except HeldError as error:
        return str(error)
    return "go"


def settled(asked: Brake, side: Side, members: list[str]) -> list[str]:
    for member in members:
        assert "looks again" in verdict(asked, side, member)
    time.sleep(SETTLE_S)
    return [verdict(asked, side, member) for member in members]


def test_of_many_that_workers_ask_for_at_once_none_goes(redis: Redis) -> None:
    """A list comes into the store batch by batch, and four workers are at what it wakes."""
    put(redis, "host", "configmaps", names(400))
    put(redis, "virtual", "configmaps", names(400))
    brakes = [brake(redis) for _ in range(4)]

    def work_off(number: int) -> list[str]:
        """A batch of keys at a time, each again when it's told to."""
        time.sleep(number * 0.04)
        mine, said = names(400)[number * 100 : number * 100 + 100], []
        end(redis, "virtual", "configmaps", mine, seen=False)
        for start in range(0, 100, 25):
            batch = [f"configmaps n/{name}" for name in mine[start : start + 25]]
            said += settled(brakes[number], "host", batch)
        return said

    with ThreadPoolExecutor(4) as workers:
        said = [each for some in workers.map(work_off, range(4)) for each in some]
    assert len(said) == 400
    assert all("deletion brake: 400 of 400 host objects" in each for each in said)


def test_a_few_go_after_a_moment(redis: Redis) -> None:
    put(redis, "host", "configmaps", names(FEW))
    members = [f"configmaps n/{name}" for name in names(FEW)]
    assert set(settled(brake(redis), "host", members)) == {"go"}


def test_up_to_the_fraction_may_go(redis: Redis) -> None:
    put(redis, "host", "configmaps", names(100))
    put(redis, "virtual", "configmaps", names(51))
    asked = brake(redis)
    member = "configmaps n/o99"
    assert settled(asked, "host", [member]) == ["go"]
    put(redis, "host", "configmaps", [f"p{number}" for number in range(4)])
    time.sleep(PACE.fresh_s)
    assert "53 of 104" in settled(asked, "host", ["configmaps n/o98"])[0]


def test_what_was_seen_deleted_or_is_going_does_not_count(redis: Redis) -> None:
    put(redis, "host", "configmaps", names(100))
    put(redis, "virtual", "configmaps", names(90))
    end(redis, "virtual", "configmaps", names(80), seen=True)
    assert settled(brake(redis), "host", ["configmaps n/o99"]) == ["go"]


def test_what_a_list_lacked_counts(redis: Redis) -> None:
    put(redis, "host", "configmaps", names(100))
    put(redis, "virtual", "configmaps", names(100))
    end(redis, "virtual", "configmaps", names(80), seen=False)
    assert "80 of 100" in settled(brake(redis), "host", ["configmaps n/o1"])[0]


def test_deletions_that_went_count_for_a_while(redis: Redis) -> None:
    """A loss that comes bit by bit is as bad as one that comes at once."""
    put(redis, "host", "configmaps", names(100))
    put(redis, "virtual", "configmaps", names(100))
    asked = brake(redis)
    for start in (0, 30):
        gone = names(100)[start : start + 30]
        end(redis, "virtual", "configmaps", gone, seen=False)
        time.sleep(PACE.fresh_s)
        said = settled(asked, "host", [f"configmaps n/{name}" for name in gone])
        if start == 0:
            assert set(said) == {"go"}
            end(redis, "host", "configmaps", gone, seen=True)
    assert all("60 of 100" in each for each in said)


def test_kinds_that_are_not_listed_yet_do_not_count(redis: Redis) -> None:
    put(redis, "host", "configmaps", names(100))
    redis.srem(f"{redis_prefix('v')}:synced", "virtual:configmaps")
    put(redis, "host", "pods", ["a"])
    assert settled(brake(redis), "host", ["pods n/a"]) == ["go"]


def test_virtual_pods_that_lost_their_host_pods_are_held_too(redis: Redis) -> None:
    put(redis, "virtual", "pods", names(50), status=RAN)
    assert "50 of 50 virtual pods" in settled(brake(redis), "virtual", ["pods n/o1"])[0]


def test_virtual_pods_that_never_ran_are_no_loss(redis: Redis) -> None:
    put(redis, "virtual", "pods", names(50))
    put(redis, "virtual", "pods", ["ran"], status=RAN)
    assert settled(brake(redis), "virtual", ["pods n/ran"]) == ["go"]


def test_it_opens_when_the_objects_are_back_and_wakes_what_it_held(redis: Redis) -> None:
    put(redis, "host", "configmaps", names(100))
    asked, member = brake(redis), "configmaps n/o99"
    assert "100 of 100" in settled(asked, "host", [member])[0]
    held, told = asked.look()
    assert (held, told.count("100 of 100")) == (100, 1)
    put(redis, "virtual", "configmaps", names(99))
    redis.delete("tohost:{v}:dirty", "tohost:{v}:state")
    time.sleep(PACE.fresh_s)
    assert asked.look() == (0, "")
    assert redis.hkeys("tohost:{v}:dirty") == [member.encode()]
    assert verdict(asked, "host", member) == "go"


def test_released_it_lets_everything_go_at_once(redis: Redis) -> None:
    put(redis, "host", "configmaps", names(100))
    asked, member = brake(redis), "configmaps n/o1"
    assert "100 of 100" in settled(asked, "host", [member])[0]
    state = BrakeState(redis, "v")
    assert state.engaged()["host"].count == 100
    state.release()
    assert verdict(asked, "host", member) == "go"
    assert verdict(asked, "host", "configmaps n/o2") == "go"
    assert asked.look() == (0, "")
    assert state.engaged() == {}
    assert 0 < redis.ttl("tohost:{v}:brake:released") <= 600


def test_what_nothing_refers_to_any_more_stays_as_long_as_what_referred_to_it(
    redis: Redis,
) -> None:
    put(redis, "host", "pods", names(30))
    asked = brake(redis)

    def said() -> str:
        try:
            asked.follow("configmaps n/config")
        except HeldError as error:
            return str(error)
        return "go"

    assert "looks again" in said()
    assert "30 of 30" in settled(asked, "host", ["pods n/o1"])[0]
    assert "30 of 30" in said()
    put(redis, "virtual", "pods", names(30))
    time.sleep(PACE.fresh_s)
    assert said() == "go"


@pytest.mark.parametrize("jump_s", [-7200, 7200])
def test_a_jump_of_the_clock_of_redis_lets_nothing_go(redis: Redis, jump_s: float) -> None:
    """As seen afterwards: what is stored was written by another time than now."""
    put(redis, "host", "configmaps", names(100))
    asked = brake(redis)
    settled(asked, "host", ["configmaps n/o1"])
    now_s = redis.time()[0]
    redis.zadd("tohost:{v}:brake:host:asked", {"configmaps n/o1": now_s + jump_s})
    assert "looks again" in verdict(asked, "host", "configmaps n/o1")
    time.sleep(SETTLE_S)
    assert "100 of 100" in verdict(asked, "host", "configmaps n/o1")


def test_without_redis_there_is_no_answer(redis: Redis) -> None:
    gone = brake(Redis(port=1, retry=Retry(NoBackoff(), 0)))
    with pytest.raises(RedisError):
        gone.admit("host", "configmaps n/o1")
