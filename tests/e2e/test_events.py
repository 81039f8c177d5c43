"""Events of host objects, told again on the virtual ones. The tests write what the host's scheduler
and kubelets would."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio

from common.objects import Obj, name_of, namespace_of, uid
from tests.e2e.objects import in_volume, pod, secret, service
from tests.e2e.space import Space, new_space
from tests.e2e.waiting import eventually
from tests.e2e.world import HOST_NAMESPACE, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

BURST = 25


def event_on(host: Obj, reason: str, message: str, **fields: Any) -> Obj:
    """As a kubelet makes it."""
    now = datetime.now(UTC)
    at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "metadata": {"name": f"{name_of(host)}.{int(now.timestamp() * 1e6):x}"},
        "involvedObject": {
            "apiVersion": "v1",
            "kind": host["kind"],
            "namespace": namespace_of(host),
            "name": name_of(host),
            "uid": uid(host),
            "resourceVersion": host["metadata"]["resourceVersion"],
        },
        "type": "Normal",
        "reason": reason,
        "message": message,
        "count": 1,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "source": {"component": "kubelet", "host": "node-1"},
        **fields,
    }


def scheduled(host: Obj) -> Obj:
    """As a scheduler makes it, which speaks the newer API."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    where = f"{namespace_of(host)}/{name_of(host)}"
    event = event_on(host, "Scheduled", f"Successfully assigned {where} to node-1")
    for key in ("count", "firstTimestamp", "lastTimestamp", "source"):
        del event[key]
    reporter = {"reportingComponent": "default-scheduler", "reportingInstance": "scheduler-0"}
    return {**event, "eventTime": now, "action": "Binding", **reporter}


async def tell(space: Space, event: Obj) -> Obj:
    return await space.world.host.create("events", HOST_NAMESPACE, event)


async def events_of(space: Space, obj: Obj) -> list[Obj]:
    """Found as `kubectl describe` finds them."""
    namespace = namespace_of(obj)
    about = {"kind": obj["kind"], "name": name_of(obj), "namespace": namespace, "uid": uid(obj)}
    there = await space.world.virtual.list("events", namespace)
    return [each for each in there if about.items() <= each["involvedObject"].items()]


async def event_of(space: Space, obj: Obj, reason: str, count: int | None = None) -> Obj:
    """The one Event of that reason, once it's there and happened `count` times."""

    async def look() -> Obj:
        found = [each for each in await events_of(space, obj) if each["reason"] == reason]
        assert len(found) == 1, f"{reason}: {found}"
        assert count is None or found[0]["count"] == count, f"{reason}: {found}"
        return found[0]

    return await eventually(look)


async def pod_pair(space: Space, obj: Obj) -> tuple[Obj, Obj]:
    """A virtual pod, and its host pod."""
    virtual = await space.create("pods", obj)
    return {**virtual, "kind": "Pod"}, {**await space.host("pods", name_of(obj)), "kind": "Pod"}


async def test_what_the_kubelet_says_of_a_host_pod_is_told_on_the_virtual_one(
    either: Space,
) -> None:
    await either.create("secrets", secret("login"))
    virtual, host = await pod_pair(either, pod("web", in_volume("secrets", "login")))
    message = f'MountVolume.SetUp failed: secret "{either.host_name("login")}" not found'
    path = "spec.containers{main}"
    event = event_on(host, "FailedMount", message, type="Warning")
    event["involvedObject"]["fieldPath"] = path
    await tell(either, event)
    told = await event_of(either, virtual, "FailedMount")
    assert told["message"] == 'MountVolume.SetUp failed: secret "login" not found'
    assert (told["type"], told["count"]) == ("Warning", 1)
    assert told["source"] == {"component": "kubelet", "host": "node-1"}
    assert told["lastTimestamp"] == event["lastTimestamp"]
    assert told["involvedObject"]["fieldPath"] == path
    assert told["involvedObject"]["apiVersion"] == "v1"
    assert "resourceVersion" not in told["involvedObject"]
    assert name_of(told).startswith("web.")


async def test_what_the_scheduler_says_is_told_with_its_time_and_reporter(either: Space) -> None:
    virtual, host = await pod_pair(either, pod("web"))
    event = scheduled(host)
    await tell(either, event)
    told = await event_of(either, virtual, "Scheduled")
    assert told["message"] == f"Successfully assigned {either.namespace}/web to node-1"
    for key in ("eventTime", "action", "reportingComponent", "reportingInstance"):
        assert told[key] == event[key]


async def test_a_pod_whose_host_name_is_cut_has_its_events_too(space: Space) -> None:
    name = "a-pod-with-quite-a-long-name-" + "x" * 30
    virtual = {**await space.create("pods", pod(name)), "kind": "Pod"}

    async def look() -> Obj:
        return {**(await space.on_host("pods"))[0], "kind": "Pod"}

    host = await eventually(look)
    assert len(name_of(host)) <= 63
    where = f"{name_of(host)}_{HOST_NAMESPACE}({uid(host)})"
    await tell(space, event_on(host, "BackOff", f"Back-off restarting main in pod {where}"))
    told = await event_of(space, virtual, "BackOff")
    where = f"{name}_{space.namespace}({uid(virtual)})"
    assert told["message"] == f"Back-off restarting main in pod {where}"


