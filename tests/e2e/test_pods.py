"""Pods: what they see of the world, where they run, and what comes back."""

from typing import Any

import pytest

from common.objects import Obj
from tests.e2e.conftest import API_SERVICE_IP, DNS_SERVICE_IP
from tests.e2e.objects import IMAGE, pod, service
from tests.e2e.space import Space
from tests.e2e.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


def env_of(host: Obj) -> dict[str, Any]:
    return {each["name"]: each.get("value") for each in host["spec"]["containers"][0]["env"]}


async def test_the_status_comes_up_and_follows(space: Space) -> None:
    await space.create("pods", pod("p"))
    status = (await space.running("p"))["status"]
    host = (await space.host("pods", "p"))["status"]
    assert status["podIP"] == host["podIP"]
    assert status["containerStatuses"][0]["image"] == IMAGE
    ready = [c["status"] for c in status["conditions"] if c["type"] == "Ready"]
    assert ready == ["True"]
    await space.patch_host("pods", "p", {"status": {"phase": "Failed", "reason": "Gone"}}, "status")
    await space.virtual("pods", "p", lambda pod: pod["status"].get("reason") == "Gone")


async def test_the_binding_comes_up_and_the_node_appears(space: Space) -> None:
    await space.create("pods", pod("p"))
    bound = await space.virtual("pods", "p", lambda pod: pod["spec"]["nodeName"])

    async def ready() -> bool:
        node = await space.world.virtual.get("nodes", "", bound["spec"]["nodeName"]) or {}
        conditions = {each["type"]: each["status"] for each in node["status"]["conditions"]}
        version = node["status"]["nodeInfo"]["kubeletVersion"]
        return (conditions["Ready"], version) == ("True", "v1.36.2")

    await eventually(ready)


async def test_a_node_is_there_as_long_as_a_pod_needs_it(space: Space) -> None:
    """The pods name the node by hand; nothing runs on it."""
    node = f"node-{space.namespace}"

    async def there() -> bool:
        return await space.world.virtual.get("nodes", "", node) is not None

    async def gone() -> bool:
        return not await there()

    for name in ("one", "two"):
        await space.create("pods", pod(name, nodeName=node))
        host = await space.host("pods", name)
        assert host["spec"]["nodeName"] == node
    await eventually(there)
    await space.delete("pods", "one", grace_s=0)
    await space.host_gone("pods", "one")
    await space.settled()
    assert await there()
    await space.delete("pods", "two", grace_s=0)
    await eventually(gone)


async def test_variables_of_services_are_there_before_the_pods_own(space: Space) -> None:
    await space.create("services", service("web-api"))
    own = [{"name": "WEB_API_SERVICE_PORT", "value": "mine"}]
    own.append({"name": "URL", "value": "http://$(WEB_API_SERVICE_HOST)"})
    await space.create("pods", pod("p", {"main": {"env": own}}))
    host = await space.host("pods", "p")
    address = (await space.host("services", "web-api"))["spec"]["clusterIP"]
    env = env_of(host)
    assert env["WEB_API_SERVICE_HOST"] == address
    assert env["WEB_API_PORT_80_TCP"] == f"tcp://{address}:80"
    assert env["WEB_API_SERVICE_PORT"] == "mine"
    assert list(env)[-2:] == ["WEB_API_SERVICE_PORT", "URL"]
    assert host["spec"]["enableServiceLinks"] is False


async def test_the_virtual_api_server_is_the_pods_api_server(space: Space) -> None:
    await space.create("pods", pod("p", enableServiceLinks=False))
    host = await space.host("pods", "p")
    env = env_of(host)
    assert env["KUBERNETES_SERVICE_HOST"] == API_SERVICE_IP
    [alias] = host["spec"]["hostAliases"]
    assert alias["ip"] == API_SERVICE_IP
    assert "kubernetes.default.svc" in alias["hostnames"]


async def test_names_are_resolved_by_the_virtual_dns(space: Space) -> None:
    mine = {"searches": ["example.com"], "options": [{"name": "ndots", "value": "2"}]}
    await space.create("pods", pod("p", dnsConfig=mine))
    host = (await space.host("pods", "p"))["spec"]
    assert host["dnsPolicy"] == "None"
    assert host["dnsConfig"]["nameservers"] == [DNS_SERVICE_IP]
    searches = [f"{space.namespace}.svc.cluster.local", "svc.cluster.local", "cluster.local"]
    assert host["dnsConfig"]["searches"] == [*searches, "example.com"]
    assert host["dnsConfig"]["options"] == [{"name": "ndots", "value": "2"}]


async def test_a_pod_is_called_what_it_is_called_in_the_virtual_cluster(space: Space) -> None:
    await space.create("pods", pod("web.v2"))
    await space.create("pods", pod("named", hostname="chosen"))
    assert (await space.host("pods", "web.v2"))["spec"]["hostname"] == "web-v2"
    assert (await space.host("pods", "named"))["spec"]["hostname"] == "chosen"


async def test_the_downward_api_tells_of_the_virtual_pod(space: Space) -> None:
    paths = ["metadata.name", "metadata.namespace", "metadata.uid", "spec.serviceAccountName"]
    env = [
        {"name": path.rpartition(".")[2], "valueFrom": {"fieldRef": {"fieldPath": path}}}
        for path in paths
    ]
    items = [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]
    volume = {"name": "me", "downwardAPI": {"items": items}}
    obj = pod("p", {"main": {"env": env}}, volumes=[volume], serviceAccountName="builder")
    obj["metadata"]["labels"] = {"app": "web", "tier": "front"}
    made = await space.create("pods", obj)
    host = await space.host("pods", "p")
    told = {name: answer(host, name) for name in ("name", "namespace", "uid", "serviceAccountName")}
    uid = made["metadata"]["uid"]
    assert list(told.values()) == ["p", space.namespace, uid, "builder"]
    field = host["spec"]["volumes"][0]["downwardAPI"]["items"][0]["fieldRef"]["fieldPath"]
    assert annotation(host, field) == 'app="web"\ntier="front"'
    assert host["spec"]["serviceAccountName"] == "default"


def answer(host: Obj, variable: str) -> str:
    """What the host's kubelet would set."""
    env = host["spec"]["containers"][0]["env"]
    source = next(each["valueFrom"] for each in env if each["name"] == variable)
    return annotation(host, source["fieldRef"]["fieldPath"])


def annotation(host: Obj, field_path: str) -> str:
    key = field_path.removeprefix("metadata.annotations['").removesuffix("']")
    return str(host["metadata"]["annotations"][key])


async def test_a_container_that_the_host_added_stays_out_of_the_status(space: Space) -> None:
    await space.create("pods", pod("p"))
    await space.running("p")
    added = {"spec": {"ephemeralContainers": [{"name": "debugger", "image": IMAGE}]}}
    await space.patch_host("pods", "p", added, "ephemeralcontainers")
    await space.host("pods", "p", lambda pod: pod["status"]["ephemeralContainerStatuses"])
    await space.settled()
    virtual = await space.see("pods", "p") or {}
    assert "ephemeralContainerStatuses" not in virtual["status"]
    assert [each["name"] for each in virtual["status"]["containerStatuses"]] == ["main"]


async def test_a_pod_with_scheduling_gates_waits_for_them(space: Space) -> None:
    await space.create("pods", pod("p", schedulingGates=[{"name": "example.com/wait"}]))
    await space.create("pods", pod("after"))
    await space.running("after")
    assert await space.see_host("pods", "p") is None
    await space.patch("pods", "p", {"spec": {"schedulingGates": None}})
    await space.running("p")
