"""The kubelet and the controllers bring a sandbox to life."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import Client, Refused
from sandbox.kubeconfig import read_access
from sandbox.run import sandbox

PODS = "/api/v1/namespaces/default/pods"
CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
POD = {"metadata": {"name": "a"}, "spec": {"containers": [{"name": "main", "image": "nginx"}]}}


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[Client]:
    async with sandbox(tmp_path) as box, Client(read_access(box.host_kubeconfig)) as client:
        yield client


async def _until(client: Client, path: str, holds: Callable[[Any], bool]) -> Any:
    async with asyncio.timeout(10):
        while True:
            obj = await client.request("GET", path)
            if holds(obj):
                return obj
            await asyncio.sleep(0.02)


async def _until_gone(client: Client, path: str) -> None:
    with pytest.raises(Refused) as refused:
        await _until(client, path, lambda _: False)
    assert refused.value.code == 404


async def test_a_pod_is_scheduled_and_runs(host: Client) -> None:
    await host.request("POST", PODS, POD)
    running = await _until(host, f"{PODS}/a", lambda pod: pod["status"]["phase"] == "Running")
    assert running["spec"]["nodeName"] == "node-1"
    state = running["status"]["containerStatuses"][0]
    assert (state["name"], state["image"], state["ready"]) == ("main", "nginx", True)
    assert running["status"]["podIP"].startswith("10.244.")


async def test_a_resized_pod_shows_what_it_has_got(host: Client) -> None:
    small, big = ({"requests": {"cpu": cpu}} for cpu in ("100m", "200m"))
    container = {"name": "main", "image": "nginx", "resources": small}
    await host.request("POST", PODS, POD | {"spec": {"containers": [container]}})
    await _until(host, f"{PODS}/a", lambda pod: _given(pod) == small)
    resized = {"spec": {"containers": [{"name": "main", "resources": big}]}}
    await host.merge(f"{PODS}/a/resize", resized)
    pod = await _until(host, f"{PODS}/a", lambda pod: _given(pod) == big)
    assert pod["status"]["containerStatuses"][0]["allocatedResources"] == big["requests"]


def _given(pod: Any) -> Any:
    return ((pod["status"].get("containerStatuses") or [{}])[0]).get("resources")


async def test_a_deleted_pod_ends_soon(host: Client) -> None:
    await host.request("POST", PODS, POD)
    await _until(host, f"{PODS}/a", lambda pod: pod["status"]["phase"] == "Running")
    await host.request("DELETE", f"{PODS}/a")
    await _until_gone(host, f"{PODS}/a")


async def test_a_claim_is_bound_and_its_volume_goes_with_it(host: Client) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    await host.request("POST", CLAIMS, {"metadata": {"name": "a"}, "spec": spec})
    bound = await _until(host, f"{CLAIMS}/a", lambda claim: claim["status"]["phase"] == "Bound")
    assert bound["status"]["capacity"] == {"storage": "1Gi"}
    assert bound["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] == "yes"
    await host.request("DELETE", f"{CLAIMS}/a")
    await _until_gone(host, f"{CLAIMS}/a")
    await _until_gone(host, f"/api/v1/persistentvolumes/{bound['spec']['volumeName']}")


async def test_a_claim_that_comes_before_its_volume_is_bound_to_it(host: Client) -> None:
    size = {"storage": "1Gi"}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": size}, "volumeName": "v"}
    await host.request("POST", CLAIMS, {"metadata": {"name": "a"}, "spec": spec})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await _until(host, f"{CLAIMS}/a", lambda claim: claim["status"]["phase"] == "Bound")
    volume = {"capacity": size, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/v"}}
    await host.request(
        "POST", "/api/v1/persistentvolumes", {"metadata": {"name": "v"}, "spec": volume}
    )
    await _until(host, f"{CLAIMS}/a", lambda claim: claim["status"]["phase"] == "Bound")


async def test_a_deleted_namespace_takes_its_content_along(host: Client) -> None:
    await host.request("POST", "/api/v1/namespaces", {"metadata": {"name": "a"}})
    await host.request("POST", "/api/v1/namespaces/a/pods", POD)
    await host.request("DELETE", "/api/v1/namespaces/a")
    await _until_gone(host, "/api/v1/namespaces/a")
    assert not (await host.request("GET", "/api/v1/namespaces/a/pods"))["items"]


async def test_what_belongs_to_a_deleted_object_goes_too(host: Client) -> None:
    path = "/api/v1/namespaces/default/configmaps"
    owner = await host.request("POST", path, {"metadata": {"name": "owner"}})
    uid = owner["metadata"]["uid"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    owned = {"metadata": {"name": "owned", "ownerReferences": [reference]}}
    await host.request("POST", path, owned)
    await host.request("DELETE", f"{path}/owner")
    await _until_gone(host, f"{path}/owned")
