"""What is done to pods that exist: ephemeral containers, resizing, claims for devices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conformance.api import STRATEGIC, Answer, Api, Object, pod

DEBUG = {"name": "debug", "image": "busybox"}
SMALL: Object = {
    "requests": {"cpu": "100m", "memory": "64Mi"},
    "limits": {"cpu": "200m", "memory": "128Mi"},
}


def ephemeral(*containers: Object) -> Object:
    return {"spec": {"ephemeralContainers": list(containers)}}


@pytest.fixture
async def parts(api: Api) -> str:
    """The ephemeral containers of a pod."""
    await api.post(api.path("pods"), pod("a"))
    return api.path("pods", "a", "ephemeralcontainers")


async def test_an_ephemeral_container_is_added(api: Api, parts: str) -> None:
    answer = await api.patch(parts, ephemeral(DEBUG))
    assert (answer.code, answer.metadata["generation"]) == (200, 2)
    assert answer.body["spec"]["ephemeralContainers"] == [
        DEBUG
        | {
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
            "imagePullPolicy": "Always",
        }
    ]
    again = await api.patch(parts, ephemeral(DEBUG))
    assert again.metadata["resourceVersion"] == answer.metadata["resourceVersion"]


async def test_ephemeral_containers_can_be_read_and_merged(api: Api, parts: str) -> None:
    await api.patch(parts, ephemeral(DEBUG))
    target = {"name": "other", "image": "x", "targetContainerName": "main"}
    await api.patch(parts, ephemeral(target), STRATEGIC)
    body = (await api.get(parts)).body
    names = [container["name"] for container in body["spec"]["ephemeralContainers"]]
    assert (body["kind"], sorted(names)) == ("Pod", ["debug", "other"])


async def test_nothing_else_comes_with_an_ephemeral_container(api: Api, parts: str) -> None:
    more = {"metadata": {"labels": {"a": "b"}}}
    answer = await api.patch(parts, ephemeral(DEBUG) | more)
    assert (answer.code, "labels" in answer.metadata) == (200, False)


async def test_an_ephemeral_container_stays_as_it_is(api: Api, parts: str) -> None:
    await api.patch(parts, ephemeral(DEBUG))
    removed = await api.patch(parts, ephemeral({"name": "b", "image": "x"}))
    assert (removed.code, removed.fields) == (422, ["spec.ephemeralContainers"])
    assert 'existing ephemeral containers "debug" may not be removed' in removed.message
    changed = await api.patch(parts, ephemeral(DEBUG | {"image": "y"}))
    assert 'existing ephemeral containers "debug" may not be changed' in changed.message


@pytest.mark.parametrize(
    ("extra", "field"),
    [
        ({"name": "main"}, "name"),
        ({"name": None}, "name"),
        ({"image": None}, "image"),
        ({"ports": [{"containerPort": 1}]}, "ports"),
        ({"resources": {"requests": {"cpu": "1"}}}, "resources"),
        ({"livenessProbe": {"exec": {"command": ["a"]}}}, "livenessProbe"),
        ({"lifecycle": {"preStop": {"exec": {"command": ["a"]}}}}, "lifecycle"),
        ({"restartPolicy": "Always"}, "restartPolicy"),
        ({"targetContainerName": "missing"}, "targetContainerName"),
        ({"volumeMounts": [{"name": "x", "mountPath": "/a"}]}, "volumeMounts[0].name"),
    ],
)
async def test_what_an_ephemeral_container_cannot_have_is_refused(
    api: Api, parts: str, extra: Object, field: str
) -> None:
    answer = await api.patch(parts, ephemeral(DEBUG | extra))
    assert (answer.code, answer.fields) == (422, [f"spec.ephemeralContainers[0].{field}"])


async def test_ephemeral_containers_come_only_by_their_part(api: Api, parts: str) -> None:
    created = await api.post(api.path("pods"), pod("b", ephemeralContainers=[DEBUG]))
    assert (created.code, created.fields) == (422, ["spec.ephemeralContainers"])
    answer = await api.patch(api.path("pods", "a"), ephemeral(DEBUG))
    assert (answer.code, answer.fields) == (422, ["spec"])


@pytest.fixture
async def node(api: Api) -> AsyncIterator[str]:
    """With room for 4 CPUs and 8 Gi."""
    name = f"node-{api.namespace}"
    await api.post("/api/v1/nodes", {"metadata": {"name": name}})
    room = {"cpu": "4", "memory": "8Gi"}
    status = {"status": {"capacity": room, "allocatable": room}}
    await api.patch(f"/api/v1/nodes/{name}/status", status)
    await _known(api, name)
    yield name
    await api.delete(f"/api/v1/nodes/{name}")


async def _known(api: Api, node: str) -> None:
    """A real server hears of a node's room a little later."""
    await sized(api, SMALL, "probe", nodeName=node)
    bigger = {"name": "main", "resources": {"requests": {"cpu": "150m"}}}
    path = api.path("pods", "probe", "resize") + "?dryRun=All"
    async with asyncio.timeout(10):
        while (await api.patch(path, {"spec": {"containers": [bigger]}}, STRATEGIC)).code == 403:
            await asyncio.sleep(0.05)
    await api.delete(api.path("pods", "probe"), {"gracePeriodSeconds": 0})


