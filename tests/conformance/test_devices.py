"""Claims for devices, from template to allocation."""

from __future__ import annotations

import pytest

from tests.conformance.api import Answer, Api, Object

V1 = "resource.k8s.io/v1"
GPU: Object = {"name": "gpu", "exactly": {"deviceClassName": "gpu.example.com"}}
POD = {"resource": "pods", "name": "p", "uid": "1"}


def spec(*requests: Object) -> Object:
    return {"devices": {"requests": list(requests or (GPU,))}}


def allocation(device: str = "dev0", request: str = "gpu") -> Object:
    result = {"request": request, "driver": "d.example.com", "pool": "n", "device": device}
    return {"devices": {"results": [result]}}


@pytest.fixture
async def claim(api: Api) -> str:
    path = api.path("resourceclaims", group=V1)
    await api.post(path, {"metadata": {"name": "a"}, "spec": spec()})
    return f"{path}/a"


async def tell(api: Api, claim: str, **status: object) -> Answer:
    return await api.patch(f"{claim}/status", {"status": status})


async def test_a_claim_asks_for_one_device_unless_it_says_more(api: Api) -> None:
    path = api.path("resourceclaims", group=V1)
    choices = {"name": "nic", "firstAvailable": [{"name": "fast", "deviceClassName": "nic"}]}
    wanted = {"metadata": {"name": "a"}, "spec": spec(GPU, choices)}
    answer = await api.post(path, wanted | {"status": {"reservedFor": [POD]}})
    assert (answer.code, answer.body["status"]) == (201, {})
    gpu, nic = answer.body["spec"]["devices"]["requests"]
    one = {"allocationMode": "ExactCount", "count": 1}
    assert gpu["exactly"] == {"deviceClassName": "gpu.example.com"} | one
    assert nic["firstAvailable"] == [{"name": "fast", "deviceClassName": "nic"} | one]


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        ({"name": "gpu"}, [""]),
        ({"name": "gpu", "exactly": {}}, [".exactly.deviceClassName"]),
        ({"name": "Gpu_1", "exactly": {"deviceClassName": "x"}}, [".name"]),
    ],
)
async def test_a_request_names_itself_and_a_class(
    api: Api, request_: Object, fields: list[str]
) -> None:
    path = api.path("resourceclaims", group=V1)
    answer = await api.post(path, {"metadata": {"name": "a"}, "spec": spec(request_)})
    assert answer.code == 422
    assert answer.fields == [f"spec.devices.requests[0]{field}" for field in fields]


async def test_what_is_claimed_cannot_change(api: Api, claim: str) -> None:
    other = {"name": "gpu", "exactly": {"deviceClassName": "other"}}
    answer = await api.patch(claim, {"spec": spec(other)})
    assert (answer.code, answer.fields) == (422, ["spec"])


async def test_an_allocated_claim_is_reserved_for_pods(api: Api, claim: str) -> None:
    answer = await tell(api, claim, allocation=allocation(), reservedFor=[POD])
    assert answer.body["status"] == {"allocation": allocation(), "reservedFor": [POD]}
    ready = {"type": "Ready", "status": "True", "reason": "x", "message": ""}
    ready["lastTransitionTime"] = "2026-01-01T00:00:00Z"
    device = {"driver": "d.example.com", "pool": "n", "device": "dev0", "conditions": [ready]}
    answer = await tell(api, claim, devices=[device])
    assert answer.body["status"]["devices"] == [device]


async def test_only_an_allocated_claim_can_be_reserved(api: Api, claim: str) -> None:
    early = await tell(api, claim, reservedFor=[POD])
    assert (early.code, early.fields) == (422, ["status.reservedFor"])
    await tell(api, claim, allocation=allocation(), reservedFor=[POD])
    late = await tell(api, claim, allocation=None)
    assert (late.code, late.fields) == (422, ["status.reservedFor"])
    await tell(api, claim, reservedFor=None)
    assert (await tell(api, claim, allocation=None)).body["status"] == {}


async def test_an_allocation_stays_as_it_is(api: Api, claim: str) -> None:
    await tell(api, claim, allocation=allocation())
    answer = await tell(api, claim, allocation=allocation("dev1"))
    assert (answer.code, answer.fields) == (422, ["status.allocation"])


async def test_an_allocation_is_for_a_request_of_the_claim(api: Api, claim: str) -> None:
    answer = await tell(api, claim, allocation=allocation(request="x"))
    assert (answer.code, answer.fields) == (422, ["status.allocation.devices.results[0].request"])


async def test_a_pod_reserves_a_claim_once(api: Api, claim: str) -> None:
    answer = await tell(api, claim, allocation=allocation(), reservedFor=[POD, POD])
    assert (answer.code, answer.fields) == (422, ["status.reservedFor[1]"])


async def test_status_and_claim_are_written_apart(api: Api, claim: str) -> None:
    labels = {"metadata": {"labels": {"a": "b"}}}
    await api.patch(claim, labels | {"status": {"allocation": allocation()}})
    seen = (await api.get(claim)).body
    assert (seen["metadata"]["labels"], seen["status"]) == ({"a": "b"}, {})
    answer = await api.patch(f"{claim}/status", {"metadata": {"labels": {"c": "d"}}})
    assert answer.metadata["labels"] == {"a": "b"}


async def test_a_deleted_claim_is_shown(api: Api, claim: str) -> None:
    answer = await api.delete(claim)
    assert (answer.code, answer.body["kind"]) == (200, "ResourceClaim")


async def test_a_template_stays_as_it_is(api: Api) -> None:
    path = api.path("resourceclaimtemplates", group=V1)
    inner = {"metadata": {"labels": {"x": "y"}}, "spec": spec()}
    created = await api.post(path, {"metadata": {"name": "t"}, "spec": inner})
    made = created.body["spec"]
    assert made["metadata"] == {"labels": {"x": "y"}}
    assert made["spec"]["devices"]["requests"][0]["exactly"]["count"] == 1
    answer = await api.patch(f"{path}/t", {"spec": {"metadata": {"labels": {"x": "z"}}}})
    assert (answer.code, answer.fields) == (422, ["spec"])
    assert (await api.patch(f"{path}/t", {"metadata": {"labels": {"a": "b"}}})).code == 200
    assert (await api.get(f"{path}/t/status")).code == 404
