"""What store, workqueue and leases promise on one server they promise on a Redis Cluster:
their tests again. Left out are those that spell RQ's keys as one server has them, and a plain
RQ worker, which knows nothing of Clusters, and those
that take long.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis

from common.config.redis import Redis as Settings
from common.redis.connection import connect
from common.status import standing
from common.store import Store
from common.workqueue import WorkQueue, prefix
from tests.integration import (
    redis_forms,
    test_event_store,
    test_leases,
    test_store_ends,
    test_workqueue,
    test_workqueue_by_hand,
    test_workqueue_failing,
)
from tests.integration.workqueue import WEB, mark

_MODULES = (
    test_event_store,
    test_leases,
    test_store_ends,
    test_workqueue,
    test_workqueue_by_hand,
    test_workqueue_failing,
)
_LEFT_OUT = re.compile(r"\brq:|\bSimpleWorker\b")
_LONG = {
    "test_a_refusal_is_tried_again_after_seconds_and_then_minutes",
    "test_what_is_blocked_is_told_of_only_when_it_lasts",
}


@pytest.fixture(scope="module")
def connected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with redis_forms.cluster(tmp_path_factory.mktemp("cluster")) as nodes:
        yield connect(Settings(url=redis_forms.cluster_url(nodes)))
    prefix.use(cluster=False)


@pytest.fixture
def redis(connected: Redis) -> Redis:
    connected.flushall()
    return connected


def _again() -> Iterator[tuple[str, Callable[..., Any]]]:
    for module in _MODULES:
        for name, each in vars(module).items():
            if _is_test(name, each) or type(each).__name__ == "FixtureFunctionDefinition":
                yield name, each


def _is_test(name: str, each: Any) -> bool:
    is_test = name.startswith("test_") and name not in _LONG and inspect.isfunction(each)
    return is_test and not _LEFT_OUT.search(inspect.getsource(each))


globals().update(dict(_again()))


def test_how_things_stand_can_be_read(queue: WorkQueue, redis: Redis) -> None:
    """By `tohost status`."""
    mark(queue, WEB)
    Store(redis).claim_identity("alpha", "digest")
    assert standing.known_clusters(redis) == ["alpha"]
    assert standing.read(redis, ["alpha"]).watchers == 0


def test_most_of_them_are_here() -> None:
    assert sum(name.startswith("test_") for name in globals()) > 50
