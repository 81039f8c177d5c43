"""The real rq-dashboard, as `tohost dashboard` starts it and as people do, over HTTP."""

import base64
import json
import pickle
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

import pytest
from redis import Redis

from common.keys import Key
from common.workqueue import Again, Done, Taken, Terminal, WorkQueue, jobs
from sandbox.ports import free_port
from sandbox.redis import RedisServer

WEB = Key("my-vcluster", "pods", "default", "web-0")
OPEN = [(WEB.cluster, WEB.plural)]
FORBIDDEN = 'pods "web-0" is forbidden: exceeded quota: compute, requested: cpu=2, used: cpu=8'

# rq-dashboard, with a pickle that leaves a file behind when it is used.
DASHBOARD = """
import pathlib, pickle, sys
trap, *sys.argv[1:] = sys.argv[1:]
load = pickle.loads
def loads(data, **options):
    pathlib.Path(trap).touch()
    return load(data, **options)
pickle.loads = loads
if sys.argv[1] == "tohost":
    from tohost.dashboard import main
    sys.exit(main(sys.argv[2:]))
from rq_dashboard.cli import main
main()
"""


class Dashboard:
    def __init__(self, port: int, trap: Path) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self.trap = trap

    def request(self, path: str, method: str = "GET", password: str = "secret") -> bytes:
        login = base64.b64encode(f"admin:{password}".encode()).decode()
        headers = {"Authorization": f"Basic {login}"}
        request = urllib.request.Request(self._url + path, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as response:
            body: bytes = response.read()
        return body

    def data(self, path: str) -> Any:
        return json.loads(self.request(f"/0/data/{path}.json"))

    def press(self, path: str) -> Any:
        return json.loads(self.request(path, "POST"))

    def jobs(self, registry: str) -> list[dict[str, Any]]:
        listed = self.data(f"jobs/my-vcluster.pods/{registry}/8/asc/1")["jobs"]
        assert isinstance(listed, list)
        return listed


@pytest.fixture(scope="module", params=["tohost", "plain", "json"])
def dashboard(
    request: pytest.FixtureRequest,
    redis_server: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Dashboard]:
    port, trap = free_port(), tmp_path_factory.mktemp("dashboard") / "unpickled"
    options = ["--bind", "127.0.0.1", "--port", str(port), "--redis-url", redis_server.url]
    login = ["--username", "admin", "--password", "secret"]
    command = [sys.executable, "-c", DASHBOARD, str(trap)]
    command += ["tohost"] if request.param == "tohost" else []
    command += [*options, *login, *(["--json"] if request.param == "json" else [])]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        found = Dashboard(port, trap)
        deadline = time.monotonic() + 30
        while not answers(found):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield found
        process.terminate()


def answers(dashboard: Dashboard) -> bool:
    try:
        dashboard.request("/")
    except URLError:
        return False
    return True


@pytest.fixture
def queue(redis: Redis) -> Iterator[WorkQueue]:
    queue = WorkQueue(redis, {WEB.cluster: 1}, "worker-1", chance=lambda: 0.0)
    queue.add(WEB.cluster, [WEB.member])
    yield queue
    queue.close()


@pytest.fixture(autouse=True)
def _nothing_unpickles(dashboard: Dashboard) -> Iterator[None]:
    yield
    assert not dashboard.trap.exists()


def take(queue: WorkQueue) -> Taken:
    [taken] = queue.take(10, OPEN)
    return taken


def fail(queue: WorkQueue) -> None:
    queue.finish([(take(queue), Terminal(FORBIDDEN, "Forbidden"))])


def counts(dashboard: Dashboard) -> dict[str, int]:
    [row] = dashboard.data("queues")["queues"]
    assert row["name"] == "my-vcluster.pods"
    return {name: count for name, count in row.items() if name.endswith("count") and count}


def test_queues_show_what_is_queued_started_scheduled_and_failed(
    queue: WorkQueue, dashboard: Dashboard
) -> None:
    assert counts(dashboard) == {"count": 1}
    taken = take(queue)
    queue.show(after_s=0)
    assert counts(dashboard) == {"started_job_registry_count": 1}
    queue.finish([(taken, Again(60, "the namespace is missing"))])
    assert counts(dashboard) == {"scheduled_job_registry_count": 1}
    queue.add(WEB.cluster, [WEB.member])
    fail(queue)
    assert counts(dashboard) == {"failed_job_registry_count": 1}


def test_a_job_is_described_by_its_key_in_every_state(
    queue: WorkQueue, dashboard: Dashboard
) -> None:
    assert dashboard.jobs("queued")[0]["description"] == "pods default/web-0"
    taken = take(queue)
    queue.show(after_s=0)
    assert dashboard.jobs("started")[0]["description"] == "pods default/web-0"
    queue.finish([(taken, Again(60, "the namespace is missing"))])
    [job] = dashboard.jobs("scheduled")
    assert job["description"] == "pods default/web-0"
    assert job["exc_info"] == "the namespace is missing"


def test_a_failed_job_shows_the_servers_message(queue: WorkQueue, dashboard: Dashboard) -> None:
    fail(queue)
    [job] = dashboard.jobs("failed")
    assert job["exc_info"] == f"Forbidden: {FORBIDDEN}"
    assert dashboard.data(f"job/{job['id']}")["exc_info"] == f"Forbidden: {FORBIDDEN}"
    assert job["id"].encode() in dashboard.request(f"/0/view/job/{job['id']}")


@pytest.mark.parametrize("button", ["/job/{job}/requeue", "/requeue/my-vcluster.pods"])
def test_requeue_runs_a_failed_key_once_more(
    queue: WorkQueue, dashboard: Dashboard, button: str
) -> None:
    fail(queue)
    assert dashboard.press(button.format(job=jobs.job_id(WEB)))["status"] == "OK"
    assert counts(dashboard) == {"count": 1}
    taken = take(queue)
    assert taken.key == WEB
    queue.finish([(taken, Done())])
    assert (counts(dashboard), queue.take(1, OPEN)) == ({}, [])


@pytest.mark.parametrize("button", ["/job/{job}/delete", "/queue/my-vcluster.pods/queued/empty"])
def test_a_change_whose_job_was_deleted_is_not_lost(
    queue: WorkQueue, dashboard: Dashboard, button: str
) -> None:
    dashboard.press(button.format(job=jobs.job_id(WEB)))
    assert counts(dashboard) == {}
    assert [queue.sweep(force=True), queue.sweep(force=True)] == [0, 1]
    assert counts(dashboard) == {"count": 1}
    assert take(queue).key == WEB


def test_deleting_a_failed_job_keeps_the_key_quiet_until_it_is_due_or_changed(
    queue: WorkQueue, dashboard: Dashboard
) -> None:
    fail(queue)
    dashboard.press("/queue/my-vcluster.pods/failed/empty")
    assert [queue.sweep(force=True), queue.sweep(force=True)] == [0, 0]
    queue.add(WEB.cluster, [WEB.member])
    assert take(queue).key == WEB


def test_deleting_a_started_job_does_not_disturb_its_run(
    queue: WorkQueue, dashboard: Dashboard
) -> None:
    taken = take(queue)
    dashboard.press(f"/job/{jobs.job_id(WEB)}/delete")
    assert queue.holds(taken)
    queue.finish([(taken, Terminal("no"))])
    assert counts(dashboard) == {"failed_job_registry_count": 1}


def test_a_worker_is_listed_with_its_queues_while_it_runs_keys(
    queue: WorkQueue, dashboard: Dashboard
) -> None:
    taken = take(queue)
    queue.heartbeat()
    [worker] = dashboard.data("workers")["workers"]
    assert worker["name"] == queue.worker
    assert (worker["queues"], worker["state"]) == (["my-vcluster.pods"], "busy")
    queue.finish([(taken, Done())])
    queue.heartbeat()
    [worker] = dashboard.data("workers")["workers"]
    assert (worker["state"], worker["successful_job_count"]) == ("idle", 1)


def test_the_dashboard_asks_for_its_password(dashboard: Dashboard) -> None:
    with pytest.raises(HTTPError, match="401"):
        dashboard.request("/", password="wrong")


@pytest.mark.parametrize("dashboard", ["tohost"], indirect=True)
def test_ours_does_not_load_a_planted_pickle(
    queue: WorkQueue, redis: Redis, dashboard: Dashboard
) -> None:
    redis.hset(f"rq:job:{jobs.job_id(WEB)}", "meta", pickle.dumps({"harm": "none"}))
    with pytest.raises(HTTPError, match="500"):
        dashboard.data(f"job/{jobs.job_id(WEB)}")
    assert dashboard.jobs("queued")[0]["description"] == WEB.member
