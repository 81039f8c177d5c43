"""The snapshot CRDs of the tests, and what comes and goes with a definition."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.errors import NotFoundError
from common.kube.client import KubeClient
from tests.conformance.api import Api, Object
from tests.crds import DEFINITIONS, install, snapshot_definitions, uninstall

V1 = "snapshot.storage.k8s.io/v1"
CONTENTS = f"/apis/{V1}/volumesnapshotcontents"


@pytest.fixture
async def client(kubeconfig: Path) -> AsyncIterator[KubeClient]:
    async with await KubeClient.connect(str(kubeconfig), name="conformance") as connected:
        yield connected


@pytest.fixture
async def snapshots(api: Api, client: KubeClient) -> AsyncIterator[str]:
    await install(client)
    yield api.path("volumesnapshots", group=V1)
    await uninstall(client)


def snapshot(name: str, **source: str) -> Object:
    spec = {"source": source or {"persistentVolumeClaimName": "data"}}
    return {
        "apiVersion": V1,
        "kind": "VolumeSnapshot",
        "metadata": {"name": name},
        "spec": spec,
    }


def content(name: str) -> Object:
    reference = {"kind": "VolumeSnapshot", "apiVersion": V1, "name": "a", "namespace": "default"}
    spec: Object = {"deletionPolicy": "Retain", "driver": "csi.example.com"}
    spec |= {"source": {"snapshotHandle": "h"}, "volumeSnapshotRef": reference}
    return {
        "apiVersion": V1,
        "kind": "VolumeSnapshotContent",
        "metadata": {"name": name},
        "spec": spec,
    }


async def test_a_snapshot_has_a_status_of_its_own(api: Api, snapshots: str) -> None:
    created = await api.post(snapshots, snapshot("a") | {"status": {"readyToUse": True}})
    assert (created.code, "status" in created.body) == (201, False)
    status = {
        "boundVolumeSnapshotContentName": "c",
        "creationTime": "2026-01-01T00:00:00Z",
        "readyToUse": True,
        "restoreSize": "1Gi",
    }
    answer = await api.patch(f"{snapshots}/a/status", {"status": status, "spec": {"source": None}})
    assert (answer.body["status"], answer.body["spec"]) == (status, snapshot("a")["spec"])


async def test_a_snapshot_has_exactly_one_source(api: Api, snapshots: str) -> None:
    both = snapshot("a", persistentVolumeClaimName="x", volumeSnapshotContentName="y")
    assert (await api.post(snapshots, both)).code == 422
    none = snapshot("a") | {"spec": {"source": {}}}
    assert (await api.post(snapshots, none)).code == 422


async def test_a_content_belongs_to_no_namespace(api: Api, snapshots: str) -> None:
    name = f"content-{api.namespace}"
    created = await api.post(CONTENTS, content(name))
    assert (created.code, "namespace" in created.metadata) == (201, False)
    assert (await api.get(api.path("volumesnapshotcontents", group=V1))).code == 404
    status = {"readyToUse": True, "snapshotHandle": "h", "restoreSize": 5, "creationTime": 7}
    answer = await api.patch(f"{CONTENTS}/{name}/status", {"status": status})
    assert answer.body["status"] == status
    assert answer.metadata["generation"] == 1


async def test_a_class_has_no_status(api: Api, snapshots: str) -> None:
    path = f"/apis/{V1}/volumesnapshotclasses"
    wanted = {"apiVersion": V1, "kind": "VolumeSnapshotClass", "metadata": {"name": "fast"}}
    wanted |= {"driver": "csi.example.com", "deletionPolicy": "Delete", "parameters": {"a": "b"}}
    assert (await api.post(path, wanted)).body["parameters"] == {"a": "b"}
    assert (await api.patch(f"{path}/fast/status", {"status": {}})).code == 404
    missing = await api.post(path, wanted | {"driver": None, "metadata": {"name": "slow"}})
    assert (missing.code, missing.fields) == (422, ["driver"])


async def test_installing_twice_is_installing_once(api: Api, client: KubeClient) -> None:
    await install(client)
    await install(client)
    await uninstall(client)
    await uninstall(client)


async def test_what_is_not_installed_is_not_found(api: Api, client: KubeClient) -> None:
    with pytest.raises(NotFoundError) as caught:
        await client.request("GET", f"/apis/{V1}/volumesnapshots")
    assert caught.value.details == {}


async def test_objects_go_with_their_definition(api: Api, client: KubeClient) -> None:
    await install(client)
    path = api.path("volumesnapshots", group=V1)
    await api.post(path, snapshot("a"))
    version = (await api.get(path)).metadata["resourceVersion"]
    watching = asyncio.create_task(_types(api, path, version))
    await asyncio.sleep(0.2)
    answer = await api.delete(f"{DEFINITIONS}/volumesnapshots.snapshot.storage.k8s.io")
    assert (answer.code, answer.body["kind"]) == (200, "CustomResourceDefinition")
    assert answer.metadata["deletionTimestamp"]
    assert answer.metadata["finalizers"] == ["customresourcecleanup.apiextensions.k8s.io"]
    await uninstall(client)
    async with asyncio.timeout(20):
        assert await watching == ["DELETED"]


async def _types(api: Api, path: str, version: str) -> list[str]:
    """Events until the server ends the watch."""
    query = f"resourceVersion={version}&timeoutSeconds=60"
    return [event["type"] async for event in api.watch(path, query)]


async def test_a_collection_without_definition_is_a_page_not_found(
    api: Api, client: KubeClient
) -> None:
    await install(client)
    await uninstall(client)
    path = api.path("volumesnapshots", group=V1)
    for method, where in (("GET", path), ("POST", path), ("PATCH", f"{path}/a")):
        answer = await api.call(method, where, snapshot("a") if method != "GET" else None)
        assert (answer.code, answer.body) == (404, "404 page not found\n")
    for where in ("/apis/snapshot.storage.k8s.io", f"/apis/{V1}"):
        assert (await api.get(where)).body == "404 page not found\n"


async def test_a_finalizer_keeps_the_definition(api: Api, client: KubeClient) -> None:
    await install(client, snapshot_definitions()[-1:])
    path = api.path("volumesnapshots", group=V1)
    kept = snapshot("a")
    kept["metadata"]["finalizers"] = ["example.com/f"]
    await api.post(path, kept)
    definition = f"{DEFINITIONS}/volumesnapshots.snapshot.storage.k8s.io"
    await api.delete(definition)
    await _until_deleting(api, f"{path}/a")
    refused = await api.post(path, snapshot("b"))
    assert (refused.code, refused.reason) == (403, "Forbidden")
    assert "create not allowed while custom resource definition is terminating" in refused.message
    await api.patch(f"{path}/a", {"metadata": {"finalizers": None}})
    await uninstall(client, snapshot_definitions()[-1:])


async def _until_deleting(api: Api, path: str) -> None:
    async with asyncio.timeout(20):
        while "deletionTimestamp" not in (await api.get(path)).metadata:
            await asyncio.sleep(0.1)
