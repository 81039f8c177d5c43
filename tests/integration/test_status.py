"""`tohost status` on a real Redis, filled by the parts that fill it."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from redis import Redis

from common.keys import Key
from common.objects import Obj
from common.process.health import Readiness
from common.safety.brake_state import BrakeState
from common.status.reports import KEPT_S, Reports
from common.status.reports import read as read_reports
from common.status.standing import read
from common.store import Change, Store
from common.workqueue import Again, Blocked, Done, Retry, Terminal, WorkQueue, jobs
from common.workqueue.overview import overview
from sandbox.redis import RedisServer
from tests.backends import sandbox_backend
from tests.e2e.waiting import eventually
from tests.integration.pipeline import Pipeline, open_pipeline
from tests.integration.workqueue import Clock
from tohost.cli import main

PODS = [("alpha", "pods")]
DENIED = 'pods "x" is forbidden: exceeded quota: q, requested: pods=1'
Said = pytest.CaptureFixture[str]


def store_pods(redis: Redis, *names: str, sides: tuple[str, ...] = ("virtual", "host")) -> None:
    store = Store(redis)
    for side in sides:
        changes = [Change(f"default/{name}", "5", {"metadata": {"name": name}}) for name in names]
        store.put("alpha", side, "pods", changes, wake_own=False)  # type: ignore[arg-type]
        store.move_position("alpha", side, "pods", "", "5")  # type: ignore[arg-type]
        store.set_synced("alpha", side, "pods")  # type: ignore[arg-type]


def finish(queue: WorkQueue, name: str, *outcomes: Any, clock: Clock | None = None) -> None:
    """End runs of a pod, in turn."""
    for outcome in outcomes:
        queue.add("alpha", [f"pods default/{name}"])
        [taken] = queue.take(1, PODS)
        queue.finish([(taken, outcome)])
        if clock:
            clock.now_s += 1


@pytest.fixture
def url(redis_server: RedisServer, redis: Redis) -> str:
    Store(redis).claim_identity("alpha", "digest")
    return redis_server.url


@pytest.fixture
def running(url: str, redis: Redis) -> WorkQueue:
    """A worker and a watcher are there, and the clock is the real one."""
    queue = WorkQueue(redis, {"alpha": 1}, chance=lambda: 1.0)
    queue.heartbeat()
    seconds, _ = redis.time()
    redis.zadd("tohost:watchers", {"one": int(seconds) * 1000})
    return queue


def status(said: Said, url: str, *arguments: str) -> tuple[int, str]:
    code = main(["status", "--redis-url", url, *arguments])
    return code, said.readouterr().out


def data(said: Said, url: str) -> tuple[int, Obj]:
    code, text = status(said, url, "-o", "json")
    whole: Obj = orjson.loads(text)
    [cluster] = whole["virtualClusters"]
    return code, cluster


def test_all_is_fine(running: WorkQueue, redis: Redis, url: str, capsys: Said) -> None:
    store_pods(redis, "a", "b")
    finish(running, "a", Done())
    finish(running, "b", Again(3600.0, "a token ends"))
    code, text = status(capsys, url)
    assert code == 0
    assert text.splitlines() == [
        "1 watcher, 1 worker",
        "",
        "alpha: fine",
        "  KIND  VIRTUAL  HOST  PENDING  LATER  FAILING  OLDEST",
        "  pods        2     2        0      1        0       -",
    ]


def test_a_refused_object_has_a_line_with_the_servers_words(
    running: WorkQueue, redis: Redis, url: str, capsys: Said
) -> None:
    store_pods(redis, "x", sides=("virtual",))
    finish(running, "x", Terminal(DENIED, "Forbidden"))
    code, text = status(capsys, url)
    assert code == 1
    assert f"FAILING  alpha pods default/x  Forbidden: {DENIED}  (1 failure for" in text


def test_it_stays_failing_while_it_is_tried_again(
    running: WorkQueue, redis: Redis, url: str, capsys: Said
) -> None:
    finish(running, "x", Terminal(DENIED, "Forbidden"))
    running.add("alpha", ["pods default/x"])
    assert data(capsys, url)[1]["objects"][0]["message"] == f"Forbidden: {DENIED}"
    running.take(1, PODS)
    code, cluster = data(capsys, url)
    assert (code, cluster["objects"][0]["state"]) == (1, "failing")


def test_what_is_blocked_is_pending_at_first_and_then_failing(
    running: WorkQueue, url: str, capsys: Said
) -> None:
    finish(running, "x", *[Blocked(DENIED, "Forbidden")] * 4)
    assert data(capsys, url)[1]["kinds"][0]["pending"] == 1
    finish(running, "x", Blocked(DENIED, "Forbidden"))
    assert data(capsys, url)[1]["kinds"][0]["failing"] == 1


def test_long_retries_are_told_and_short_ones_only_counted(
    redis: Redis, queue: WorkQueue, clock: Clock, url: str
) -> None:
    clock.now_s = redis.time()[0] - 60.0
    finish(queue, "long", Retry(None, "host: 503"), clock=clock)
    clock.now_s += 59
    finish(queue, "short", Retry(None, "host: 503"))
    found = overview(redis, "alpha")
    assert found.loads["pods"].pending == 2
    assert [(each.key.name, each.state) for each in found.troubles] == [("long", "retrying")]
    assert found.troubles[0].words == "host: 503"
    assert 55 < found.troubles[0].since_s < 65


def test_what_nobody_takes_is_told_of_its_queue(redis: Redis, running: WorkQueue) -> None:
    running.add("alpha", ["pods default/a", "pods default/b"])
    head, _ = jobs.queue(redis, "alpha.pods").get_job_ids()
    redis.hset(f"rq:job:{head}", "enqueued_at", "2020-01-01T00:00:00.000000Z")
    [told] = overview(redis, "alpha").troubles
    assert (told.key, told.state) == (jobs.key_of(head), "waiting")
    assert told.words == "queued; 1 more behind it"


def test_brake_trouble_missing_kinds_and_unlisted_streams_are_told(
    running: WorkQueue, redis: Redis, url: str, capsys: Said
) -> None:
    store_pods(redis, "a")
    BrakeState(redis, "alpha").engage("host", 30, 40)
    Store(redis).begin_list("alpha", "virtual", "secrets")
    said = {
        "alpha": "another cluster answers",
        "alpha widgets": "the host serves none",
        "beta": "?",
    }
    Reports(redis, ["alpha", "beta"], lambda: Readiness({}, said)).say()
    code, cluster = data(capsys, url)
    assert code == 1
    trouble, brake, unlisted = cluster["problems"]
    assert brake.startswith("deletion brake: 30 of 40 host objects")
    assert trouble == "another cluster answers"
    assert unlisted == "not listed yet: secrets of the virtual cluster"
    assert cluster["notes"] == ["widgets: the host serves none"]


def test_what_a_process_said_is_forgotten_when_it_has_nothing_to_say_or_is_gone(
    redis: Redis,
) -> None:
    said = {"alpha": "away"}
    living, dying = (Reports(redis, ["alpha"], lambda: Readiness({}, said)) for _ in range(2))
    for each in (living, dying):
        each.say()
    assert read_reports(redis, "alpha") == said
    assert all(0 < redis.ttl(key) <= KEPT_S for key in redis.keys("tohost:{alpha}:report:*"))
    said.clear()
    living.say()
    assert redis.zcard("tohost:{alpha}:reports") == 1
    for key in redis.keys("tohost:{alpha}:report:*"):
        redis.delete(key)
    assert read_reports(redis, "alpha") == {}


def test_a_process_that_has_nothing_to_say_asks_nothing_of_redis(redis: Redis) -> None:
    said = {"alpha": "away"}
    reports = Reports(redis, ["alpha", "beta"], lambda: Readiness({}, said))
    reports.say()
    said.clear()
    reports.say()
    commands = redis.info("stats")["total_commands_processed"]
    reports.say()
    assert redis.info("stats")["total_commands_processed"] == commands + 1, "this question"


def test_the_last_scan_is_told(running: WorkQueue, redis: Redis, url: str, capsys: Said) -> None:
    store_pods(redis, "a")
    redis.hset("tohost:{alpha}:scan", mapping={"at": redis.time()[0] - 65, "pairs": 9, "woken": 2})
    assert "; scanned 65s ago (9 pairs, 2 looked at again)" in status(capsys, url)[1]


def test_nobody_running_is_a_problem(redis: Redis, url: str, capsys: Said) -> None:
    store_pods(redis, "a")
    code, text = status(capsys, url)
    assert code == 1
    assert "PROBLEM  no watcher runs\nPROBLEM  no worker runs" in text


def test_yaml_says_what_json_says(running: WorkQueue, url: str, capsys: Said) -> None:
    finish(running, "x", Terminal(DENIED, "Forbidden"))
    _, text = status(capsys, url, "-o", "yaml")
    assert yaml.safe_load(text)["virtualClusters"][0]["kinds"] == data(capsys, url)[1]["kinds"]


def test_a_configuration_names_redis_and_the_virtual_clusters(
    running: WorkQueue, url: str, tmp_path: Path, capsys: Said
) -> None:
    clusters = [{"name": "alpha", "hostNamespace": "h", "kubeconfig": "nowhere"}]
    (tmp_path / "tohost.yaml").write_text(
        yaml.safe_dump({"redis": {"url": url}, "virtualClusters": clusters})
    )
    finish(running, "x", Terminal(DENIED, "Forbidden"))
    assert main(["status", "--config", str(tmp_path / "tohost.yaml")]) == 1
    assert f"Forbidden: {DENIED}" in capsys.readouterr().out


def test_one_virtual_cluster_is_shown_alone(
    running: WorkQueue, redis: Redis, url: str, capsys: Said
) -> None:
    Store(redis).claim_identity("beta", "digest")
    assert "beta: " in status(capsys, url)[1]
    assert "beta: " not in status(capsys, url, "-n", "alpha")[1]
    assert main(["status", "--redis-url", url, "-n", "gamma"]) == 2
    assert 'no virtual cluster "gamma"; write one of: alpha, beta' in capsys.readouterr().err


def test_garbage_in_redis_is_passed_over(running: WorkQueue, redis: Redis, url: str) -> None:
    finish(running, "x", Terminal(DENIED, "Forbidden"))
    redis.hset("tohost:{alpha}:state", "garbage", "f")
    redis.hset("tohost:{alpha}:attempts", "pods default/x", b"\xff")
    id_ = jobs.job_id(Key("alpha", "pods", "default", "x"))
    redis.delete(f"rq:results:{id_}")
    redis.xadd(f"rq:results:{id_}", {"exc_string": "?", "return_value": "x"})
    [told] = overview(redis, "alpha").troubles
    assert (told.state, told.words) == ("failing", "")


def test_a_redis_that_cannot_be_reached_is_told_without_its_password(
    tmp_path: Path, capsys: Said
) -> None:
    assert main(["status", "--redis-url", "redis://me:hunter2@127.0.0.1:1/0"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("tohost: Redis (redis://127.0.0.1:1/0) can't be read: ")
    assert "hunter2" not in said.err + said.out


def test_a_url_that_is_none_is_wrong_usage(capsys: Said) -> None:
    assert main(["status", "--redis-url", "http://me:hunter2@x"]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("--redis-url: ")
    assert "hunter2" not in said.err


async def test_processes_tell_of_themselves_and_of_kinds_that_a_server_lacks(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with open_pipeline(tmp_path, redis_server, sandbox_backend) as pipeline:
        pipeline.switch(volumeSnapshots={"enabled": True})
        async with pipeline.running():
            await eventually(lambda: asyncio.to_thread(all_is_told, pipeline))


def all_is_told(pipeline: Pipeline) -> bool:
    everything = read(pipeline.redis, ["v"])
    assert everything.fine, everything
    notes = [note for note in everything.clusters[0].notes if "volumesnapshots" in note]
    return (everything.watchers, everything.workers, bool(notes)) == (1, 1, True)
