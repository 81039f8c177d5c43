"""Claims, volumes and their classes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conformance.api import Answer, Api, Object, claim

VOLUMES = "/api/v1/persistentvolumes"
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


@pytest.fixture
async def volume(api: Api) -> AsyncIterator[str]:
    name = f"volume-{api.namespace}"
    assert (await api.post(VOLUMES, _volume(name))).code == 201
    yield f"{VOLUMES}/{name}"
    await api.patch(f"{VOLUMES}/{name}", {"metadata": {"finalizers": None}})
    await api.delete(f"{VOLUMES}/{name}")


def _volume(name: str, **spec: object) -> Object:
    source = {"csi": {"driver": "d.example.com", "volumeHandle": "h"}}
    asked = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"]}
    wanted = source | asked | spec
    kept = {key: value for key, value in wanted.items() if value is not None}
    return {"metadata": {"name": name}, "spec": kept}


async def test_a_volume_is_pending_and_notes_when_its_phase_changes(api: Api, volume: str) -> None:
    created = (await api.get(volume)).body
    assert created["status"].keys() == {"phase", "lastPhaseTransitionTime"}
    assert (created["status"]["phase"], created["spec"]["volumeMode"]) == ("Pending", "Filesystem")
    assert created["metadata"]["finalizers"] == ["kubernetes.io/pv-protection"]
    since = "2026-01-01T00:00:00Z"
    told = {"status": {"phase": "Bound", "lastPhaseTransitionTime": since}}
    bound = await api.patch(f"{volume}/status", told)
    assert bound.body["status"]["lastPhaseTransitionTime"] == since
    same = await api.patch(f"{volume}/status", {"status": {"message": "x"}})
    assert same.body["status"]["lastPhaseTransitionTime"] == since
    released = await api.patch(f"{volume}/status", {"status": {"phase": "Released"}})
    assert released.body["status"]["lastPhaseTransitionTime"] > since


async def test_a_volume_is_claimed_and_let_go(api: Api, volume: str) -> None:
    claimed = {"spec": {"claimRef": {"namespace": api.namespace, "name": "a"}}}
    answer = await api.patch(volume, claimed)
    assert answer.body["spec"]["claimRef"] == {"namespace": api.namespace, "name": "a"}
    completed = {"spec": {"claimRef": {"uid": "1", "resourceVersion": "2"}}}
    assert (await api.patch(volume, completed)).body["spec"]["claimRef"]["uid"] == "1"
    freed = await api.patch(volume, {"spec": {"claimRef": None}})
    assert "claimRef" not in freed.body["spec"]


async def test_a_volume_stays_where_its_data_is(api: Api, volume: str) -> None:
    moved = await api.patch(volume, {"spec": {"csi": {"volumeHandle": "i"}}})
    assert (moved.code, moved.fields) == (422, ["spec.persistentvolumesource"])
    block = await api.patch(volume, {"spec": {"volumeMode": "Block"}})
    assert (block.code, block.fields) == (422, ["volumeMode"])
    term = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}
    affinity = {"required": {"nodeSelectorTerms": [term]}}
    assert (await api.patch(volume, {"spec": {"nodeAffinity": affinity}})).code == 200
    freed = await api.patch(volume, {"spec": {"nodeAffinity": None}})
    assert (freed.code, freed.fields) == (422, ["nodeAffinity"])


async def test_the_rest_of_a_volume_may_change(api: Api, volume: str) -> None:
    spec = {
        "capacity": {"storage": "2Gi"},
        "accessModes": ["ReadWriteMany"],
        "persistentVolumeReclaimPolicy": "Delete",
        "storageClassName": "fast",
        "mountOptions": ["ro"],
    }
    answer = await api.patch(volume, {"spec": spec})
    assert answer.code == 200
    assert answer.body["spec"].items() >= spec.items()


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"csi": None}, "spec"),
        ({"hostPath": {"path": "/a"}}, "spec.csi"),
        ({"accessModes": None}, "spec.accessModes"),
        ({"capacity": None}, "spec.capacity"),
    ],
)
async def test_a_volume_needs_one_place_a_size_and_modes(
    api: Api, spec: Object, field: str
) -> None:
    answer = await api.post(VOLUMES, _volume(f"bad-{api.namespace}", **spec))
    assert answer.code == 422
    assert answer.fields[0] == field


async def _change_class(api: Api, name: str, **fields: object) -> Answer:
    return await api.patch(f"{CLASSES}/{name}", fields)


async def test_what_a_storage_class_makes_may_not_change(api: Api, growing: str) -> None:
    for field, value in {
        "parameters": {"a": "b"},
        "provisioner": "y",
        "reclaimPolicy": "Retain",
        "volumeBindingMode": "WaitForFirstConsumer",
    }.items():
        answer = await _change_class(api, growing, **{field: value})
        assert (answer.code, answer.fields) == (422, [field])
    rest = {"allowVolumeExpansion": False, "mountOptions": ["ro"]}
    assert (await _change_class(api, growing, **rest)).code == 200
    nameless = await api.post(CLASSES, {"metadata": {"name": f"bad-{api.namespace}"}})
    assert (nameless.code, nameless.fields) == (422, ["provisioner"])
