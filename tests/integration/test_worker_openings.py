"""Which queues a worker works off, and how seldom it asks for that."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.scan import CLUSTER, KINDS
from common.changes import active_plurals
from common.kube.client import KubeClient
from common.store import Store
from tests.integration.workqueue import Clock
from tests.unit.test_kube import write_kubeconfig
from workers.gate import gates
from workers.opening import OPEN_S, SOON_S, Openings
from workers.session import Session

ALL = KINDS.values()
NAME = CLUSTER.name
PODS = NAME, "pods"


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    file, active = write_kubeconfig(tmp_path, "http://nowhere", {}), active_plurals(ALL, CLUSTER)
    async with await KubeClient.connect(file, name="v") as nowhere:
        yield Session(CLUSTER, nowhere, nowhere, b"k", KINDS, active, gates(ALL, CLUSTER))


@pytest.fixture
def openings(redis: Any, clock: Clock) -> Openings:
    return Openings(Store(redis), clock)


def list_everything(redis: Any) -> None:
    for kind in ALL:
        for side in kind.sides(CLUSTER):
            Store(redis).set_synced(NAME, side, kind.plural)


def test_a_queue_opens_once_its_streams_are_listed(
    redis: Any, openings: Openings, session: Session, clock: Clock
) -> None:
    assert openings.look({NAME: session}) == frozenset()
    list_everything(redis)
    clock.now_s += SOON_S
    assert PODS in openings.look({NAME: session})


def test_what_is_all_open_is_asked_about_seldom(
    redis: Any, openings: Openings, session: Session, clock: Clock
) -> None:
    list_everything(redis)
    clock.now_s = 10 * OPEN_S
    before = openings.look({NAME: session})
    clock.now_s += OPEN_S - 1
    assert openings.due({NAME: session}) == []
    clock.now_s += 1
    assert openings.due({NAME: session}) == [NAME]
    assert openings.look({NAME: session}) is before


def test_a_virtual_cluster_that_is_stopped_is_closed_at_once(
    redis: Any, openings: Openings, session: Session
) -> None:
    list_everything(redis)
    assert openings.look({NAME: session})
    session.stopped = "another cluster answers"
    assert openings.look({NAME: session}) == frozenset()
    session.stopped = ""
    assert PODS in openings.look({NAME: session})


def test_a_queue_closes_when_its_stream_is_not_listed_any_more(
    redis: Any, openings: Openings, session: Session, clock: Clock
) -> None:
    list_everything(redis)
    openings.look({NAME: session})
    redis.srem(f"tohost:{{{NAME}}}:synced", "host:pods")
    clock.now_s += OPEN_S
    assert PODS not in openings.look({NAME: session})
