"""A whole scan over a store of many objects: silent once all have settled, then right about one."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import Redis

from common.changes import active_plurals, change_of
from common.cluster import Cluster
from common.context import Context
from common.keys import Key
from common.kinds import kinds_of
from common.kube.client import KubeClient
from common.objects import Obj, Side, field_of, meta
from common.store import Change, Store, text
from common.workqueue import WorkQueue
from common.workqueue.rest import Rest
from sandbox.redis import RedisServer
from tests.property.examples import law
from tests.property.pairs import virtuals
from tests.property.strategies import CLUSTERS
from tests.property.world import World
from workers.gate import gates
from workers.scan import Scan
from workers.scan_reader import ScanReader
from workers.session import Session
from workers.snapshots import SnapshotReader

PLURALS = ("configmaps", "endpoints", "pods", "secrets", "services")
NOW_S = 2e9
ROUNDS = 8


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redis]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        client = Redis.from_url(server.url)
        yield client
        client.close()


class Place:
    """A virtual cluster in the store, where every write of a plan succeeds."""

    def __init__(self, redis: Redis, cluster: Cluster) -> None:
        redis.flushall()
        self.redis, self.cluster, self.kinds = redis, cluster, kinds_of(cluster)
        self.store, self.versions = Store(redis), count(1)
        self.reader = SnapshotReader(redis, {cluster.name: self.kinds})
        self.queue = WorkQueue(redis, {cluster.name: 1})
        for kind in self.kinds.values():
            for side in kind.sides(cluster):
                self.store.set_synced(cluster.name, side, kind.plural)

    def put(self, key: Key, side: Side, obj: Obj | None) -> None:
        kind, version = self.kinds[key.plural], str(next(self.versions))
        active = active_plurals(self.kinds.values(), self.cluster)
        change = Change(key.field, version, None)
        if obj is not None:
            obj = {**obj, "metadata": {**meta(obj), "resourceVersion": version}}
            made = change_of(kind, side, self.cluster, active, obj, False, b"k")
            assert made is not None, obj
            change = made
        self.store.put(self.cluster.name, side, key.plural, [change])

    def world(self, key: Key) -> World:
        [snapshot] = self.reader.read([key])
        assert not isinstance(snapshot, Exception), snapshot
        context = Context(self.cluster, snapshot.related, NOW_S, key.name)
        made = next(self.versions)
        return World(self.kinds[key.plural], context, snapshot.virtual, snapshot.host, made)

    def settle(self, keys: list[Key]) -> None:
        for _ in range(ROUNDS):
            if not sum(self._step(key) for key in keys):
                return
        raise AssertionError("never settles")

    def _step(self, key: Key) -> bool:
        world = self.world(key)
        before = world.virtual, world.host
        if not world.step() and not world.finish_deletions():
            return False
        for side, was, now in zip(
            ("virtual", "host"), before, (world.virtual, world.host), strict=True
        ):
            if was != now:
                self.put(key, "host" if side == "host" else "virtual", now)
        return True

    def scan(self) -> list[str]:
        """The members that a scan woke."""
        name = self.cluster.name
        self.redis.delete(*(f"tohost:{{{name}}}:{what}" for what in ("dirty", "state", "truce")))
        nowhere = cast(KubeClient, None)
        session = Session(
            cluster=self.cluster,
            virtual=nowhere,
            host=nowhere,
            digest_key=b"k",
            kinds=self.kinds,
            active=active_plurals(self.kinds.values(), self.cluster),
            gates=gates(self.kinds.values(), self.cluster),
        )
        reader = ScanReader(self.redis, {name: self.kinds})
        scan = Scan(self.redis, session, reader, Rest(self.redis, self.queue, 600.0))
        for _ in scan.steps():
            pass
        return sorted(text(each) for each in self.redis.hkeys(f"tohost:{{{name}}}:dirty"))


@settings(law, max_examples=15, suppress_health_check=[*HealthCheck])
@given(data=st.data(), cluster=CLUSTERS)
def test_a_scan_wakes_nothing_that_settled_and_exactly_what_somebody_changed(
    redis: Redis, data: st.DataObject, cluster: Cluster
) -> None:
    place = Place(redis, replace(cluster, enabled=cluster.enabled - {"ingresses"}))
    keys: dict[Key, Obj] = {}
    for plural in data.draw(st.lists(st.sampled_from(PLURALS), min_size=1, max_size=12)):
        obj = data.draw(virtuals(plural))
        keys[Key.from_field(cluster.name, plural, field_of(obj))] = obj
    for key, obj in keys.items():
        place.put(key, "virtual", obj)
    place.settle(list(keys))
    assert place.scan() == []
    on_host = [key for key in keys if place.world(key).host is not None]
    if not on_host:
        return
    changed = data.draw(st.sampled_from(on_host))
    host = place.world(changed).host
    assert host is not None
    notes = {**meta(host)["annotations"], "vcluster.loft.sh/managed-labels": "x"}
    place.put(changed, "host", {**host, "metadata": {**meta(host), "annotations": notes}})
    assert place.scan() == [changed.member]
