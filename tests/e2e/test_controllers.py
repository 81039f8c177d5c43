"""Workloads as people have them: the virtual cluster's own controllers make the pods, the host's
scheduler places them, and a kubelet stand-in runs them. Needs the programs of a real cluster.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
import pytest_asyncio

from common.objects import Obj
from tests.controllers import controllers, missing
from tests.e2e.objects import IMAGE, claim, service
from tests.e2e.space import Space, new_space
from tests.e2e.waiting import eventually
from tests.e2e.world import HOST_NAMESPACE, open_world

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(bool(missing()), reason=f"KUBEBUILDER_ASSETS has no {missing()}"),
]
_NETWORKING = {"apiServiceIP": "10.97.255.1", "dnsServiceIP": "10.97.255.2"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def space(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Space]:
    folder = tmp_path_factory.mktemp("controllers")
    tohost = {"networking": _NETWORKING}
    async with open_world(folder, "v", tohost, classic=False) as world:
        backend = world.backend
        assert backend.kubelet is not None
        backend.kubelet.schedules = False
        with ExitStack() as stack:
            both = controllers(folder, backend.virtual_kubeconfig, backend.host_kubeconfig)
            await asyncio.to_thread(stack.enter_context, both)
            yield await new_space(world)


def workload(name: str, **spec: object) -> Obj:
    containers = [{"name": "main", "image": IMAGE}]
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": containers}}
    selector = {"matchLabels": {"app": name}}
    return {
        "metadata": {"name": name},
        "spec": {"selector": selector, "template": template, **spec},
    }


async def test_a_deployment_becomes_ready_and_scales(space: Space) -> None:
    await space.create("services", service("web"))
    await space.create("deployments", workload("web", replicas=2))
    await space.virtual("deployments", "web", lambda seen: seen["status"].get("readyReplicas") == 2)
    slices = await endpoints_of(space, "web", 2)
    assert {each["metadata"]["namespace"] for each in slices} == {HOST_NAMESPACE}
    await space.patch("deployments", "web", {"spec": {"replicas": 1}})
    await endpoints_of(space, "web", 1)


async def test_a_stateful_set_becomes_ready_with_a_claim_for_each_pod(space: Space) -> None:
    template = claim("data")
    await space.create("services", service("db", clusterIP="None"))
    more = {"serviceName": "db", "replicas": 2, "volumeClaimTemplates": [template]}
    await space.create("statefulsets", workload("db", **more))
    await space.virtual("statefulsets", "db", lambda seen: seen["status"].get("readyReplicas") == 2)
    for index in (0, 1):
        bound = await space.virtual("persistentvolumeclaims", f"data-db-{index}")
        assert bound["status"]["phase"] == "Bound"
        volumes = (await space.host("pods", f"db-{index}"))["spec"]["volumes"]
        claims = [each.get("persistentVolumeClaim", {}).get("claimName") for each in volumes]
        assert space.host_name(f"data-db-{index}") in claims


async def test_a_job_is_ready_and_then_complete(space: Space) -> None:
    job = workload("task")
    job["spec"]["template"]["spec"]["restartPolicy"] = "Never"
    del job["spec"]["selector"], job["spec"]["template"]["metadata"]
    await space.create("jobs", job)
    await space.virtual("jobs", "task", lambda seen: seen["status"].get("ready") == 1)
    (host,) = [each for each in await space.on_host("pods") if "task" in each["metadata"]["name"]]
    done = {"status": {"phase": "Succeeded", "conditions": None}}
    name = host["metadata"]["name"]
    await space.world.host.patch("pods", HOST_NAMESPACE, name, done, "status")
    await space.virtual("jobs", "task", lambda seen: seen["status"].get("succeeded") == 1)


async def test_a_daemon_set_runs_on_the_nodes_that_show(space: Space) -> None:
    """The first pod brings its node into the virtual cluster, and daemons follow it there."""
    await space.create("deployments", workload("first", replicas=1))
    await space.create("daemonsets", workload("agent"))
    await space.virtual("daemonsets", "agent", lambda seen: seen["status"]["numberReady"] == 1)
    (host,) = [each for each in await space.on_host("pods") if "agent" in each["metadata"]["name"]]
    assert host["spec"]["nodeName"] == "node-1"


async def endpoints_of(space: Space, name: str, count: int) -> list[Obj]:
    """The host's own slices of a Service, once they have as many ready addresses."""

    async def look() -> list[Obj]:
        selector = f"kubernetes.io/service-name={space.host_name(name)}"
        slices = await space.world.host.list("endpointslices", HOST_NAMESPACE, selector)
        addresses = [each for one in slices for each in one.get("endpoints") or ()]
        return slices if len(addresses) == count else []

    return await eventually(look)
