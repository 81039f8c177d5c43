"""Claims, volumes and their classes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conformance.api import Api, claim

CLASSES = "/apis/storage.k8s.io/v1/storageclasses"


@pytest.fixture
async def growing(api: Api) -> AsyncIterator[str]:
    """A storage class whose volumes can grow."""
    name = f"growing-{api.namespace}"
    wanted = {"metadata": {"name": name}, "provisioner": "x", "allowVolumeExpansion": True}
    await api.post(CLASSES, wanted)
    yield name
    await api.delete(f"{CLASSES}/{name}")


async def _bind(api: Api, name: str) -> None:
    await api.patch(api.path("persistentvolumeclaims", name), {"spec": {"volumeName": "v"}})
    status = {"phase": "Bound", "capacity": {"storage": "1Gi"}}
    path = api.path("persistentvolumeclaims", name, "status")
    await api.patch(path, {"status": status})


def _request(storage: str) -> dict[str, object]:
    return {"spec": {"resources": {"requests": {"storage": storage}}}}


async def test_a_claim_is_pending_and_protected(api: Api) -> None:
    answer = await api.post(api.path("persistentvolumeclaims"), claim("a"))
    assert answer.body["status"] == {"phase": "Pending"}
    assert answer.body["spec"]["volumeMode"] == "Filesystem"
    assert answer.metadata["finalizers"] == ["kubernetes.io/pvc-protection"]


async def test_a_claim_may_be_given_its_volume_once(api: Api) -> None:
    await api.post(api.path("persistentvolumeclaims"), claim("a"))
    path = api.path("persistentvolumeclaims", "a")
    assert (await api.patch(path, {"spec": {"volumeName": "v"}})).code == 200
    answer = await api.patch(path, {"spec": {"volumeName": "w"}})
    assert (answer.code, answer.fields) == (422, ["spec"])


async def test_what_a_claim_asks_for_may_not_change(api: Api) -> None:
    await api.post(api.path("persistentvolumeclaims"), claim("a"))
    patch = {"spec": {"accessModes": ["ReadWriteMany"]}}
    answer = await api.patch(api.path("persistentvolumeclaims", "a"), patch)
    assert (answer.code, answer.fields) == (422, ["spec"])
    assert "spec is immutable after creation except resources.requests" in answer.message


async def test_an_unbound_claim_does_not_grow(api: Api) -> None:
    await api.post(api.path("persistentvolumeclaims"), claim("a"))
    answer = await api.patch(api.path("persistentvolumeclaims", "a"), _request("2Gi"))
    assert answer.code == 422


async def test_a_bound_claim_grows_if_its_class_lets_it(api: Api, growing: str) -> None:
    wanted = claim("a", storageClassName=growing)
    await api.post(api.path("persistentvolumeclaims"), wanted)
    await _bind(api, "a")
    path = api.path("persistentvolumeclaims", "a")
    assert (await api.patch(path, _request("2Gi"))).code == 200
    assert (await api.patch(path, _request("1Mi"))).code == 422


async def test_a_bound_claim_does_not_grow_without_a_class(api: Api) -> None:
    await api.post(api.path("persistentvolumeclaims"), claim("a", storageClassName=""))
    await _bind(api, "a")
    answer = await api.patch(api.path("persistentvolumeclaims", "a"), _request("2Gi"))
    assert (answer.code, answer.reason) == (403, "Forbidden")


async def test_an_empty_class_is_not_the_same_as_none(api: Api) -> None:
    answer = await api.post(api.path("persistentvolumeclaims"), claim("a", storageClassName=""))
    assert answer.body["spec"]["storageClassName"] == ""


async def test_a_class_may_not_change_its_parameters(api: Api, growing: str) -> None:
    answer = await api.patch(f"{CLASSES}/{growing}", {"parameters": {"a": "b"}})
    assert (answer.code, answer.fields) == (422, ["parameters"])


async def test_a_volume_is_protected_and_kept_by_default(api: Api) -> None:
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    source = {"hostPath": {"path": "/data"}}
    name = f"volume-{api.namespace}"
    volume = {"metadata": {"name": name}, "spec": spec | source}
    answer = await api.post("/api/v1/persistentvolumes", volume)
    assert answer.metadata["finalizers"] == ["kubernetes.io/pv-protection"]
    assert answer.body["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert answer.body["status"]["phase"] == "Pending"
