"""`tohost requeue` on a real Redis."""

import orjson
import pytest
from redis import Redis

from common.workqueue import Retry, Terminal, WorkQueue
from sandbox.redis import RedisServer
from tests.integration.explained import World
from tests.integration.workqueue import Clock
from tohost.cli import main

PODS = [("alpha", "pods")]
Said = pytest.CaptureFixture[str]


@pytest.fixture
def world(redis: Redis, queue: WorkQueue, clock: Clock) -> World:
    clock.now_s = float(redis.time()[0])
    made = World(redis, queue)
    made.listed("pods", "services")
    for name in ("a", "b"):
        made.pair(name)
    made.pair("a", "services")
    return made


def run(said: Said, server: RedisServer, *arguments: str) -> tuple[int, str, str]:
    code = main(["requeue", *arguments, "--redis-url", server.url])
    out, err = said.readouterr()
    return code, out, err


def queued(world: World) -> list[str]:
    taken = world.queue.take(10, [("alpha", "pods"), ("alpha", "services")])
    return sorted(each.key.member for each in taken)


def test_a_failing_object_is_queued_at_once(
    world: World, redis_server: RedisServer, capsys: Said
) -> None:
    world.end(Terminal("no", "Forbidden"), "pods default/a")
    assert queued(world) == []
    code, out, _ = run(capsys, redis_server, "pods", "default/a")
    assert (code, out) == (0, "alpha pods default/a: queued; it had failed\n")
    assert queued(world) == ["pods default/a"]


def test_an_object_at_rest_may_be_looked_at_too(
    world: World, redis_server: RedisServer, capsys: Said
) -> None:
    assert run(capsys, redis_server, "svc", "a")[1] == "alpha services default/a: queued\n"
    assert queued(world) == ["services default/a"]


def test_who_is_queued_or_runs_gets_no_second_job(
    world: World, redis_server: RedisServer, capsys: Said
) -> None:
    run(capsys, redis_server, "pods", "a")
    assert "was queued already" in run(capsys, redis_server, "pods", "a")[1]
    [taken] = world.queue.take(10, PODS)
    assert "looks once more after that" in run(capsys, redis_server, "pods", "a")[1]
    assert world.queue.take(10, PODS) == []
    assert world.queue.holds(taken)


def test_what_a_server_told_to_wait_waits_on(
    world: World, redis_server: RedisServer, capsys: Said
) -> None:
    world.end(Retry(60.0, "429"), "pods default/a")
    assert "as long as the API server said" in run(capsys, redis_server, "pods", "a")[1]
    assert queued(world) == []


def test_all_that_fail_are_queued_and_nothing_else(
    world: World, redis_server: RedisServer, capsys: Said
) -> None:
    for member in ("pods default/a", "services default/a"):
        world.end(Terminal("no", "Forbidden"), member)
    told = run(capsys, redis_server, "--failing", "pods", "--dry-run")[1]
    assert told == "alpha pods default/a: would be queued\n"
    assert queued(world) == []
    code, out, _ = run(capsys, redis_server, "--failing", "-o", "json")
    assert code == 0
    assert [each["kind"] for each in orjson.loads(out)["objects"]] == ["pods", "services"]
    assert queued(world) == ["pods default/a", "services default/a"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--failing"], "nothing fails; nothing was queued"),
        (["pods", "nobody"], "nothing was queued"),
        (["ingresses", "a"], "no ingresses of this virtual cluster are watched"),
    ],
)
def test_what_is_not_there_is_exit_code_1(
    world: World, redis_server: RedisServer, capsys: Said, arguments: list[str], message: str
) -> None:
    code, out, err = run(capsys, redis_server, *arguments)
    assert (code, out) == (1, "")
    assert message in err
    assert queued(world) == []


@pytest.mark.parametrize("arguments", [[], ["--failing", "pods", "a"], ["widgets", "a"]])
def test_wrong_usage_is_exit_code_2(
    world: World, redis_server: RedisServer, capsys: Said, arguments: list[str]
) -> None:
    world.end(Terminal("no", "Forbidden"), "pods default/a")
    assert run(capsys, redis_server, *arguments)[0] == 2
    assert queued(world) == []
