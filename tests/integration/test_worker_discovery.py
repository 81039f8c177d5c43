"""What servers offer, and when they prove that they can't have an object of a kind."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import ApiError, RetryError
from common.kinds import REGISTRY
from common.kube.discovery import Discovery
from sandbox.redis import RedisServer
from tests.backends import sandbox_backend
from tests.e2e.waiting import eventually
from tests.integration.pipeline import GROUP, SNAPSHOTS, Pipeline, open_pipeline

INGRESSES = REGISTRY["ingresses"]


@pytest.fixture
async def pipeline(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pipeline]:
    async with open_pipeline(tmp_path, redis_server, sandbox_backend) as it:
        yield it


async def test_versions_come_with_scope_kind_and_status(pipeline: Pipeline) -> None:
    await pipeline.install("host", "v1", "v1beta1")
    discovery = Discovery(pipeline.host)
    await eventually(lambda: discovery.offer(SNAPSHOTS, 0))
    offer = await discovery.offer(SNAPSHOTS)
    assert offer.keys() == {"v1", "v1beta1"}
    served = offer["v1"]
    assert (served.kind, served.namespaced, served.has_status) == ("VolumeSnapshot", True, True)


async def test_of_a_kind_that_every_server_has_only_the_version_that_is_used_counts(
    pipeline: Pipeline,
) -> None:
    discovery = Discovery(pipeline.host)
    assert (await discovery.offer(INGRESSES)).keys() == {"v1"}
    assert await discovery.offer(replace(INGRESSES, version="v9")) == {}
    assert (await discovery.offer(REGISTRY["pods"])).keys() == {"v1"}


async def test_an_answer_is_kept_for_a_while(pipeline: Pipeline) -> None:
    now_s = [0.0]
    discovery = Discovery(pipeline.host, lambda: now_s[0])
    assert await discovery.offer(SNAPSHOTS, 3) == {}
    await pipeline.install("host", "v1")
    await eventually(lambda: Discovery(pipeline.host).offer(SNAPSHOTS))
    now_s[0] = 2.9
    assert await discovery.offer(SNAPSHOTS, 3) == {}
    now_s[0] = 3.0
    assert await discovery.offer(SNAPSHOTS, 3)


async def test_a_kind_that_is_not_defined_is_proven_to_be_absent(pipeline: Pipeline) -> None:
    assert await Discovery(pipeline.host).absence(SNAPSHOTS) == ""
    assert await Discovery(pipeline.host).lacks(SNAPSHOTS)


async def test_a_definition_that_serves_nothing_proves_nothing(pipeline: Pipeline) -> None:
    await pipeline.install("host", retired=("v1",))
    assert "there is a CRD" in await Discovery(pipeline.host).absence(SNAPSHOTS)
    assert not await Discovery(pipeline.host).lacks(SNAPSHOTS)


async def test_what_is_served_or_belongs_to_every_server_is_not_absent(pipeline: Pipeline) -> None:
    await pipeline.install("host", "v1")
    await eventually(lambda: Discovery(pipeline.host).offer(SNAPSHOTS))
    assert "is served" in await Discovery(pipeline.host).absence(SNAPSHOTS)
    assert "every API server" in await Discovery(pipeline.host).absence(REGISTRY["pods"])


async def test_kinds_of_kubernetes_itself_are_never_lacked_for_good(pipeline: Pipeline) -> None:
    assert pipeline.made.sandbox
    pipeline.made.sandbox.host.faults.fail(404, path="/apis/networking.k8s.io")
    assert await Discovery(pipeline.host).absence(INGRESSES) == ""
    assert not await Discovery(pipeline.host).lacks(INGRESSES)


@pytest.mark.parametrize(("code", "error"), [(403, ApiError), (500, RetryError)])
async def test_a_server_that_does_not_answer_proves_nothing(
    pipeline: Pipeline, code: int, error: type[Exception]
) -> None:
    assert pipeline.made.sandbox
    pipeline.made.sandbox.host.faults.fail(code, path="/customresourcedefinitions")
    with pytest.raises(error):
        await Discovery(pipeline.host).lacks(SNAPSHOTS)


async def test_a_404_of_whoever_stands_in_front_of_a_server_proves_nothing(
    pipeline: Pipeline,
) -> None:
    await pipeline.install("host", "v1")
    assert pipeline.made.sandbox
    faults = pipeline.made.sandbox.host.faults
    faults.fail(404, path=f"/apis/{GROUP}|/customresourcedefinitions")
    assert "serves no CRDs" in await Discovery(pipeline.host).absence(SNAPSHOTS)
