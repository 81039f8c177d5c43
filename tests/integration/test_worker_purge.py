from typing import Any, cast

import pytest

from common.store import Change, Store
from tests.integration.workqueue import Clock
from workers.purge import PURGE_S, TOMBSTONE_S, Purge
from workers.session import Session


class Watching:
    """As much of a session as says what is watched."""

    active = frozenset({"pods", "services"})


@pytest.fixture
def sessions() -> dict[str, Session]:
    return {name: cast(Session, Watching()) for name in ("alpha", "beta")}


def bury(store: Store, cluster: str) -> None:
    store.set_synced(cluster, "host", "pods")
    store.put(cluster, "host", "pods", [Change("a/b", "1", {"metadata": {}})])
    store.put(cluster, "host", "pods", [Change("a/b", "2", None)])


def test_old_tombstones_go_and_young_ones_stay(redis: Any, sessions: dict[str, Session]) -> None:
    clock = Clock()
    store = Store(redis, clock)
    bury(store, "alpha")
    Purge(store, sessions).purge(sessions)
    assert redis.hlen("tohost:{alpha}:rv:host:pods") == 1
    clock.now_s += TOMBSTONE_S + PURGE_S
    redis.delete(*redis.keys("tohost:turn:purge:*"))
    Purge(store, sessions).purge(sessions)
    assert redis.hlen("tohost:{alpha}:rv:host:pods") == 0


def test_of_two_workers_one_does_it(redis: Any, sessions: dict[str, Session]) -> None:
    store = Store(redis, lambda: 1e12)
    bury(Store(redis, lambda: 1.0), "alpha")
    bury(Store(redis, lambda: 1.0), "beta")
    Purge(store, sessions).purge({"alpha": sessions["alpha"]})
    Purge(store, sessions).purge({"beta": sessions["beta"]})
    assert redis.hlen("tohost:{alpha}:rv:host:pods") == 0
    assert redis.hlen("tohost:{beta}:rv:host:pods") == 1
