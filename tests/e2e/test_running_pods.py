"""What changes of a pod that runs, by the subresources that Kubernetes has for it."""

from typing import Any

import pytest

from common.objects import Obj, annotations
from tests.e2e.objects import IMAGE, pod
from tests.e2e.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="session")


def names(host: Obj) -> set[str]:
    return {each["name"] for each in host["spec"].get("ephemeralContainers") or ()}


def condition(obj: Obj, kind: str) -> Any:
    found = obj["status"].get("conditions") or ()
    return next((each["status"] for each in found if each["type"] == kind), None)


def sizes(obj: Obj) -> Obj:
    resources: Obj = obj["spec"]["containers"][0]["resources"]
    return resources


def sized(name: str, **resources: Obj) -> Obj:
    container = {"name": "c", "image": IMAGE, "resources": resources}
    return pod(name, containers=[container])


async def test_an_ephemeral_container_arrives_beside_one_of_the_host(space: Space) -> None:
    await space.create("pods", pod("p"))
    await space.running("p")
    hosts = {"spec": {"ephemeralContainers": [{"name": "hosts-own", "image": IMAGE}]}}
    await space.patch_host("pods", "p", hosts, "ephemeralcontainers")
    settings = [{"configMapRef": {"name": "settings"}}]
    wanted = {"name": "debugger", "image": IMAGE, "envFrom": settings}
    await space.create("configmaps", {"metadata": {"name": "settings"}, "data": {"a": "1"}})
    patch = {"spec": {"ephemeralContainers": [{**wanted, "targetContainerName": "main"}]}}
    await space.patch("pods", "p", patch, "ephemeralcontainers")
    host = await space.host("pods", "p", lambda pod: names(pod) == {"hosts-own", "debugger"})
    sent = next(e for e in host["spec"]["ephemeralContainers"] if e["name"] == "debugger")
    assert sent["envFrom"][0]["configMapRef"]["name"] == space.host_name("settings")
    await space.host("configmaps", "settings")
    assert names(await space.virtual("pods", "p")) == {"debugger"}


async def test_a_resize_goes_down_and_the_hosts_own_sizes_stay(space: Space) -> None:
    await space.create("pods", sized("p", requests={"cpu": "100m", "memory": "64Mi"}))
    await space.running("p")
    hosts = {"name": "c", "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}}}
    host = await space.host("pods", "p")
    merged = [{**host["spec"]["containers"][0], **hosts}]
    await space.patch_host("pods", "p", {"spec": {"containers": merged}}, "resize")
    virtual = await space.virtual("pods", "p")
    asked = {"requests": {"cpu": "200m", "memory": "64Mi"}}
    patch = {"spec": {"containers": [{**virtual["spec"]["containers"][0], "resources": asked}]}}
    await space.patch("pods", "p", patch, "resize")
    host = await space.host("pods", "p", lambda pod: sizes(pod)["requests"]["cpu"] == "200m")
    assert sizes(host)["requests"]["memory"] == "128Mi"
    assert sizes(await space.virtual("pods", "p"))["requests"]["memory"] == "64Mi"
    sent = '{"c":{"requests":{"cpu":"200m","memory":"64Mi"}}}'
    key = "vcluster.loft.sh/sent-resources"
    await space.host("pods", "p", lambda pod: annotations(pod).get(key) == sent)


async def test_a_host_that_refuses_a_resize_still_tells_its_status(space: Space) -> None:
    await space.create("pods", sized("p", requests={"cpu": "100m"}))
    await space.running("p")
    host = await space.host("pods", "p")
    limited = {"requests": {"cpu": "100m"}, "limits": {"cpu": "150m"}}
    patch = {"spec": {"containers": [{**host["spec"]["containers"][0], "resources": limited}]}}
    await space.patch_host("pods", "p", patch, "resize")
    virtual = await space.virtual("pods", "p")
    more = {"requests": {"cpu": "200m"}}
    patch = {"spec": {"containers": [{**virtual["spec"]["containers"][0], "resources": more}]}}
    await space.patch("pods", "p", patch, "resize")
    await space.patch_host("pods", "p", {"status": {"reason": "Told"}}, "status")
    await space.virtual("pods", "p", lambda pod: pod["status"].get("reason") == "Told")
    assert sizes(await space.host("pods", "p"))["requests"]["cpu"] == "100m"


async def test_readiness_gates_go_down_and_the_rest_comes_up(space: Space) -> None:
    gate = "example.com/gate"
    await space.create("pods", pod("p", readinessGates=[{"conditionType": gate}]))
    virtual = await space.running("p")
    for status in ("True", "False"):
        others = [c for c in virtual["status"]["conditions"] if c["type"] != gate]
        own = {"type": gate, "status": status, "reason": "Because"}
        patch = {"status": {"conditions": [*others, own]}}
        await space.patch("pods", "p", patch, "status")
        await space.host("pods", "p", lambda pod, s=status: condition(pod, gate) == s)  # type: ignore[misc]
        virtual = await space.virtual("pods", "p")
        assert condition(virtual, gate) == status
    assert condition(virtual, "PodScheduled") == "True"
