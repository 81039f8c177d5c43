"""What a watcher and a worker tell Prometheus, and that the page on metrics says it all."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from redis import Redis

from common.config import load
from common.process.gauges import CrewGauges
from common.status.crew import Crew, crew
from sandbox.ports import free_port
from sandbox.redis import RedisServer
from tests.backends import sandbox_backend
from tests.e2e.waiting import eventually
from tests.integration.pipeline import Pipeline, open_pipeline
from tests.scrape import Scrape, collected, scrape
from tests.unit.test_metrics_page import LABELS, table
from watchers import command as watcher
from workers import command as worker


@pytest.fixture
async def pipeline(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pipeline]:
    async with open_pipeline(tmp_path, redis_server, sandbox_backend) as opened:
        opened.switch(secrets={"all": True}, configMaps={"all": True})
        yield opened


class Both:
    """The ports of a watcher and a worker within this process. They share what is counted, and
    each has gauges of its own."""

    def __init__(self) -> None:
        self.watcher, self.worker = free_port(), free_port()

    async def pages(self) -> tuple[Scrape, Scrape]:
        return await scrape(self.watcher), await scrape(self.worker)


@pytest.fixture
async def both(pipeline: Pipeline) -> AsyncIterator[Both]:
    stop, config, ports = asyncio.Event(), load(pipeline.config), Both()
    tasks = [
        asyncio.create_task(watcher.run(config, ports.watcher, stop)),
        asyncio.create_task(worker.run(config, ports.worker, stop)),
    ]
    await pipeline.secret("first")
    await pipeline.arrives("secrets", "first")
    yield ports
    stop.set()
    await asyncio.wait_for(asyncio.gather(*tasks), 15)


def named(found: Scrape) -> dict[str, tuple[str, str]]:
    """Type and help of ours, by the name that queries use."""
    return {
        family.name + ("_total" if family.type == "counter" else ""): (
            family.type,
            family.documentation,
        )
        for family in found.families.values()
        if family.name.startswith("tohost_")
    }


async def test_the_page_tells_of_every_metric_in_its_own_words(both: Both) -> None:
    of_watcher, of_worker = await both.pages()
    documented = {name: (row[0], row[-1]) for name, row in table().items()}
    assert named(of_watcher) | named(of_worker) == documented


async def test_labels_are_those_of_the_page_and_hold_no_name_of_an_object(both: Both) -> None:
    rows = table()
    for page in await both.pages():
        for family in page.families.values():
            wanted = rows.get(family.name) or rows.get(f"{family.name}_total")
            for sample in family.samples if wanted else ():
                assert wanted
                assert sample.labels.keys() - {"le"} == set(filter(None, wanted[1].split(", ")))
                assert "first" not in " ".join(sample.labels.values())
    assert {label for row in rows.values() for label in row[1].split(", ") if label} == LABELS


async def test_a_synced_object_is_counted_in_each_stage_and_with_its_requests(
    both: Both, pipeline: Pipeline
) -> None:
    _, before = await both.pages()
    await pipeline.secret("second")
    await pipeline.arrives("secrets", "second")

    async def counted() -> bool:
        _, now = await both.pages()
        done = {"cluster": "v", "plural": "secrets", "outcome": "done"}
        runs = "tohost_reconciles_total"
        assert now.total(runs, **done) > before.total(runs, **done)
        # Two: the test's own client counts here as one of the host.
        wrote, requests = {"side": "host", "verb": "POST", "code": "201"}, "tohost_requests_total"
        assert now.total(requests, **wrote) >= before.total(requests, **wrote) + 2
        read = {"side": "virtual", "cluster": "v", "verb": "GET", "code": "200"}
        assert now.total(requests, **read) > before.total(requests, **read)
        for stage in ("queue", "read", "plan", "api", "store"):
            assert more(before, now, "stage_seconds_count", stage=stage) == more(
                before, now, "seconds_count"
            )
        whole_s = more(before, now, "seconds_sum")
        assert more(before, now, "stage_seconds_sum") == pytest.approx(whole_s, rel=0.05)
        return whole_s > 0

    await eventually(counted)


def more(before: Scrape, now: Scrape, what: str, **labels: str) -> float:
    """By how much `tohost_sync_<what>` grew."""
    name, where = f"tohost_sync_{what}", {"cluster": "v", **labels}
    return now.total(name, **where) - before.total(name, **where)


async def test_a_watcher_tells_what_it_holds_and_a_worker_that_it_is_connected(both: Both) -> None:
    async def told() -> bool:
        of_watcher, of_worker = await both.pages()
        streams = of_watcher.value("tohost_streams", cluster="v")
        assert streams
        assert of_watcher.value("tohost_leases_held", cluster="v") == streams
        assert of_worker.value("tohost_connected", cluster="v") == 1
        assert of_worker.value("tohost_workers") == 1
        assert of_worker.value("tohost_watchers") == 1
        assert of_worker.value("tohost_ready") == of_watcher.value("tohost_ready") == 1
        return True

    await eventually(told)


async def test_a_stream_in_which_something_happens_is_fresher_than_one_that_is_quiet(
    both: Both, pipeline: Pipeline
) -> None:
    gauge, where = "tohost_watch_staleness_seconds", {"cluster": "v", "side": "virtual"}

    async def quiet_for(plural: str) -> float:
        found = (await scrape(both.watcher)).value(gauge, **where, plural=plural)
        assert found is not None
        return found

    async def a_while() -> bool:
        return await quiet_for("secrets") > 0.3

    async def fresher() -> bool:
        return await quiet_for("configmaps") < await quiet_for("secrets") - 0.2

    await eventually(a_while)
    body = {"metadata": {"name": "news"}, "data": {"a": "b"}}
    await pipeline.virtual.request("POST", "/api/v1/namespaces/default/configmaps", body=body)
    await eventually(fresher)


def lead_nowhere(pipeline: Pipeline) -> None:
    """Let the virtual cluster's kubeconfig name a port at which nobody listens."""
    box, file = pipeline.made.sandbox, pipeline.made.virtual_kubeconfig
    assert box
    port = box.virtual.url.rpartition(":")[2]
    elsewhere = file.with_name("nowhere.kubeconfig")
    elsewhere.write_text(file.read_text().replace(port, str(free_port())))
    pipeline.content["virtualClusters"][0]["kubeconfig"] = str(elsewhere)
    pipeline.switch()


