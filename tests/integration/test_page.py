"""The page on a real Redis, filled by the parts that fill it, over HTTP as watchers serve it."""

import html
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
from redis import Redis

from common.config import load
from common.context import Ref
from common.page.frame import HEADERS
from common.page.glance import Glances
from common.page.views import views
from common.process.health import Readiness, serve
from common.process.main import living
from common.process.views import Views
from common.safety.brake_state import BrakeState
from common.status.reports import Reports
from common.status.running import processes
from common.store import Change, Store
from common.workqueue import Done, Retry, Terminal, WorkQueue
from sandbox.ports import free_port
from sandbox.redis import RedisServer
from tests.backends import sandbox_backend
from tests.e2e.waiting import eventually
from tests.integration.pipeline import open_pipeline
from tests.integration.workqueue import Clock

DENIED = 'pods "x" is forbidden: exceeded quota: <q>, requested: pods=1'
PODS = [("alpha", "pods")]


@pytest.fixture
def running(redis: Redis) -> Iterator[WorkQueue]:
    """A worker and a watcher are there, and both streams of alpha's pods are listed."""
    store = Store(redis)
    for cluster in ("alpha", "beta"):
        store.claim_identity(cluster, "digest")
        for side in ("virtual", "host"):
            store.move_position(cluster, side, "pods", "", "5")
            store.set_synced(cluster, side, "pods")
    queue = WorkQueue(redis, {"alpha": 1, "beta": 1}, chance=lambda: 1.0)
    queue.heartbeat()
    redis.zadd("tohost:watchers", {"watcher-1": redis.time()[0] * 1000})
    yield queue
    queue.close()


def put(redis: Redis, side: str, *names: str, refs: tuple[Ref, ...] = ()) -> None:
    uids = {name: {"name": name, "namespace": "default", "uid": f"uid-{name}"} for name in names}
    changes = [Change(f"default/{n}", "7", {"metadata": uids[n]}, refs) for n in names]
    Store(redis).put("alpha", side, "pods", changes, wake_own=False)  # type: ignore[arg-type]


def fail(queue: WorkQueue, name: str, words: str = DENIED) -> None:
    queue.add("alpha", [f"pods default/{name}"])
    [taken] = queue.take(1, PODS)
    queue.finish([(taken, Terminal(words, "Forbidden"))])


