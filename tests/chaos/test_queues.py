"""What is wrong in Redis is told, after it has been so for a while."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from sandbox.redis import RedisServer
from tests.chaos import queues
from tests.chaos.queues import Queues
from tests.chaos.violation import Violation

STATE, DIRTY = "tohost:{red}:state", "tohost:{red}:dirty"
RUNNING, DELAYED = "tohost:{red}:running", "tohost:{red}:delayed"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    folder: Path = tmp_path_factory.mktemp("queues")
    with RedisServer(folder) as running:
        yield running


@pytest.fixture
def redis(server: RedisServer) -> Iterator[Any]:
    client = Redis.from_url(server.url)
    client.flushall()
    client.set("tohost:{red}:lease:host:pods", "box.1.aa")
    yield client
    client.close()


def look(redis: Any, *poison: str) -> list[Violation]:
    """Twice, as if the time that counts as stuck had passed in between."""
    found = Queues(redis, ["red"])
    found.check([1], poison)
    for mark in found.since:
        found.since[mark] -= queues.STUCK_S + 1
    return found.check([1], poison)


def sorts(found: list[Violation]) -> list[tuple[str, str]]:
    return [(each.sort, each.about) for each in found]


def test_an_idle_redis_has_no_violation(redis: Any) -> None:
    assert look(redis) == []


def test_a_key_that_stays_queued_is_a_stuck_job(redis: Any) -> None:
    redis.hset(STATE, "pods a/web", "q")
    assert sorts(look(redis)) == [("stuck job", "pods a/web")]


def test_a_key_that_is_queued_again_and_again_is_not(redis: Any) -> None:
    found = Queues(redis, ["red"])
    for mark in range(3):
        redis.hset(STATE, "pods a/web", "q")
        redis.hset(DIRTY, "pods a/web", mark)
        assert found.check([1], ()) == []
        for each in found.since:
            found.since[each] -= queues.STUCK_S / 2


def test_a_key_that_a_dead_worker_holds_is_locked(redis: Any) -> None:
    redis.hset(STATE, mapping={"pods a/web": "s:box.2.aa.7", "pods a/db": "s:box.1.aa.8"})
    assert ("locked", "pods a/web") in sorts(look(redis))
    assert ("locked", "pods a/db") not in sorts(look(redis))


def test_a_lease_that_ran_out_long_ago_is_locked(redis: Any) -> None:
    redis.zadd(RUNNING, {"pods a/web": 5})
    assert sorts(look(redis)) == [("locked", "pods a/web")]


def test_a_delay_that_is_over_is_stuck_and_one_to_come_is_not(redis: Any) -> None:
    redis.hset(STATE, mapping={"pods a/web": "d", "pods a/db": "w", "pods a/x": "d"})
    redis.zadd(DELAYED, {"pods a/web": 5, "pods a/db": 5, "pods a/x": redis.time()[0] + 600})
    assert sorts(look(redis)) == [("stuck job", "pods a/web"), ("stuck job", "pods a/db")]


def test_a_mark_without_a_state_is_a_stuck_job(redis: Any) -> None:
    redis.hset(DIRTY, "pods a/web", 7)
    assert sorts(look(redis)) == [("stuck job", "pods a/web")]


def test_a_stream_of_a_dead_watcher_and_one_of_nobody_are_locked(redis: Any) -> None:
    redis.set("tohost:{red}:lease:host:pods", "box.2.aa")
    assert sorts(look(redis)) == [("locked", "host:pods")]
    redis.flushall()
    assert sorts(look(redis)) == [("locked", "streams")]


def test_a_failed_job_is_told_unless_its_object_is_poison(redis: Any) -> None:
    redis.hset("rq:job:red__pods__a__web", "description", "pods a/web")
    redis.zadd("rq:failed:red.pods", {"red__pods__a__web": 5})
    assert sorts(look(redis)) == [("failed job", "pods a/web")]
    assert look(redis, "red pods a/web") == []


def test_a_run_that_only_rq_believes_in_is_a_stuck_job(redis: Any) -> None:
    redis.hset("rq:job:red__pods__a__web", "description", "pods a/web")
    redis.zadd("rq:wip:red.pods", {"red__pods__a__web:1234": 5})
    assert sorts(look(redis)) == [("stuck job", "pods a/web")]


def test_a_key_that_failed_and_is_to_be_tried_again_is_not_done_yet(redis: Any) -> None:
    redis.hset(STATE, "pods a/web", "d")
    redis.zadd(DELAYED, {"pods a/web": 2e9})
    assert look(redis) == []
    redis.hset("tohost:{red}:attempts", "pods a/web", "1 0 0 0")
    assert sorts(look(redis)) == [("pending retry", "pods a/web")]