async def test_an_unreachable_server_makes_its_streams_stale_and_the_worker_disconnected(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with open_pipeline(tmp_path, redis_server, sandbox_backend) as pipeline:
        lead_nowhere(pipeline)
        stop, config, ports = asyncio.Event(), load(pipeline.config), Both()
        tasks = [
            asyncio.create_task(watcher.run(config, ports.watcher, stop)),
            asyncio.create_task(worker.run(config, ports.worker, stop)),
        ]
        try:

            async def told() -> bool:
                of_watcher, of_worker = await ports.pages()
                stale = "tohost_watch_staleness_seconds"
                where = {"cluster": "v", "side": "virtual", "plural": "pods"}
                assert (of_watcher.value(stale, **where) or 0) > 1
                assert of_worker.value("tohost_connected", cluster="v") == 0
                assert (of_watcher.value("tohost_notes", cluster="v") or 0) > 0
                failed = {"side": "virtual", "cluster": "v", "code": "none"}
                assert of_worker.total("tohost_requests_total", **failed) > 0
                return True

            await eventually(told)
        finally:
            stop.set()
            await asyncio.wait_for(asyncio.gather(*tasks), 15)


def test_while_redis_is_away_a_process_says_just_that(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    redis = Redis.from_url(server.url)
    assert crew(redis) == Crew(0, 0)
    assert collected(CrewGauges(redis)).value("tohost_redis_reachable") == 1
    server.stop()
    found = collected(CrewGauges(redis))
    assert found.value("tohost_redis_reachable") == 0
    assert list(found.families) == ["tohost_redis_reachable"]


def test_two_processes_count_for_themselves() -> None:
    """Nothing is shared through files, as it would be in the library's multi-process mode."""
    program = (
        "from common.process.metrics import BRAKE, REGISTRY; BRAKE.labels('v').inc();"
        "print(REGISTRY.get_sample_value('tohost_brake', {'cluster': 'v'}))"
    )
    command = [sys.executable, "-c", program]
    said = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(2)]
    assert [each.stdout.strip() for each in said] == ["1.0", "1.0"]
