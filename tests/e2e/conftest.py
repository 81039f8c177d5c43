"""tohost at work, shared by the tests: on two sandbox API servers, or on two real ones when
KUBEBUILDER_ASSETS names their folder. Each test has a virtual namespace of its own.

Two virtual clusters may not share one API server: both would write statuses up. So the second
form of names has clusters of its own, which come up when the first test asks for them.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.space import Space, new_space
from tests.e2e.world import World, open_world

API_SERVICE_IP = "10.97.255.1"
DNS_SERVICE_IP = "10.97.255.2"
_NETWORKING = {"apiServiceIP": API_SERVICE_IP, "dnsServiceIP": DNS_SERVICE_IP}
_ALL = {
    "configMaps": {"all": True},
    "secrets": {"all": True},
    "pods": {"useSecretsForSATokens": True},
}


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Host names as the seed has them, selective sync."""
    tohost = {"networking": _NETWORKING}
    folder = tmp_path_factory.mktemp("e2e")
    async with open_world(folder, "my-vcluster", tohost, classic=False) as opened:
        yield opened


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def classic_world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Classic host names; all ConfigMaps and Secrets; tokens in Secrets."""
    tohost = {"naming": {"format": "classic"}, "sync": {"toHost": _ALL}, "networking": _NETWORKING}
    folder = tmp_path_factory.mktemp("e2e-classic")
    async with open_world(folder, "v", tohost, classic=True) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def space(world: World) -> Space:
    return await new_space(world)


@pytest_asyncio.fixture(loop_scope="session")
async def classic(classic_world: World) -> Space:
    return await new_space(classic_world)


@pytest.fixture(params=["prefixed", "classic"])
def either(request: pytest.FixtureRequest) -> Space:
    """The test runs once for each form of names."""
    chosen: Space = request.getfixturevalue("space" if request.param == "prefixed" else "classic")
    return chosen


@pytest_asyncio.fixture(loop_scope="session")
async def restored(world: World) -> AsyncIterator[World]:
    """For tests that stop, start and kill processes."""
    yield world
    await world.restore()