async def test_events_of_other_kinds_come_up_too(space: Space) -> None:
    virtual = {**await space.create("services", service("shop")), "kind": "Service"}
    host = {**await space.host("services", "shop"), "kind": "Service"}
    await tell(space, event_on(host, "EnsuringLoadBalancer", "Ensuring load balancer"))
    await event_of(space, virtual, "EnsuringLoadBalancer")


async def test_an_event_that_happens_again_counts_up(space: Space) -> None:
    virtual, host = await pod_pair(space, pod("web"))
    made = await tell(space, event_on(host, "BackOff", "Back-off pulling image"))
    first = await event_of(space, virtual, "BackOff", 1)
    again = {"count": 7, "lastTimestamp": "2040-01-01T00:00:00Z", "message": "Back-off again"}
    await space.world.host.patch("events", HOST_NAMESPACE, name_of(made), again)
    told = await event_of(space, virtual, "BackOff", 7)
    assert (told["lastTimestamp"], told["message"]) == (again["lastTimestamp"], "Back-off again")
    assert (uid(told), told["firstTimestamp"]) == (uid(first), first["firstTimestamp"])


async def test_events_of_objects_that_are_not_ours_stay_on_the_host(space: Space) -> None:
    virtual, host = await pod_pair(space, pod("web"))
    copy = pod("x")
    copy["metadata"] = {"name": space.host_name("stray")}
    stray = {**await space.world.host.create("pods", HOST_NAMESPACE, copy), "kind": "Pod"}
    await space.create("pods", pod("stray", nodeSelector={"never": "there"}))
    predecessor = event_on(host, "Predecessor", "of an earlier pod of that name")
    predecessor["involvedObject"]["uid"] = "00000000-0000-0000-0000-000000000000"
    await tell(space, event_on(stray, "Foreign", "of a pod that someone made by hand"))
    await tell(space, predecessor)
    await tell(space, event_on(host, "Ours", "of our pod"))
    await event_of(space, virtual, "Ours")
    await space.world.settled("events ")
    there = await space.world.virtual.list("events", space.namespace)
    assert {each["reason"] for each in there} & {"Foreign", "Predecessor"} == set()


async def test_of_a_flood_about_one_object_only_some_come_up(space: Space) -> None:
    virtual, host = await pod_pair(space, pod("noisy"))
    other, its_host = await pod_pair(space, pod("quiet"))
    await asyncio.gather(
        *(tell(space, event_on(host, "Flood", f"number {n}")) for n in range(3 * BURST))
    )
    await tell(space, event_on(its_host, "Calm", "of another pod"))
    await event_of(space, other, "Calm")
    await space.world.settled("events ")
    assert len(await events_of(space, virtual)) == BURST


async def test_what_was_told_is_not_kept_in_redis(space: Space) -> None:
    virtual, host = await pod_pair(space, pod("web"))
    event = await tell(space, event_on(host, "Pulled", "Container image already present"))
    await event_of(space, virtual, "Pulled")
    await space.world.settled("events ")
    start, field = f"tohost:{{{space.world.name}}}", f"{HOST_NAMESPACE}/{name_of(event)}"
    assert space.world.redis.hget(f"{start}:obj:host:events", field) is None
    assert space.world.redis.hget(f"{start}:rv:host:events", field) is not None


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mapped(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Space]:
    """The virtual namespace `shop` is the host namespace `team-shop`."""
    namespaces = {"enabled": True, "mappings": {"byName": {"shop": "team-shop"}}}
    tohost = {"sync": {"toHost": {"namespaces": namespaces}}}
    folder = tmp_path_factory.mktemp("e2e-mapped")
    async with open_world(folder, "mapped", tohost, classic=False) as opened:
        await opened.virtual.create("namespaces", "", {"metadata": {"name": "shop"}})
        yield await new_space(opened, "shop")


async def test_with_namespace_sync_events_come_from_every_namespace_of_ours(mapped: Space) -> None:
    world = mapped.world
    virtual = {**await mapped.create("pods", pod("web")), "kind": "Pod"}

    async def look() -> Obj:
        there = await world.host.get("pods", "team-shop", "web")
        return {**there, "kind": "Pod"} if there else {}

    host = await eventually(look)
    stray = {**await world.host.create("pods", HOST_NAMESPACE, pod("web")), "kind": "Pod"}
    await world.host.create("events", HOST_NAMESPACE, event_on(stray, "Foreign", "not ours"))
    where = f'web_team-shop({uid(host)}) in namespace "team-shop"'
    event = event_on(host, "Failed", f'{where}: no image "team-shop/app:1"')
    await world.host.create("events", "team-shop", event)
    told = await event_of(mapped, virtual, "Failed")
    where = f'web_shop({uid(virtual)}) in namespace "shop"'
    assert told["message"] == f'{where}: no image "team-shop/app:1"'
    assert len(await events_of(mapped, virtual)) == 1


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def silent(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Space]:
    tohost = {"sync": {"fromHost": {"events": {"enabled": False}}}}
    folder = tmp_path_factory.mktemp("e2e-silent")
    async with open_world(folder, "silent", tohost, classic=False) as opened:
        yield await new_space(opened)


async def test_nothing_comes_up_where_events_are_switched_off(silent: Space) -> None:
    virtual, host = await pod_pair(silent, pod("web"))
    await tell(silent, event_on(host, "Pulled", "Container image already present"))
    await silent.running("web")
    await silent.create("configmaps", {"metadata": {"name": "later"}})
    await silent.settled()
    assert await events_of(silent, virtual) == []
    assert not list(silent.world.redis.scan_iter("tohost:*:events"))
