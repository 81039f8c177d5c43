"""Events on their way up, one by one: what is told, what is dropped, and what trouble does."""

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from common.changes import active_plurals
from common.cluster import Cluster
from common.context import Context, Related
from common.errors import RetryError
from common.keys import Key
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.metadata import UID
from common.naming import hashed_host_name
from common.objects import Obj, name_of, uid
from common.safety.identity import identify
from common.store import Change, Store
from common.workqueue import Again, Done, Outcome, Retry
from sandbox.run import Sandbox, sandbox
from workers import involved
from workers.event_up import CLUSTER_BURST, EVENTS, OBJECT_BURST, EventUp
from workers.gate import gates
from workers.plan import host_object
from workers.session import Session
from workers.snapshots import Snapshot

CLUSTER = Cluster("v", "h", enabled=frozenset({"pods"}))
PODS = REGISTRY["pods"]
SPEC = {"containers": [{"name": "main", "image": "nginx"}]}
SYNCED = frozenset({("virtual", "pods"), ("host", "pods"), ("host", "events")})


_VERSION = {"resourceVersion": "999999"}


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Bench:
    def __init__(self, session: Session, box: Sandbox, store: Store) -> None:
        self.session, self.box, self.store = session, box, store
        self.clock = Clock()
        self.event_up = EventUp(store, self.clock)
        self._number = 0

    async def pair(self, name: str = "web", *, hashed: bool = False) -> tuple[Obj, Obj]:
        """A virtual pod and its host pod; the store has the virtual one."""
        metadata = {"name": name, "namespace": "n"}
        virtual = await self.session.virtual.create(PODS, "n", {"metadata": metadata, "spec": SPEC})
        body = host_object(PODS, virtual, Context(CLUSTER))
        if hashed:
            body["metadata"]["name"] = hashed_host_name(CLUSTER, "n", name)
        host = await self.session.host.create(PODS, "h", body)
        self.stores("virtual", virtual, f"n/{name}")
        return virtual, host

    def stores(self, side: Any, obj: Obj, field: str) -> None:
        change = Change(field, obj["metadata"]["resourceVersion"], obj)
        self.store.put("v", side, "pods", [change])

    async def bring(
        self, host: Obj, message: str = "hello", synced: Any = SYNCED, **fields: Any
    ) -> Outcome:
        """Bring up a new event about a host pod; `fields` are of the event."""
        self._number += 1
        about = {"apiVersion": "v1", "kind": "Pod", "namespace": "h"}
        event = {
            "metadata": {"name": f"{name_of(host)}.{self._number}", "namespace": "h"},
            "involvedObject": {**about, "name": name_of(host), "uid": uid(host)},
            "type": "Normal",
            "reason": "Told",
            "message": message,
            "count": 1,
            **fields,
        }
        key = Key("v", "events", "h", event["metadata"]["name"])
        seen = Snapshot(None, event, Related(), synced)
        return await self.event_up.bring_up(self.session, key, seen, lambda: True)

    async def told(self) -> list[Obj]:
        return [each async for each in self.session.virtual.list_all(EVENTS, "n")]


@pytest.fixture
async def bench(tmp_path: Path, redis: Redis) -> AsyncIterator[Bench]:
    async with (
        sandbox(tmp_path, kubelet=False) as box,
        await KubeClient.connect(str(box.virtual_kubeconfig), name="v") as virtual,
        await KubeClient.connect(str(box.host_kubeconfig), name="host") as host,
    ):
        for client, name in ((virtual, "n"), (host, "h")):
            namespace = {"metadata": {"name": name}}
            await client.request("POST", "/api/v1/namespaces", body=namespace)
        known, active = await identify(virtual), active_plurals(REGISTRY.values(), CLUSTER)
        ways = gates(REGISTRY.values(), CLUSTER)
        session = Session(CLUSTER, virtual, host, known.key, REGISTRY, active, ways)
        yield Bench(session, box, Store(redis))


