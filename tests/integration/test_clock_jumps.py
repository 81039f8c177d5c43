"""Clocks that jump: those of the machines that tohost runs on, and that of Redis.

What a jump leaves behind is times in Redis that are far from now, so that is what is set up here.
"""

import time
from pathlib import Path
from typing import Any

import pytest

from common.status.crew import WATCHERS
from common.store import Change, Store
from common.workqueue import LEASE_S, Done, WorkQueue
from common.workqueue.turn import Turn
from sandbox.redis import RedisServer
from tests.integration.accidents import numbered, open_place, uids
from tests.integration.workqueue import CLUSTERS, WEB, keys, mark, take
from watchers.leases import LEASE_S as STREAM_LEASE_S
from watchers.leases import Leases
from watchers.streams import StreamId

HOURS_S = 7200.0
JUMPS = pytest.mark.parametrize("jump_s", [-HOURS_S, HOURS_S], ids=["back", "forth"])
STREAM = StreamId("alpha", "virtual", "pods")


@JUMPS
async def test_a_date_that_jumps_under_a_running_sync_costs_nothing(
    tmp_path: Path, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    names, before_s = numbered(30), time.time
    async with open_place(tmp_path, redis_server) as place:
        await place.create("configmaps", names)
        async with place.running():
            await place.host_has("configmaps", names)
            before = uids(await place.host("configmaps"))
            monkeypatch.setattr(time, "time", lambda: before_s() + jump_s)
            await place.create("configmaps", ["late"])
            await place.pipeline.virtual.request(
                "DELETE", "/api/v1/namespaces/default/configmaps/o0"
            )
            await place.host_has("configmaps", [*names[1:], "late"], within_s=4)
            after = uids(await place.host("configmaps"))
            assert after.items() >= {name: before[name] for name in names[1:]}.items()


@JUMPS
def test_the_lease_of_a_key_lasts_as_long_whatever_the_date(
    redis: Any, monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    queue, other = WorkQueue(redis, CLUSTERS, "one"), WorkQueue(redis, CLUSTERS, "two")
    mark(queue, WEB)
    [taken] = take(queue)
    before_s = time.time
    monkeypatch.setattr(time, "time", lambda: before_s() + jump_s)
    other.sweep(force=True)
    assert queue.holds(taken)
    assert take(other) == []
    queue.finish([(taken, Done())])
    assert redis.hgetall("tohost:{alpha}:dirty") == {}


@JUMPS
def test_a_jump_of_redis_gives_no_key_to_a_second_worker(redis: Any, jump_s: float) -> None:
    queue, other = WorkQueue(redis, CLUSTERS, "one"), WorkQueue(redis, CLUSTERS, "two")
    mark(queue, WEB)
    [taken] = take(queue)
    redis_jumps(redis, jump_s)
    other.sweep(force=True)
    assert take(other) == []
    assert queue.holds(taken)
    assert queue.heartbeat() == set()
    assert 0 < left_s(redis, "running", WEB.member) <= LEASE_S


def test_what_is_delayed_comes_in_time_after_redis_was_set_back(redis: Any) -> None:
    queue = WorkQueue(redis, CLUSTERS, "one")
    mark(queue, WEB)
    [taken] = take(queue)
    redis.hset("tohost:{alpha}:state", WEB.member, "d")
    redis.zrem("tohost:{alpha}:running", WEB.member)
    redis.zadd("tohost:{alpha}:delayed", {WEB.member: redis.time()[0] - 1})
    redis_jumps(redis, -HOURS_S)
    queue.sweep(force=True)
    assert keys(take(queue)) == [WEB]
    assert taken.key == WEB


def test_a_sweepers_lock_from_before_redis_was_set_back_stops_no_sweep(redis: Any) -> None:
    queue = WorkQueue(redis, CLUSTERS, "one")
    turn = Turn(redis, "sweep", CLUSTERS, 2.0)
    redis.hset("tohost:{alpha}:dirty", "pods default/web-0", 1)
    for key in (turn.key, "tohost:{alpha}:look"):
        redis.set(key, 1, px=int(HOURS_S * 1000))
    queue.sweep()
    queue.sweep()
    assert redis.pttl(turn.key) < 2000
    assert redis.pttl("tohost:{alpha}:look") < 10_000


def test_streams_of_dead_watchers_are_taken_over_after_redis_was_set_back(redis: Any) -> None:
    far_ms = int((redis.time()[0] + HOURS_S) * 1000)
    redis.zadd(WATCHERS, {"dead": far_ms})
    redis.set("tohost:{alpha}:lease:virtual:pods", "dead", px=int(HOURS_S * 1000))
    leases = Leases(redis, [STREAM], "me", lease_s=0.2)
    leases.renew()
    assert leases.acquire(1) == frozenset()
    time.sleep(0.25)
    leases.renew()
    assert leases.acquire(leases.share()) == {STREAM}
    assert STREAM_LEASE_S < HOURS_S


def test_tombstones_last_by_the_time_of_redis(redis: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(redis)
    store.set_synced("v", "virtual", "pods")
    store.put("v", "virtual", "pods", [Change("n/p", "1", {"metadata": {}})])
    store.put("v", "virtual", "pods", [Change("n/p", "2", None, seen=True)])
    before_s = time.time
    monkeypatch.setattr(time, "time", lambda: before_s() + HOURS_S)
    assert Store(redis).purge_tombstones("v", 600) == 0
    assert Store(redis).purge_tombstones("v", -1) == 1


def redis_jumps(redis: Any, seconds: float) -> None:
    """As if the date of Redis had been set anew by so much just now: what the queue remembers of
    it was another one."""
    known = float(redis.hget("tohost:{alpha}:clock", "date"))
    redis.hset("tohost:{alpha}:clock", "date", known - seconds)
    for name in ("running", "delayed"):
        key = f"tohost:{{alpha}}:{name}"
        for member, due_s in redis.zrange(key, 0, -1, withscores=True):
            redis.zadd(key, {member: due_s - seconds})


def left_s(redis: Any, name: str, member: str) -> float:
    """Until this is due, by the queue's clock."""
    behind = float(redis.hget("tohost:{alpha}:clock", "behind"))
    due_s = float(redis.zscore(f"tohost:{{alpha}}:{name}", member))
    seconds, microseconds = redis.time()
    return due_s - behind - float(seconds) - float(microseconds) / 1e6