@asynccontextmanager
async def served(redis: Redis, *clusters: str) -> AsyncIterator[aiohttp.ClientSession]:
    pages = Views(views(redis, clusters or ("alpha",)))
    async with (
        serve(0, Readiness, {}, host="127.0.0.1", views=pages) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        yield session


async def page(session: aiohttp.ClientSession, path: str = "/", **asked: str) -> tuple[int, str]:
    """Status, and the text as people read it, in one line."""
    async with session.get(path, params=asked) as response:
        return response.status, text_of(await response.text())


def text_of(body: str) -> str:
    without = re.sub(r"<style>.*?</style>|<[^>]*>", " ", body, flags=re.DOTALL)
    return " ".join(html.unescape(without).split())


async def of_pod(session: aiohttp.ClientSession, name: str) -> str:
    status, told = await page(
        session, "/object", cluster="alpha", kind="pods", namespace="default", name=name
    )
    assert status == 200
    return told


async def test_the_overview_counts_what_is_in_sync_pending_and_failing(
    running: WorkQueue, redis: Redis
) -> None:
    put(redis, "virtual", "a", "b", "x")
    put(redis, "host", "a", "b")
    fail(running, "x")
    async with served(redis, "alpha", "beta") as session:
        status, told = await page(session)
    assert status == 200
    assert "needs a look 1 of 2 virtual clusters needs a look. 1 watcher and 1 worker run." in told
    assert "alpha needs a look 2 0 0 1 - - beta fine 0 0 0 0 - -" in told
    assert f"alpha pods default/x failing Forbidden: {DENIED} 1 0s in " in told


async def test_one_virtual_cluster_is_told_with_its_kinds_problems_and_notes(
    running: WorkQueue, redis: Redis
) -> None:
    put(redis, "virtual", "a", "b")
    put(redis, "host", "a")
    BrakeState(redis, "alpha").engage("host", 30, 40)
    said = {"alpha widgets": "the host serves none"}
    Reports(redis, ["alpha"], lambda: Readiness({}, said)).say()
    async with served(redis, "alpha", "beta") as session:
        _, told = await page(session, cluster="alpha")
    assert (
        "Virtual cluster alpha needs a look Problems deletion brake: 30 of 40 host objects" in told
    )
    assert "Oldest pods 2 1 2 0 0 0 -" in told
    assert "Notes widgets: the host serves none" in told
    assert "beta" not in told


async def test_how_long_the_next_object_waits_is_the_lag(running: WorkQueue, redis: Redis) -> None:
    running.add("alpha", ["pods default/a"])
    redis.hset("rq:job:alpha__pods__default__a", "enqueued_at", "2020-01-01T00:00:00.000000Z")
    async with served(redis) as session:
        _, told = await page(session)
    assert re.search(r"alpha fine 0 1 0 0 \d{4}d -", told), told
    assert re.search(r"pods default/a waiting queued 0 \d{4}d when a worker takes it", told), told


async def test_watchers_and_workers_are_named_with_what_they_did(
    running: WorkQueue, redis: Redis
) -> None:
    fail(running, "x")
    running.add("alpha", ["pods default/a"])
    [taken] = running.take(1, PODS)
    running.finish([(taken, Done())])
    running.heartbeat()
    watcher, worker = processes(redis)
    assert (watcher.role, watcher.name) == ("watcher", "watcher-1")
    assert (worker.name, worker.state, worker.done, worker.failed) == (running.worker, "idle", 1, 1)
    async with served(redis) as session:
        _, told = await page(session)
    assert re.search(rf"worker {re.escape(running.worker)} idle \ds ago 2 1", told), told


async def test_an_object_is_told_with_reason_references_and_what_to_do(
    running: WorkQueue, redis: Redis
) -> None:
    put(redis, "virtual", "x", refs=(Ref("secrets", "default", "tls"),))
    fail(running, "x")
    async with served(redis) as session:
        told = await of_pod(session, "x")
    assert "pods default/x Virtual cluster alpha failing" in told
    assert f"Why Forbidden: {DENIED}" in told
    assert "Failures in a row 1" in told
    assert "virtual x default 7 uid-x no host not there" in told
    assert "Refers to secrets default/tls" in told
    assert "tohost requeue alpha pods default/x" in told
    assert "requeue job alpha__pods__default__x of alpha.pods" in told


async def test_an_object_that_heals_is_told_to_be_in_sync(running: WorkQueue, redis: Redis) -> None:
    put(redis, "virtual", "x")
    fail(running, "x")
    async with served(redis) as session:
        assert "failing" in await of_pod(session, "x")
        put(redis, "host", "x")
        running.add("alpha", ["pods default/x"])
        [taken] = running.take(1, PODS)
        running.finish([(taken, Done())])
        told = await of_pod(session, "x")
    assert "in sync" in told
    assert "What to do" not in told


@pytest.mark.parametrize("words", ["web", "default/web-0", "alpha-default-web-0-x-default"])
async def test_objects_are_found_by_parts_of_their_virtual_and_host_names(
    running: WorkQueue, redis: Redis, words: str
) -> None:
    put(redis, "virtual", "web-0", "db-0")
    async with served(redis, "alpha", "beta") as session:
        _, told = await page(session, "/object", q=words)
        assert "pods default/web-0 alpha" in told
        assert "db-0" not in told
        assert (
            "pods default/web-0" not in (await page(session, "/object", q=words, cluster="beta"))[1]
        )


async def test_what_is_not_there_is_said_with_a_way_on(running: WorkQueue, redis: Redis) -> None:
    async with served(redis) as session:
        status, told = await page(session, cluster="gamma")
        assert (status, 'no virtual cluster "gamma"' in told) == (404, True)
        status, told = await page(session, "/object", cluster="alpha", kind="pods")
        assert (status, "must name a virtual cluster, a kind and an object" in told) == (404, True)
        assert "unknown" in await of_pod(session, "nowhere")
        _, told = await page(session, "/object", q="nowhere")
        assert 'No object that is known of has "nowhere" in its name' in told


async def test_odd_addresses_are_answered(running: WorkQueue, redis: Redis) -> None:
    odd = [b"\xff\xfe", b"\x00", b"a" * 2000, "\u202e{}*:".encode()]
    async with served(redis) as session:
        for raw in odd:
            words = urlencode({"cluster": "alpha", "kind": raw, "name": raw, "namespace": raw})
            for path in (f"/object?{words}", f"/object?{urlencode({'q': raw})}"):
                async with session.get(path) as response:
                    assert response.status == 200, raw[:20]


async def test_nothing_on_a_page_may_run_or_be_kept(running: WorkQueue, redis: Redis) -> None:
    fail(running, "x", "<script>alert(1)</script>")
    async with served(redis) as session, session.get("/") as response:
        body = await response.text()
        assert {name: response.headers[name] for name in HEADERS} == HEADERS
    assert "<script" not in body
    assert "&lt;script&gt;alert(1)" in body


async def test_a_page_is_loaded_again_unless_told_otherwise(
    running: WorkQueue, redis: Redis
) -> None:
    async with served(redis) as session:
        for asked, again in (({}, True), ({"refresh": "no"}, False)):
            async with session.get("/", params=asked) as response:
                assert ('http-equiv="refresh"' in await response.text()) is again
        async with session.get("/object") as response:
            assert "refresh" not in (await response.text()).replace(str(response.url), "")


async def test_while_redis_is_away_the_page_says_so_and_comes_back(
    tmp_path: Path,
) -> None:
    server = RedisServer(tmp_path)
    server.start()
    client = Redis.from_url(server.url)
    try:
        async with served(client) as session:
            assert (await page(session))[0] == 200
            server.stop()
            status, told = await page(session, "/object", q="a")
            assert (status, "Redis can't be reached" in told) == (503, True)
            server.start()
            assert (await page(session, "/object", q="a"))[0] == 200
    finally:
        client.close()
        server.stop()


def test_many_lookers_cost_as_much_as_one(running: WorkQueue, redis: Redis, clock: Clock) -> None:
    glances = Glances(redis, ["alpha"], clock)
    first = glances.look()
    assert glances.look() is first
    clock.now_s += 1.1
    running.add("alpha", ["pods default/a"])
    assert glances.look().backlogs["alpha"].queued == 1


def test_what_takes_long_to_read_is_read_more_seldom(redis: Redis) -> None:
    times = iter([0.0, 0.5, 9.0, 11.0, 11.1])
    glances = Glances(redis, ["alpha"], lambda: next(times))
    first = glances.look()
    assert glances.look() is first, "half a second of work, nine seconds ago"
    assert glances.look() is not first


def test_a_worker_written_by_hand_is_passed_over(running: WorkQueue, redis: Redis) -> None:
    redis.sadd("rq:workers", "rq:worker:odd")
    redis.hset("rq:worker:odd", mapping={"last_heartbeat": "yesterday", "state": b"\xff"})
    assert [each.name for each in processes(redis)] == ["watcher-1", running.worker]


async def test_long_retries_are_told_as_retrying(
    redis: Redis, queue: WorkQueue, clock: Clock
) -> None:
    clock.now_s = redis.time()[0] - 60.0
    queue.add("alpha", ["pods default/long"])
    [taken] = queue.take(1, PODS)
    queue.finish([(taken, Retry(None, "host: 503"))])
    async with served(redis) as session:
        _, told = await page(session)
    assert "pods default/long retrying host: 503 1 " in told


async def test_the_watcher_serves_it_with_its_own_virtual_clusters(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with (
        open_pipeline(tmp_path, redis_server, sandbox_backend) as pipeline,
        aiohttp.ClientSession(f"http://127.0.0.1:{pipeline.port}") as session,
    ):
        pipeline.switch()

        async def fine() -> bool:
            assert (await pipeline.readiness())[0] == 200
            _, told = await page(session)
            return "fine 1 virtual cluster. 1 watcher and 1 worker run." in told

        async with pipeline.running():
            await eventually(fine)
            assert (await page(session, cluster="v"))[0] == 200
            assert (await page(session, cluster="alpha"))[0] == 404


@pytest.mark.parametrize(("access", "status"), [("local", 403), ("everyone", 200), ("none", 404)])
async def test_the_configuration_says_who_sees_it(
    running: WorkQueue, redis: Redis, tmp_path: Path, access: str, status: int
) -> None:
    file, port = tmp_path / "tohost.yaml", free_port()
    file.write_text(
        f"health: {{page: {access}}}\nvirtualClusters:\n- name: alpha\n  hostNamespace: h\n"
    )
    pages, headers = views(redis, ["alpha"]), {"Host": "tohost.example.com"}
    async with (
        living(load(file), Readiness, port, redis, pages=pages),
        aiohttp.ClientSession(f"http://127.0.0.1:{port}", headers=headers) as session,
    ):
        assert (await page(session))[0] == status
        assert (await page(session, "/healthz"))[0] == 200


def test_no_secret_is_shown_of_what_redis_holds_of_one(running: WorkQueue, redis: Redis) -> None:
    """Were it there against all rules: of an object only what identifies it is told."""
    secret = {
        "metadata": {"name": "s", "namespace": "default", "uid": "u"},
        "data": {"k": "aHVudGVyMg=="},
    }
    Store(redis).put("alpha", "virtual", "secrets", [Change("default/s", "7", secret)])
    asked = {"cluster": "alpha", "kind": "secrets", "namespace": "default", "name": "s"}
    body = views(redis, ["alpha"])["/object"](asked).body
    assert b"uid" in body.lower()
    assert b"aHVudGVyMg" not in body
