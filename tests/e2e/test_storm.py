"""Everything at once: objects that come, change and go as chance will have it; then both sides
must agree. The order of the changes is the seed's, their timing is not."""

import asyncio
import random

import pytest

from common.errors import AlreadyExistsError, NotFoundError, RetryError
from common.objects import Obj
from tests.e2e.objects import configmap, encode, in_env_from, in_volume, pod, secret, service
from tests.e2e.space import Space
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAMES = [f"n{number}" for number in range(8)]
PLURALS = ("pods", "services", "configmaps", "secrets")
CHANGES = 240
AT_ONCE = 6
SETTLED_S = 20.0


@pytest.mark.parametrize("seed", [1, 2])
async def test_both_sides_agree_after_a_storm_of_changes(space: Space, seed: int) -> None:
    await storm(space, random.Random(seed))
    await eventually(lambda: agree(space), SETTLED_S)


async def test_both_sides_agree_after_a_storm_with_failing_servers(space: Space) -> None:
    """Only the sandbox can be made to fail; real servers just take the storm."""
    faults = []
    if box := space.world.backend.sandbox:
        for server in (box.virtual, box.host):
            faults += [
                (server, server.faults.fail(500, method="POST|PATCH|DELETE", times=8)),
                (server, server.faults.fail(429, method="POST|PATCH", times=4, retry_after_s=1)),
                (server, server.faults.vanish(method="POST|PATCH|DELETE", times=8)),
            ]
    storming = asyncio.create_task(storm(space, random.Random(3)))
    if box:
        for _ in range(3):
            await asyncio.sleep(0.4)
            box.virtual.faults.cut_watches()
            box.host.faults.cut_watches()
    await storming
    for server, fault in faults:
        server.faults.remove(fault)
    await eventually(lambda: agree(space), SETTLED_S)


async def storm(space: Space, chance: random.Random) -> None:
    plans = [
        (chance.choice(PLURALS), chance.choice(NAMES), chance.random(), chance.random())
        for _ in range(CHANGES)
    ]
    slots = asyncio.Semaphore(AT_ONCE)

    async def change(plural: str, name: str, what: float, how: float) -> None:
        async with slots:
            try:
                await one_change(space, plural, name, what, how)
            except (AlreadyExistsError, NotFoundError, RetryError):
                return

    await asyncio.gather(*(change(*plan) for plan in plans))


async def one_change(space: Space, plural: str, name: str, what: float, how: float) -> None:
    """On the virtual side, now and then on the host."""
    if what < 0.5:
        await space.create(plural, made(plural, name))
    elif what < 0.65:
        await space.patch(plural, name, {"metadata": {"labels": {"n": str(int(how * 100))}}})
    elif what < 0.75 and plural in ("configmaps", "secrets"):
        await space.patch(plural, name, {"data": {"more": encode(str(how))}})
    elif what < 0.95:
        await space.delete(plural, name, 0 if how < 0.5 else None)
    else:
        await space.delete_host(plural, name, 0 if how < 0.5 else None)


def made(plural: str, name: str) -> Obj:
    match plural:
        case "pods":
            return pod(name, in_volume("configmaps", name), in_env_from("secrets", name))
        case "services":
            return service(name)
        case "configmaps":
            return configmap(name)
    return secret(name)


async def agree(space: Space) -> bool:
    """Every virtual object has exactly its host object, as it should be, and there are no more."""
    virtual = {plural: await by_name(space, plural) for plural in PLURALS}
    for plural in PLURALS:
        wanted = virtual[plural]
        if plural in ("configmaps", "secrets"):
            wanted = {name: obj for name, obj in wanted.items() if name in virtual["pods"]}
        host = await space.on_host(plural)
        assert sorted(obj["metadata"]["name"] for obj in host) == sorted(
            map(space.host_name, wanted)
        )
        for obj in host:
            name = obj["metadata"]["annotations"]["vcluster.loft.sh/name"]
            check(plural, wanted[name], obj)
    return True


async def by_name(space: Space, plural: str) -> dict[str, Obj]:
    objects = await space.world.virtual.list(plural, space.namespace)
    return {obj["metadata"]["name"]: obj for obj in objects}


def check(plural: str, virtual: Obj, host: Obj) -> None:
    """The host object is that of this very virtual object, and what should agree agrees."""
    assert "deletionTimestamp" not in {**virtual["metadata"], **host["metadata"]}
    assert virtual["metadata"].get("labels", {}).items() <= host["metadata"]["labels"].items()
    notes = host["metadata"]["annotations"]
    assert notes["vcluster.loft.sh/uid"] == virtual["metadata"]["uid"]
    assert virtual.get("data") == host.get("data")
    if plural == "services":
        assert virtual["spec"]["clusterIP"] == host["spec"]["clusterIP"]
    if plural == "pods":
        assert virtual["status"]["phase"] == host["status"]["phase"] == "Running"
        assert virtual["spec"]["nodeName"] == host["spec"]["nodeName"]
