"""What a scrape tells of the queues."""

import re
from pathlib import Path

import aiohttp
import pytest
from redis import Redis

from common.config import load
from common.process import metrics
from common.process.health import Readiness
from common.process.main import living
from common.workqueue import Again, Retry, Terminal, WorkQueue
from common.workqueue.depth import Backlog, backlogs
from common.workqueue.gauges import QueueGauges
from sandbox.ports import free_port
from sandbox.redis import RedisServer
from tests.integration.workqueue import CLUSTERS, OPEN, TLS, Clock, mark

NOTHING = Backlog(0, 0, 0, 0, 0.0)


def scraped(redis: Redis) -> dict[str, float]:
    """By name and labels."""
    _, body = metrics.page(QueueGauges(redis, CLUSTERS))
    lines = re.findall(r"^(tohost_queue_\S+) (\S+)$", body.decode(), re.MULTILINE)
    return {name: float(value) for name, value in lines}


def test_keys_are_counted_by_cluster_whatever_their_kind_and_state(
    queue: WorkQueue, redis: Redis
) -> None:
    queue.add("alpha", [f"pods default/{name}" for name in ("a", "b", "c", "d", "e", "f")])
    a, b, c, _ = queue.take(4, OPEN)
    queue.finish([(a, Retry(None, "503")), (b, Terminal("403")), (c, Again(60.0))])
    mark(queue, TLS)
    found = backlogs(redis, CLUSTERS)
    alpha = found["alpha"]
    assert (alpha.queued, alpha.running, alpha.delayed, alpha.failing) == (2, 1, 3, 2)
    assert found["beta"].queued == 1


def test_the_oldest_key_of_all_kinds_says_how_long_they_wait(
    queue: WorkQueue, redis: Redis
) -> None:
    queue.add("alpha", ["pods default/new", "secrets default/old"])
    redis.hset("rq:job:alpha__secrets__default__old", "enqueued_at", "2020-01-01T00:00:00.000000Z")
    found = backlogs(redis, CLUSTERS)
    assert found["alpha"].oldest_s > 5 * 365 * 86400
    assert found["beta"] == NOTHING


def test_a_scrape_has_a_gauge_for_each_virtual_cluster(queue: WorkQueue, redis: Redis) -> None:
    queue.add("alpha", [f"pods default/{number}" for number in range(70)])
    found = scraped(redis)
    assert found['tohost_queue_depth{cluster="alpha"}'] == 70
    assert found['tohost_queue_depth{cluster="beta"}'] == 0
    assert 0 <= found['tohost_queue_oldest_seconds{cluster="alpha"}'] < 60
    assert found['tohost_queue_kind_depth{cluster="alpha",plural="pods"}'] == 70
    assert 0 <= found['tohost_queue_kind_oldest_seconds{cluster="alpha",plural="pods"}'] < 60
    assert len(found) == 5 * len(CLUSTERS) + 2


@pytest.mark.parametrize("count", [1, 40])
def test_while_nothing_is_queued_it_costs_one_round_trip(redis: Redis, count: int) -> None:
    clusters = {f"c{number}": 1 for number in range(count)}
    for name in clusters:
        redis.sadd("rq:queues", *(f"rq:queue:{name}.{plural}" for plural in ("pods", "secrets")))
    before = redis.info("commandstats")
    assert set(backlogs(redis, clusters).values()) == {NOTHING}
    after = redis.info("commandstats")
    asked = {
        name for name in after if after[name]["calls"] > before.get(name, {"calls": 0})["calls"]
    }
    assert asked <= {"cmdstat_hlen", "cmdstat_zcard", "cmdstat_info"}


async def test_every_process_serves_them_and_all_else_when_redis_is_away(
    tmp_path: Path, clock: Clock
) -> None:
    server, port = RedisServer(tmp_path), free_port()
    server.start()
    redis = Redis.from_url(server.url)
    file = tmp_path / "tohost.yaml"
    file.write_text("virtualClusters:\n- name: alpha\n  hostNamespace: h\n")
    async with living(load(file), Readiness, port, redis), aiohttp.ClientSession() as session:

        async def page() -> str:
            async with session.get(f"http://127.0.0.1:{port}/metrics") as response:
                assert response.status == 200
                return await response.text()

        WorkQueue(redis, {"alpha": 1}, clock=clock).add("alpha", ["pods default/web"])
        assert 'tohost_queue_depth{cluster="alpha"} 1.0' in await page()
        server.stop()
        without = await page()
    assert "tohost_queue_depth" not in without
    assert "# TYPE tohost_fights_total counter" in without
