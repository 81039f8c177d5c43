"""The example configurations, as deploy/examples has them: objects of every kind that one enables,
and what it promises of them on the host.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from common.objects import Obj, get_path
from tests.e2e.objects import (
    claim,
    configmap,
    disruption_budget,
    endpoints,
    in_env,
    in_volume,
    ingress,
    network_policy,
    pod,
    priority_class,
    secret,
    service,
    slice_of,
)
from tests.e2e.space import Space, new_space
from tests.e2e.world import HOST_NAMESPACE, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

EXAMPLES = Path(__file__).parents[2] / "deploy" / "examples"
EVERY = ["minimal", "full", "air-gapped", "high-availability"]


def only(*names: str) -> pytest.MarkDecorator:
    """The test is about these examples alone."""
    return pytest.mark.parametrize("example", names, indirect=True)


_OFF = {
    "ingresses": ingress("web", "web", "tls"),
    "networkpolicies": network_policy("web", "web"),
    "poddisruptionbudgets": disruption_budget("web", "web"),
}
OWN = {"vcluster.loft.sh/managed-by": "v"}


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=EVERY)
async def example(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, Space]]:
    """A virtual cluster with one of the examples as its values file."""
    name: str = request.param
    folder = tmp_path_factory.mktemp(name)
    tohost = {"values": str(EXAMPLES / f"{name}.values.yaml")}
    async with open_world(folder, "v", tohost, classic=False) as world:
        if name == "high-availability":  # its pods get a class that the host's people made
            await world.host.create("priorityclasses", "", priority_class("high-priority", 500))
        yield name, await new_space(world)


@pytest.fixture
def space(example: tuple[str, Space]) -> Space:
    return example[1]


@pytest.fixture
def name(example: tuple[str, Space]) -> str:
    return example[0]


async def test_pods_run_and_what_they_use_comes_along(space: Space) -> None:
    await space.create("configmaps", configmap("used"))
    await space.create("secrets", secret("used"))
    await space.create("persistentvolumeclaims", claim("data"))
    mounted = {
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
        "main": {"volumeMounts": [{"name": "data", "mountPath": "/data"}]},
    }
    using = (in_env("configmaps", "used"), in_volume("secrets", "used"), mounted)
    await space.create("pods", pod("uses", *using))
    spec = (await space.host("pods", "uses"))["spec"]
    variable = next(each for each in spec["containers"][0]["env"] if each["name"] == "FROM")
    assert variable["valueFrom"]["configMapKeyRef"]["name"] == space.host_name("used")
    volumes = {each["name"]: each for each in spec["volumes"]}
    assert volumes["files"]["secret"]["secretName"] == space.host_name("used")
    assert volumes["data"]["persistentVolumeClaim"]["claimName"] == space.host_name("data")
    assert (await space.host("configmaps", "used"))["data"] == {"key": "value"}
    assert await space.host("secrets", "used")
    await space.virtual("persistentvolumeclaims", "data", bound)
    await space.running("uses")


async def test_what_no_pod_uses_stays(space: Space) -> None:
    await space.create("configmaps", configmap("unused"))
    await space.create("secrets", secret("unused"))
    await space.settled()
    assert await space.see_host("configmaps", "unused") is None
    assert await space.see_host("secrets", "unused") is None


async def test_services_lead_to_pods_or_to_their_own_endpoints(space: Space) -> None:
    await space.create("services", service("web"))
    await space.create("services", service("ext", selected=False))
    await space.create("endpoints", endpoints("ext"))
    await space.create("endpointslices", slice_of("ext", "ext-1"))
    host = await space.host("services", "web")
    selector = {"app": "web", **OWN, "vcluster.loft.sh/namespace": space.namespace}
    assert host["spec"]["selector"] == selector
    address = host["spec"]["clusterIP"]
    await space.virtual("services", "web", lambda seen: seen["spec"]["clusterIP"] == address)
    found = (await space.host("endpoints", "ext"))["subsets"][0]["addresses"]
    assert found == [{"ip": "192.0.2.1"}]
    labels = (await space.host("endpointslices", "ext-1"))["metadata"]["labels"]
    assert labels["kubernetes.io/service-name"] == space.host_name("ext")


async def test_kinds_that_it_leaves_off_stay(space: Space, name: str) -> None:
    on = {"full": set(_OFF), "high-availability": {"poddisruptionbudgets"}}.get(name, set())
    for plural in _OFF.keys() - on:
        await space.create(plural, _OFF[plural])
    await space.settled()
    for plural in _OFF.keys() - on:
        assert await space.see_host(plural, "web") is None


@only("full")
async def test_ingresses_and_network_policies_follow_names(space: Space) -> None:
    await space.create("secrets", secret("tls", type="Opaque"))
    await space.create("services", service("site"))
    await space.create("ingresses", ingress("site", "site", "tls"))
    spec = (await space.host("ingresses", "site"))["spec"]
    backend = get_path(spec["rules"][0]["http"]["paths"][0], "backend.service.name")
    assert (backend, spec["tls"][0]["secretName"]) == tuple(map(space.host_name, ("site", "tls")))
    assert await space.host("secrets", "tls")
    balancer = {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}]}}
    await space.patch_host("ingresses", "site", {"status": balancer}, "status")
    await space.virtual("ingresses", "site", lambda seen: seen["status"] == balancer)
    await space.create("networkpolicies", network_policy("site", "site"))
    spec = (await space.host("networkpolicies", "site"))["spec"]
    confined = {**OWN, "vcluster.loft.sh/namespace": space.namespace}
    assert spec["podSelector"]["matchLabels"] == {"app": "site", **confined}
    peer = spec["ingress"][0]["from"][0]["podSelector"]["matchLabels"]
    assert peer == {"app": "client", **confined}


@only("full", "high-availability")
async def test_budgets_and_priorities_arrive(space: Space) -> None:
    await space.create("poddisruptionbudgets", disruption_budget("db", "db"))
    spec = (await space.host("poddisruptionbudgets", "db"))["spec"]
    confined = {**OWN, "vcluster.loft.sh/namespace": space.namespace}
    assert spec["selector"]["matchLabels"] == {"app": "db", **confined}
    assert spec["minAvailable"] == 1
    await space.create("priorityclasses", priority_class("urgent"))
    await space.create("pods", pod("first", priorityClassName="urgent"))
    classname = host_class("urgent")
    host = await space.host("pods", "first")
    assert (host["spec"]["priorityClassName"], host["spec"]["priority"]) == (classname, 1000)
    assert (await space.world.host.get("priorityclasses", "", classname) or {})["value"] == 1000
    await space.running("first")


@only("high-availability")
async def test_high_availability_gives_every_other_pod_its_class(space: Space) -> None:
    await space.create("pods", pod("plain"))
    spec = (await space.host("pods", "plain"))["spec"]
    assert (spec["priorityClassName"], spec["priority"]) == ("high-priority", 500)
    await space.running("plain")


@only("air-gapped")
async def test_air_gapped_pods_take_mirrors_and_tolerate_infra_nodes(space: Space) -> None:
    mirrors = {
        "gcr.io/google-samples/app:1": "my-registry.internal/gcr-mirror/google-samples/app:1",
        "quay.io/org/tool@sha256:" + "a" * 64: (
            "my-registry.internal/quay-mirror/org/tool@sha256:" + "a" * 64
        ),
        "nginx": "my-registry.internal/docker-mirror/library/nginx",
        "docker.io/bitnami/redis:7": "my-registry.internal/docker-mirror/bitnami/redis:7",
        "gcr.iox/other": "gcr.iox/other",
    }
    containers = [{"name": f"c{i}", "image": image} for i, image in enumerate(mirrors)]
    await space.create("pods", pod("images", containers=containers))
    spec = (await space.host("pods", "images"))["spec"]
    assert [each["image"] for each in spec["containers"]] == list(mirrors.values())
    infra = {"key": "node-role.kubernetes.io/infra", "operator": "Equal", "effect": "NoSchedule"}
    assert any(infra.items() <= each.items() for each in spec["tolerations"])
    statuses = (await space.running("images"))["status"]["containerStatuses"]
    assert [each["image"] for each in statuses] == list(mirrors)


def bound(claimed: Obj) -> bool:
    return bool(claimed["status"].get("phase") == "Bound")


def host_class(name: str) -> str:
    return f"vcluster-{name}-x-{HOST_NAMESPACE}-x-v"