async def test_the_store_proves_whose_object_it_is_without_asking_the_host(bench: Bench) -> None:
    virtual, host = await bench.pair()
    bench.stores("host", host, "n/web")
    bench.box.host.faults.fail(500)
    assert await bench.bring(host) == Done()
    [event] = await bench.told()
    assert (event["involvedObject"]["uid"], event["message"]) == (uid(virtual), "hello")


@pytest.mark.parametrize("hashed", [False, True])
async def test_the_host_is_asked_once_for_what_the_store_does_not_know(
    bench: Bench, hashed: bool
) -> None:
    _, host = await bench.pair(hashed=hashed)
    asked = bench.box.host.faults.delay(0.0, path="/pods/", method="GET")
    for _ in range(3):
        assert await bench.bring(host) == Done()
    assert asked.struck == 1
    assert len(await bench.told()) == 3


async def test_an_event_that_breaks_something_is_dropped_and_told_in_the_log(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """A failed job would stay for ever, as the end of a host Event wakes nobody."""
    _, host = await bench.pair()
    broken = {"metadata": {key: host["metadata"][key] for key in ("name", "uid")}}
    bench.stores("host", {**broken, "metadata": {**broken["metadata"], **_VERSION}}, "n/web")
    bench.stores("virtual", {"metadata": {"name": "web", "namespace": "n", **_VERSION}}, "n/web")
    assert await bench.bring(host) == Done()
    assert "reconcile broke" in caplog.text
    assert await bench.told() == []


async def test_an_event_of_a_predecessor_is_dropped(bench: Bench) -> None:
    _, host = await bench.pair()
    bench.stores("host", host, "n/web")
    earlier = {"metadata": {**host["metadata"], "uid": "earlier"}}
    assert await bench.bring(earlier) == Done()
    assert await bench.told() == []


async def test_an_event_of_an_object_that_is_gone_is_dropped_without_a_word(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    _, host = await bench.pair()
    await bench.session.host.delete(PODS, "h", name_of(host), grace_s=0)
    assert await bench.bring(host) == Done()
    assert await bench.told() == []
    assert caplog.records == []


async def test_an_event_of_an_object_that_only_looks_like_ours_is_dropped(bench: Bench) -> None:
    await bench.pair()
    stray = {"metadata": {"name": "v-n-stray-x-n-x-v"}, "spec": SPEC}
    assert await bench.bring(await bench.session.host.create(PODS, "h", stray)) == Done()
    assert await bench.told() == []


async def test_an_event_is_dropped_when_the_virtual_object_is_gone_or_another_one(
    bench: Bench,
) -> None:
    virtual, host = await bench.pair()
    bench.stores("host", host, "n/web")
    version = str(int(virtual["metadata"]["resourceVersion"]) + 1000)
    successor = {**virtual, "metadata": {**virtual["metadata"], "uid": "later"}}
    for there in (successor, None):
        bench.store.put("v", "virtual", "pods", [Change("n/web", version, there)])
        version = str(int(version) + 1)
        assert await bench.bring(host) == Done()
    assert host["metadata"]["annotations"][UID] == uid(virtual)
    assert await bench.told() == []


async def test_an_event_waits_until_the_virtual_objects_are_listed(bench: Bench) -> None:
    _, host = await bench.pair()
    assert isinstance(await bench.bring(host, synced=frozenset()), Again)


async def test_an_event_on_what_is_being_cleaned_up_is_dropped(bench: Bench) -> None:
    _, host = await bench.pair()
    bench.session.cluster = replace(CLUSTER, enabled=frozenset(), draining=frozenset({"pods"}))
    assert await bench.bring(host, synced=frozenset()) == Done()
    assert await bench.told() == []


async def test_nothing_is_written_when_the_lease_is_lost(bench: Bench) -> None:
    _, host = await bench.pair()
    about = {"kind": "Pod", "namespace": "h", "name": name_of(host), "uid": uid(host)}
    event = {"metadata": {"name": "e"}, "involvedObject": about, "message": "m"}
    key = Key("v", "events", "h", "e")
    seen = Snapshot(None, event, Related(), SYNCED)
    outcome = await bench.event_up.bring_up(bench.session, key, seen, lambda: False)
    assert isinstance(outcome, Retry)
    assert await bench.told() == []


async def test_events_of_one_object_are_limited_and_later_ones_come_up_again(
    bench: Bench,
) -> None:
    _, host = await bench.pair()
    _, other = await bench.pair("other")
    for _ in range(OBJECT_BURST + 10):
        assert await bench.bring(host) == Done()
    assert len(await bench.told()) == OBJECT_BURST
    assert await bench.bring(other) == Done()
    bench.clock.now_s += 301
    for _ in range(3):
        assert await bench.bring(host) == Done()
    assert len(await bench.told()) == OBJECT_BURST + 2


async def test_many_events_in_one_virtual_cluster_wait_in_its_queue(bench: Bench) -> None:
    queues = {("v", "events"), ("v", "pods"), ("w", "events")}

    def open_queues() -> set[tuple[str, str]]:
        return set(filter(bench.event_up.may_take, queues))

    hosts = [(await bench.pair(f"pod-{n}"))[1] for n in range(CLUSTER_BURST // 20 + 1)]
    for host in hosts:
        for _ in range(20):
            assert ("v", "events") in open_queues() or host is hosts[-1]
            await bench.bring(host)
    assert open_queues() == queues - {("v", "events")}
    bench.clock.now_s += 1
    assert open_queues() == queues


@pytest.mark.parametrize("status", [403, 404, 422])
async def test_what_the_virtual_cluster_refuses_is_dropped_with_one_warning(
    bench: Bench, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    _, host = await bench.pair()
    bench.box.virtual.faults.fail(status, path="/events")
    for _ in range(3):
        assert await bench.bring(host, message="hushed") == Done()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "hushed" not in caplog.text


async def test_what_fails_for_now_is_tried_again_and_costs_nothing(bench: Bench) -> None:
    _, host = await bench.pair()
    fault = bench.box.virtual.faults.fail(503, path="/events")
    for _ in range(OBJECT_BURST + 1):
        with pytest.raises(RetryError):
            await bench.bring(host)
    bench.box.virtual.faults.remove(fault)
    assert await bench.bring(host) == Done()
    assert len(await bench.told()) == 1


async def test_an_event_that_is_told_twice_is_brought_up_to_date(bench: Bench) -> None:
    _, host = await bench.pair()
    metadata = {"name": f"{name_of(host)}.1", "namespace": "h"}
    for count, message in ((1, "once"), (5, "again")):
        await bench.bring(host, message=message, count=count, metadata=metadata)
    [event] = await bench.told()
    assert (event["count"], event["message"]) == (5, "again")


async def test_a_redis_that_is_away_is_a_reason_to_try_again(bench: Bench) -> None:
    _, host = await bench.pair()
    away = EventUp(Store(Redis(port=1)), bench.clock)
    about = {"kind": "Pod", "namespace": "h", "name": name_of(host), "uid": uid(host)}
    seen = Snapshot(None, {"metadata": {}, "involvedObject": about}, Related(), SYNCED)
    with pytest.raises(RetryError, match="Redis"):
        await away.bring_up(bench.session, Key("v", "events", "h", "e"), seen, lambda: True)


async def test_what_is_remembered_of_host_objects_is_bounded(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(involved, "KEPT", 2)
    hosts = [(await bench.pair(name))[1] for name in ("a", "b", "c")]
    asked = bench.box.host.faults.delay(0.0, path="/pods/", method="GET")
    for host in (*hosts, hosts[2], hosts[1], hosts[0]):
        await bench.bring(host)
    assert asked.struck == 4
