"""Claims: the host provisions, and the virtual cluster sees what it got."""

import pytest

from common.objects import Obj
from tests.e2e.objects import claim, pod
from tests.e2e.space import Space
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

PLURAL = "persistentvolumeclaims"


def bound(obj: Obj) -> bool:
    return bool(obj["status"]["phase"] == "Bound" and obj["spec"]["volumeName"])


async def test_a_claim_is_bound_and_its_volume_stands_in(space: Space) -> None:
    made = await space.create(PLURAL, claim("data", "3Gi"))
    virtual = await space.virtual(PLURAL, "data", bound)
    host = await space.host(PLURAL, "data")
    name = virtual["spec"]["volumeName"]
    assert name == host["spec"]["volumeName"]
    assert virtual["status"]["capacity"] == {"storage": "3Gi"}

    async def volume() -> bool:
        there = await space.world.virtual.get("persistentvolumes", "", name) or {}
        assert there["spec"]["capacity"] == {"storage": "3Gi"}
        assert there["spec"]["storageClassName"] == "fast"
        assert there["spec"]["claimRef"]["uid"] == made["metadata"]["uid"]
        return bool(there["status"]["phase"] == "Bound")

    await eventually(volume)


async def test_the_stand_in_goes_with_its_claim(space: Space) -> None:
    await space.create(PLURAL, claim("data"))
    name = (await space.virtual(PLURAL, "data", bound))["spec"]["volumeName"]

    async def there() -> bool:
        return await space.world.virtual.get("persistentvolumes", "", name) is not None

    async def gone() -> bool:
        return not await there()

    await eventually(there)
    await space.delete(PLURAL, "data")
    await space.virtual_gone(PLURAL, "data")
    await space.host_gone(PLURAL, "data")
    await eventually(gone)


async def test_a_pod_mounts_the_host_claim(space: Space) -> None:
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    await space.create(PLURAL, claim("data"))
    await space.create("pods", pod("p", volumes=[volume]))
    host = await space.host("pods", "p")
    mounted = host["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"]
    assert mounted == space.host_name("data")
    await space.running("p")
