"""A Pod Security Standard in force: what tenants ask for, and what changes when it does."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from common.kinds import REGISTRY
from common.objects import Obj, uid
from sandbox.redis import RedisServer
from tests.backends import sandbox_backend
from tests.e2e.waiting import eventually
from tests.integration.pipeline import Pipeline, host_name, open_pipeline

PODS = REGISTRY["pods"]
DEMANDS: dict[str, Obj] = {
    "host-path": {"volumes": [{"name": "node", "hostPath": {"path": "/"}}]},
    "host-network": {"hostNetwork": True},
    "host-ports": {"hostPort": 22},
    "privileged": {"securityContext": {"privileged": True}},
}


@pytest.fixture
async def pipeline(tmp_path: Path, redis_server: RedisServer) -> AsyncIterator[Pipeline]:
    async with open_pipeline(tmp_path, redis_server, sandbox_backend) as it:
        yield it


async def create(pipeline: Pipeline, name: str, **demands: Any) -> Obj:
    """A pod that uses the Secret `<name>-key`."""
    container: Obj = {"name": "main", "image": "i"}
    if "hostPort" in demands:
        container["ports"] = [{"containerPort": 80, "hostPort": demands.pop("hostPort")}]
    if "securityContext" in demands:
        container["securityContext"] = demands.pop("securityContext")
    container["envFrom"] = [{"secretRef": {"name": f"{name}-key"}}]
    await pipeline.secret(f"{name}-key")
    body = {"metadata": {"name": name}, "spec": {"containers": [container], **demands}}
    return await pipeline.virtual.create(PODS, "default", body)


def enforce(pipeline: Pipeline, standard: str) -> None:
    pipeline.content["virtualClusters"][0]["policies"] = {"podSecurityStandard": standard}
    pipeline.switch()


async def warned(pipeline: Pipeline, name: str) -> str:
    """The message that the pod was refused, once there is one."""

    async def look() -> str:
        page = await pipeline.virtual.list_page("/api/v1/namespaces/default/events")
        about = [each for each in page.items if each["involvedObject"]["name"] == name]
        found = [each for each in about if each["reason"] == "PodSecurityViolation"]
        assert found[0]["type"] == "Warning"
        return str(found[0]["message"])

    return await eventually(look)


async def on_host(pipeline: Pipeline, name: str) -> Obj:
    return await pipeline.host.get(PODS, "h", host_name(name))


async def test_what_a_tenant_may_not_have_stays_pending_and_takes_nothing_along(
    pipeline: Pipeline,
) -> None:
    enforce(pipeline, "baseline")
    for name, demands in DEMANDS.items():
        await create(pipeline, name, **demands)
    async with pipeline.running():
        await create(pipeline, "modest")
        await pipeline.arrives("pods", "modest")
        await pipeline.arrives("secrets", "modest-key")
        for name in DEMANDS:
            assert 'it violates PodSecurity "baseline"' in await warned(pipeline, name)
            assert not await pipeline.on_host("pods", name)
            assert not await pipeline.on_host("secrets", f"{name}-key")
            there = await pipeline.virtual.get(PODS, "default", name)
            assert there["status"]["phase"] == "Pending"


async def test_a_milder_standard_lets_in_the_pods_that_waited_for_it(pipeline: Pipeline) -> None:
    enforce(pipeline, "restricted")
    await create(pipeline, "plain")
    async with pipeline.running():
        await warned(pipeline, "plain")
    enforce(pipeline, "baseline")
    async with pipeline.running():
        await pipeline.arrives("pods", "plain")
        await pipeline.arrives("secrets", "plain-key")


async def test_a_stricter_standard_leaves_running_pods_alone_but_for_what_is_new(
    pipeline: Pipeline,
) -> None:
    enforce(pipeline, "privileged")
    await create(pipeline, "old", hostNetwork=True)
    async with pipeline.running():
        await pipeline.arrives("pods", "old")
        before = await on_host(pipeline, "old")
        scheduled = {"type": "PodScheduled", "status": "False"}
        status = {"status": {"conditions": [scheduled]}}
        await pipeline.host.patch(PODS, "h", host_name("old"), status, subresource="status")

        async def told() -> bool:
            seen = await pipeline.virtual.get(PODS, "default", "old")
            return bool(seen["status"].get("conditions"))

        await eventually(told)
    enforce(pipeline, "baseline")
    async with pipeline.running():
        new = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "i"}]}}
        path = "/api/v1/namespaces/default/pods/old/ephemeralcontainers"
        await pipeline.virtual.request(
            "PATCH", path, body=new, content_type="application/strategic-merge-patch+json"
        )
        assert "ephemeral container debug is not sent" in await warned(pipeline, "old")
        after = await on_host(pipeline, "old")
        assert uid(after) == uid(before)
        assert "ephemeralContainers" not in after["spec"]
        assert await pipeline.on_host("secrets", "old-key")
