"""Other built-in kinds: their defaults and what they refuse."""

from __future__ import annotations

from typing import Any

from tests.conformance.api import Api, service


def _ingress(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a"}, "spec": spec}


async def test_an_ingress_needs_a_backend_or_rules(api: Api) -> None:
    path = api.path("ingresses", group="networking.k8s.io/v1")
    answer = await api.post(path, _ingress())
    assert (answer.code, answer.fields) == (422, ["spec"])
    backend = {"service": {"name": "a", "port": {"number": 80}}}
    created = await api.post(path, _ingress(defaultBackend=backend))
    assert created.body["status"] == {"loadBalancer": {}}
    assert created.metadata["generation"] == 1


async def test_a_network_policy_says_which_way_it_goes(api: Api) -> None:
    path = api.path("networkpolicies", group="networking.k8s.io/v1")
    spec = {"podSelector": {}, "ingress": [{"ports": [{"port": 80}]}]}
    answer = await api.post(path, {"metadata": {"name": "a"}, "spec": spec})
    assert answer.body["spec"]["policyTypes"] == ["Ingress"]
    assert answer.body["spec"]["ingress"] == [{"ports": [{"port": 80, "protocol": "TCP"}]}]


async def test_an_endpoint_slice_keeps_its_address_type(api: Api) -> None:
    path = api.path("endpointslices", group="discovery.k8s.io/v1")
    endpoints = {"addressType": "IPv4", "endpoints": [{"addresses": ["192.0.2.1"]}]}
    created = await api.post(path, {"metadata": {"name": "a"}} | endpoints)
    assert created.body["endpoints"] == [{"addresses": ["192.0.2.1"], "conditions": {}}]
    answer = await api.patch(f"{path}/a", {"addressType": "IPv6"})
    assert answer.code == 422
    assert "addressType" in answer.fields


async def test_a_priority_class_keeps_its_value(api: Api) -> None:
    path = "/apis/scheduling.k8s.io/v1/priorityclasses"
    name = f"class-{api.namespace}"
    created = await api.post(path, {"metadata": {"name": name}, "value": 5})
    assert created.body["preemptionPolicy"] == "PreemptLowerPriority"
    answer = await api.patch(f"{path}/{name}", {"value": 6})
    assert (answer.code, answer.fields) == (422, ["value"])
    await api.delete(f"{path}/{name}")


async def test_a_disruption_budget_begins_with_nothing_allowed(api: Api) -> None:
    path = api.path("poddisruptionbudgets", group="policy/v1")
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}}
    answer = await api.post(path, {"metadata": {"name": "a"}, "spec": spec})
    assert answer.body["status"]["disruptionsAllowed"] == 0


async def test_a_namespace_is_active_and_carries_its_name_as_label(api: Api) -> None:
    path = f"/api/v1/namespaces/{api.namespace}"
    body = (await api.get(path)).body
    assert body["spec"] == {"finalizers": ["kubernetes"]}
    assert body["status"] == {"phase": "Active"}
    answer = await api.patch(path, {"metadata": {"labels": {"kubernetes.io/metadata.name": None}}})
    assert answer.metadata["labels"] == {"kubernetes.io/metadata.name": api.namespace}


async def test_a_lease_and_endpoints_are_stored_as_given(api: Api) -> None:
    lease = {"metadata": {"name": "a"}, "spec": {"holderIdentity": "me"}}
    created = await api.post(api.path("leases", group="coordination.k8s.io/v1"), lease)
    assert created.body["spec"] == {"holderIdentity": "me"}
    subsets = [{"addresses": [{"ip": "192.0.2.1"}], "ports": [{"port": 80}]}]
    answer = await api.post(api.path("endpoints"), {"metadata": {"name": "a"}, "subsets": subsets})
    assert answer.body["subsets"][0]["ports"] == [{"port": 80, "protocol": "TCP"}]


async def test_a_deployment_can_be_scaled(api: Api) -> None:
    path = api.path("deployments", group="apps/v1")
    template = {
        "metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "main", "image": "nginx"}]},
    }
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    created = await api.post(path, {"metadata": {"name": "a"}, "spec": spec})
    assert created.body["spec"]["replicas"] == 1
    answer = await api.patch(f"{path}/a/scale", {"spec": {"replicas": 3}})
    assert (answer.code, answer.body["kind"]) == (200, "Scale")
    assert (await api.get(f"{path}/a")).body["spec"]["replicas"] == 3


async def test_the_selector_of_a_deployment_may_not_change(api: Api) -> None:
    path = api.path("deployments", group="apps/v1")
    template = {
        "metadata": {"labels": {"a": "b", "c": "d"}},
        "spec": {"containers": [{"name": "main", "image": "nginx"}]},
    }
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    await api.post(path, {"metadata": {"name": "a"}, "spec": spec})
    answer = await api.patch(f"{path}/a", {"spec": {"selector": {"matchLabels": {"c": "d"}}}})
    assert (answer.code, answer.fields) == (422, ["spec.selector"])


async def test_a_role_binding_keeps_its_role(api: Api) -> None:
    path = api.path("rolebindings", group="rbac.authorization.k8s.io/v1")
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "a"}
    await api.post(path, {"metadata": {"name": "a:b"}, "roleRef": role})
    answer = await api.patch(f"{path}/a:b", {"roleRef": {"name": "other"}})
    assert (answer.code, answer.fields) == (422, ["roleRef"])


async def test_a_node_keeps_its_status_from_creation(api: Api) -> None:
    name = f"node-{api.namespace}"
    node = {"metadata": {"name": name}, "status": {"capacity": {"cpu": "4"}}}
    body = (await api.post("/api/v1/nodes", node)).body
    assert body["status"]["allocatable"] == {"cpu": "4"}
    assert body["spec"]["taints"][0]["key"] == "node.kubernetes.io/not-ready"
    await api.delete(f"/api/v1/nodes/{name}")


async def test_a_service_answers_its_deletion_with_itself(api: Api) -> None:
    await api.post(api.path("services"), service("a"))
    assert (await api.delete(api.path("services", "a"))).body["kind"] == "Service"
