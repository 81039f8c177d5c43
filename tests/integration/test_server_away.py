"""An API server that is away for a while, and thousands of keys that need it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.kinds import REGISTRY
from common.objects import Obj, Side
from common.store import Store
from sandbox.redis import RedisServer
from sandbox.run import Sandbox
from tests.backends import sandbox_backend
from tests.e2e.waiting import eventually
from tests.integration.pipeline import Pipeline, open_pipeline

MANY = 400


@pytest.fixture
async def pipeline(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pipeline]:
    async with open_pipeline(tmp_path, redis_server, sandbox_backend) as pipeline:
        pipeline.switch(configMaps={"enabled": True, "all": True})
        yield pipeline


@pytest.fixture
def box(pipeline: Pipeline) -> Sandbox:
    assert pipeline.made.sandbox
    return pipeline.made.sandbox


async def fill(pipeline: Pipeline, prefix: str) -> None:
    for number in range(MANY):
        body: Obj = {"metadata": {"name": f"{prefix}-{number}"}, "data": {"key": "value"}}
        await pipeline.virtual.create(REGISTRY["configmaps"], "default", body)


async def stored(pipeline: Pipeline, side: Side, count: int) -> None:
    async def there() -> bool:
        return len(Store(pipeline.redis).versions("v", side, "configmaps")) >= count

    await eventually(there, 30)


async def test_a_host_that_is_away_is_only_probed_and_all_goes_on_when_it_is_back(
    pipeline: Pipeline, box: Sandbox
) -> None:
    writes = "POST|PUT|PATCH|DELETE"
    async with pipeline.running():
        await pipeline.tells("")
        away = box.host.faults.fail(503, method=writes)
        await fill(pipeline, "cm")
        await stored(pipeline, "virtual", MANY)
        await eventually(lambda: waits(pipeline, MANY // 2), 30)
        box.host.faults.remove(away)
        await stored(pipeline, "host", MANY)
    assert away.struck < MANY


async def waits(pipeline: Pipeline, count: int) -> bool:
    """Whether so many keys stay queued: they are not tried."""
    return list(pipeline.busy().values()).count("q") >= count
