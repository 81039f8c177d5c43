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


async def test_a_priority_class_has_its_limits(api: Api) -> None:
    path, name = "/apis/scheduling.k8s.io/v1/priorityclasses", f"class-{api.namespace}"
    high = await api.post(path, {"metadata": {"name": name}, "value": 1_000_000_001})
    assert (high.code, high.fields) == (422, ["value"])
    told = "maximum allowed value of a user defined priority is 1000000000"
    assert told in high.message
    system = await api.post(path, {"metadata": {"name": f"system-{name}"}, "value": 1})
    assert (system.code, system.fields) == (422, ["metadata.name"])
    highest = await api.post(path, {"metadata": {"name": name}, "value": 1_000_000_000})
    assert highest.code == 201
    described = await api.patch(f"{path}/{name}", {"description": "x"})
    assert (described.code, described.metadata["generation"]) == (200, 1)
    policy = await api.patch(f"{path}/{name}", {"preemptionPolicy": "Never"})
    assert (policy.code, policy.fields) == (422, ["preemptionPolicy"])
    await api.delete(f"{path}/{name}")


async def test_there_is_one_default_priority(api: Api) -> None:
    path = "/apis/scheduling.k8s.io/v1/priorityclasses"
    names = [f"default-{api.namespace}", f"other-{api.namespace}"]
    answers = [
        await api.post(path, {"metadata": {"name": name}, "globalDefault": True}) for name in names
    ]
    await api.delete(f"{path}/{names[0]}")
    assert [answer.code for answer in answers] == [201, 403]
    assert answers[0].body["value"] == 0
    assert "Only one default can exist" in answers[1].message


async def test_an_ingress_status_is_told_apart(api: Api) -> None:
    path = api.path("ingresses", group="networking.k8s.io/v1")
    backend = {"service": {"name": "a", "port": {"number": 80}}}
    await api.post(path, _ingress(defaultBackend=backend))
    points = [{"ip": "192.0.2.1"}, {"hostname": "lb.example.com"}]
    status = {"loadBalancer": {"ingress": points}}
    patch = {"status": status, "spec": {"ingressClassName": "x"}}
    answer = await api.patch(f"{path}/a/status", patch)
    assert answer.body["status"] == status
    assert "ingressClassName" not in answer.body["spec"]
    assert answer.metadata["generation"] == 1
    wrong = {"status": {"loadBalancer": {"ingress": [{"ip": "nowhere"}]}}}
    refused = await api.patch(f"{path}/a/status", wrong)
    assert (refused.code, refused.fields) == (422, ["status.loadBalancer.ingress[0].ip"])


async def test_an_ingress_path_says_how_it_matches_and_leads_somewhere(api: Api) -> None:
    path = api.path("ingresses", group="networking.k8s.io/v1")
    there = {"service": {"name": "a", "port": {"name": "http"}}}
    blamed = []
    for wrong in (
        {"path": "/", "backend": there},
        {"path": "x", "pathType": "Prefix", "backend": there},
        {"path": "/", "pathType": "Exact", "backend": {"service": {"name": "a"}}},
    ):
        rules = [{"host": "a.example.com", "http": {"paths": [wrong]}}]
        answer = await api.post(path, _ingress(rules=rules))
        blamed += [field.rpartition("paths[0].")[2] for field in answer.fields]
    assert blamed == ["pathType", "path", "backend"]
    resource = {"apiGroup": "k.example.com", "kind": "Bucket", "name": "a"}
    right = {"path": "/x", "pathType": "Exact", "backend": {"resource": resource}}
    rules = [{"host": "*.example.com", "http": {"paths": [right]}}]
    assert (await api.post(path, _ingress(rules=rules))).code == 201


async def test_a_peer_of_a_network_policy_is_one_of_two_kinds(api: Api) -> None:
    path = api.path("networkpolicies", group="networking.k8s.io/v1")
    block = {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}
    spec: dict[str, Any] = {"podSelector": {}, "egress": [{"to": [block]}]}
    created = await api.post(path, {"metadata": {"name": "a"}, "spec": spec})
    assert created.body["spec"]["policyTypes"] == ["Ingress", "Egress"]
    for wrong in ({}, block | {"podSelector": {}}):
        answer = await api.patch(f"{path}/a", {"spec": {"egress": [{"to": [wrong]}]}})
        assert (answer.code, answer.fields) == (422, ["spec.egress[0].to[0]"])
    opened = await api.patch(f"{path}/a", {"spec": {"policyTypes": None, "egress": None}})
    assert opened.body["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}
    assert opened.metadata["generation"] == 2


async def test_a_disruption_budget_is_told_what_it_allows(api: Api) -> None:
    path = api.path("poddisruptionbudgets", group="policy/v1")
    spec = {"minAvailable": "50%", "selector": {"matchLabels": {"a": "b"}}}
    await api.post(path, {"metadata": {"name": "a"}, "spec": spec})
    status = {"disruptionsAllowed": 2, "currentHealthy": 3, "desiredHealthy": 1}
    status |= {"expectedPods": 3, "observedGeneration": 1}
    answer = await api.patch(f"{path}/a/status", {"status": status, "spec": {"minAvailable": 9}})
    assert (answer.body["status"], answer.body["spec"]) == (status, spec)
    negative = await api.patch(f"{path}/a/status", {"status": {"disruptionsAllowed": -1}})
    assert (negative.code, negative.fields) == (422, ["status.disruptionsAllowed"])


async def test_a_disruption_budget_may_change_its_mind(api: Api) -> None:
    path = api.path("poddisruptionbudgets", group="policy/v1")
    await api.post(path, {"metadata": {"name": "a"}, "spec": {"minAvailable": 1, "selector": {}}})
    both = await api.patch(f"{path}/a", {"spec": {"maxUnavailable": 1}})
    assert (both.code, both.fields) == (422, ["spec"])
    changed = {"minAvailable": None, "maxUnavailable": 1, "selector": {"matchLabels": {"a": "b"}}}
    answer = await api.patch(f"{path}/a", {"spec": changed})
    assert (answer.code, answer.metadata["generation"]) == (200, 2)
    del changed["minAvailable"]
    assert answer.body["spec"] == changed


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