async def sized(api: Api, resources: Object, name: str = "a", **spec: Any) -> Answer:
    wanted = pod(name, **spec)
    wanted["spec"]["containers"][0]["resources"] = resources
    answer = await api.post(api.path("pods"), wanted)
    assert answer.code == 201, answer.message
    return answer


async def resize(api: Api, resources: Object, **container: Any) -> Answer:
    patch = {"name": "main", "resources": resources} | container
    where = api.path("pods", "a", "resize")
    return await api.patch(where, {"spec": {"containers": [patch]}}, STRATEGIC)


async def test_a_running_pod_is_resized(api: Api, node: str) -> None:
    await sized(api, SMALL, nodeName=node)
    answer = await resize(api, {"requests": {"cpu": "150m"}})
    assert (answer.code, answer.metadata["generation"]) == (200, 2)
    resources = answer.body["spec"]["containers"][0]["resources"]
    assert resources["requests"] == {"cpu": "150m", "memory": "64Mi"}
    assert resources["limits"] == SMALL["limits"]
    assert answer.body["status"]["qosClass"] == "Burstable"


async def test_a_merge_patch_resizes_without_repeating_the_container(api: Api, node: str) -> None:
    await sized(api, SMALL, nodeName=node)
    bigger = {"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "1Gi"}}
    bigger["requests"]["memory"] = "64Mi"
    patch = {"spec": {"containers": [{"name": "main", "resources": bigger}]}}
    answer = await api.patch(api.path("pods", "a", "resize"), patch)
    assert answer.code == 200, answer.message
    container = answer.body["spec"]["containers"][0]
    assert (container["image"], container["resources"]) == ("nginx", bigger)


async def test_a_pod_that_is_nowhere_yet_can_be_resized(api: Api) -> None:
    await sized(api, SMALL)
    assert (await resize(api, {"requests": {"cpu": "150m"}})).code == 200


async def test_a_resize_takes_nothing_else(api: Api) -> None:
    await sized(api, SMALL)
    answer = await resize(api, {"limits": {"cpu": "300m"}}, image="other")
    assert answer.body["spec"]["containers"][0]["image"] == "nginx"
    patch = {"metadata": {"labels": {"a": "b"}}, "spec": {"activeDeadlineSeconds": 5}}
    answer = await api.patch(api.path("pods", "a", "resize"), patch)
    assert (answer.code, "labels" in answer.metadata) == (200, False)
    assert "activeDeadlineSeconds" not in answer.body["spec"]


async def test_a_pod_cannot_be_resized_by_itself(api: Api) -> None:
    await sized(api, SMALL)
    change = {"spec": {"containers": [{"name": "main", "resources": {"requests": {"cpu": "1m"}}}]}}
    answer = await api.patch(api.path("pods", "a"), change, STRATEGIC)
    assert (answer.code, answer.fields) == (422, ["spec"])


@pytest.mark.parametrize(
    ("resources", "field", "told"),
    [
        ({"requests": SMALL["limits"]}, "spec", "Pod QOS Class may not change"),
        ({"limits": {"cpu": None}}, "spec.containers[0].resources.limits", "cannot be removed"),
        ({"requests": {"cpu": "9"}}, "spec.containers[0].resources.requests", "less than or equal"),
        ({"requests": {"ephemeral-storage": "1Gi"}}, "spec", "only cpu and memory resources"),
    ],
)
async def test_an_impossible_size_is_refused(
    api: Api, resources: Object, field: str, told: str
) -> None:
    await sized(api, SMALL)
    answer = await resize(api, resources)
    assert (answer.code, answer.fields) == (422, [field])
    assert told in answer.message


async def test_a_resize_adds_no_container(api: Api) -> None:
    await sized(api, SMALL)
    answer = await resize(api, {}, name="new", image="x")
    assert (answer.code, answer.fields) == (422, ["spec.containers"])


async def test_a_pod_is_not_resized_beyond_its_node(api: Api, node: str) -> None:
    await sized(api, {"requests": {"cpu": "1"}}, nodeName=node)
    answer = await resize(api, {"requests": {"cpu": "4500m"}})
    assert (answer.code, answer.reason) == (403, "Forbidden")
    told = "node didn't have enough allocatable resources: cpu, requested: 4500, allocatable: 4000"
    assert answer.message.endswith(told)


async def test_a_pod_on_an_unknown_node_is_not_resized(api: Api) -> None:
    await sized(api, SMALL, nodeName="missing")
    answer = await resize(api, {"requests": {"cpu": "150m"}})
    assert (answer.code, 'node "missing" not found' in answer.message) == (403, True)


async def test_of_init_containers_only_sidecars_are_resized(api: Api, node: str) -> None:
    requests = {"requests": {"cpu": "1m"}}
    init = [
        {"name": "side", "image": "x", "restartPolicy": "Always", "resources": requests},
        {"name": "once", "image": "x", "resources": requests},
    ]
    await sized(api, SMALL, nodeName=node, initContainers=init)
    codes = {}
    for name in ("side", "once"):
        patch = {"name": name, "resources": {"requests": {"cpu": "2m"}}}
        where = api.path("pods", "a", "resize")
        answer = await api.patch(where, {"spec": {"initContainers": [patch]}}, STRATEGIC)
        codes[name] = answer.code
    assert codes == {"side": 200, "once": 403}


async def test_a_kubelet_tells_what_it_gave_a_container(api: Api) -> None:
    await sized(api, SMALL)
    told = {"name": "main", "image": "nginx", "imageID": "", "ready": True, "restartCount": 0}
    told |= {"allocatedResources": {"cpu": "100m"}, "resources": SMALL}
    patch = {"status": {"containerStatuses": [told], "observedGeneration": 1}}
    answer = await api.patch(api.path("pods", "a", "status"), patch)
    expected = told | {"state": {}, "lastState": {}}
    assert answer.body["status"]["containerStatuses"] == [expected]


async def test_what_a_status_is_about_is_not_forgotten(api: Api) -> None:
    await api.post(api.path("pods"), pod("a"))
    path = api.path("pods", "a", "status")
    ready = {"type": "Ready", "status": "True", "observedGeneration": 1}
    await api.patch(path, {"status": {"observedGeneration": 1, "conditions": [ready]}})
    other = [{"type": "Ready", "status": "False"}, {"type": "Other", "status": "True"}]
    answer = await api.patch(path, {"status": {"observedGeneration": None, "conditions": other}})
    status = answer.body["status"]
    assert status["observedGeneration"] == 1
    assert [part.get("observedGeneration") for part in status["conditions"]] == [1, None]


def claiming(*claims: Object, **resources: Any) -> Object:
    container = {"name": "main", "image": "x", "resources": resources}
    return pod("a", resourceClaims=list(claims), containers=[container])


async def test_a_pod_claims_devices(api: Api) -> None:
    claims = [
        {"name": "gpu", "resourceClaimName": "a"},
        {"name": "nic", "resourceClaimTemplateName": "t"},
    ]
    used = [{"name": "gpu"}, {"name": "nic", "request": "fast"}]
    created = await api.post(api.path("pods"), claiming(*claims, claims=used))
    assert (created.code, created.body["spec"]["resourceClaims"]) == (201, claims)
    assert created.body["spec"]["containers"][0]["resources"] == {"claims": used}
    made = [{"name": "nic", "resourceClaimName": "a-nic-x"}]
    path = api.path("pods", "a", "status")
    answer = await api.patch(path, {"status": {"resourceClaimStatuses": made}})
    assert answer.body["status"]["resourceClaimStatuses"] == made
    wrong = {"status": {"resourceClaimStatuses": [{"name": "x", "resourceClaimName": "y"}]}}
    refused = await api.patch(path, wrong)
    assert refused.fields == ["status.resourceClaimStatuses[0].name"]


@pytest.mark.parametrize(
    ("claims", "field"),
    [
        ([{"name": "gpu"}], "spec.resourceClaims[0]"),
        (
            [{"name": "gpu", "resourceClaimName": "a", "resourceClaimTemplateName": "b"}],
            "spec.resourceClaims[0]",
        ),
        (
            [{"name": "g", "resourceClaimName": "a"}, {"name": "g", "resourceClaimName": "b"}],
            "spec.resourceClaims[1].name",
        ),
    ],
)
async def test_a_claim_names_one_source_and_itself_once(
    api: Api, claims: list[Object], field: str
) -> None:
    answer = await api.post(api.path("pods"), claiming(*claims))
    assert (answer.code, answer.fields) == (422, [field])


async def test_a_container_uses_only_what_its_pod_claims(api: Api) -> None:
    wanted = claiming(claims=[{"name": "gpu"}])
    answer = await api.post(api.path("pods"), wanted)
    assert (answer.code, answer.fields) == (422, ["spec.containers[0].resources.claims[0]"])
