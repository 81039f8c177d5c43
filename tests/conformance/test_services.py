"""Services: addresses, ports, ranges."""

from __future__ import annotations

import asyncio

from tests.conformance.api import Api, service

ADDRESSES = "/apis/networking.k8s.io/v1/ipaddresses"
RANGES = "/apis/networking.k8s.io/v1/servicecidrs"


async def test_a_service_gets_its_defaults_and_an_address(api: Api) -> None:
    spec = (await api.post(api.path("services"), service("a"))).body["spec"]
    assert spec["clusterIP"].startswith("10.96.")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert (spec["type"], spec["sessionAffinity"]) == ("ClusterIP", "None")
    assert (spec["ipFamilies"], spec["ipFamilyPolicy"]) == (["IPv4"], "SingleStack")
    assert spec["internalTrafficPolicy"] == "Cluster"
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]


async def test_an_address_in_use_is_an_object(api: Api) -> None:
    address = (await api.post(api.path("services"), service("a"))).body["spec"]["clusterIP"]
    parent = (await api.get(f"{ADDRESSES}/{address}")).body["spec"]["parentRef"]
    assert parent == {"resource": "services", "namespace": api.namespace, "name": "a"}
    await api.delete(api.path("services", "a"))
    assert (await api.get(f"{ADDRESSES}/{address}")).code == 404


async def test_an_address_that_is_taken_is_refused(api: Api) -> None:
    answer = await api.post(api.path("services"), service("a", clusterIP="10.96.0.1"))
    assert (answer.code, answer.fields) == (422, ["spec.clusterIPs"])
    assert "provided IP is already allocated" in answer.message


async def test_an_address_out_of_range_is_refused(api: Api) -> None:
    answer = await api.post(api.path("services"), service("a", clusterIP="10.200.0.1"))
    assert (answer.code, answer.fields) == (422, ["spec.clusterIPs"])
    assert "the provided network does not match the current range" in answer.message


async def test_what_is_no_address_is_refused(api: Api) -> None:
    answer = await api.post(api.path("services"), service("a", clusterIP="nonsense"))
    assert (answer.code, answer.fields) == (422, ["spec.clusterIPs[0]"])


async def test_a_service_cidr_extends_the_range(api: Api) -> None:
    extra = {"metadata": {"name": "extra"}, "spec": {"cidrs": ["10.201.0.0/24"]}}
    await api.post(RANGES, extra)
    wanted = service("a", clusterIP="10.201.0.9")
    for _ in range(30):
        answer = await api.post(api.path("services"), wanted)
        if answer.code == 201:
            break
        await asyncio.sleep(0.1)
    assert (answer.code, answer.body["spec"]["clusterIP"]) == (201, "10.201.0.9")
    await api.delete(api.path("services", "a"))
    await api.delete(f"{RANGES}/extra")


async def test_an_address_may_not_change(api: Api) -> None:
    await api.post(api.path("services"), service("a"))
    answer = await api.patch(api.path("services", "a"), {"spec": {"clusterIP": "10.96.9.9"}})
    assert (answer.code, answer.fields) == (422, ["spec.clusterIPs[0]"])
    assert "may not change once set" in answer.message


async def test_an_update_without_an_address_keeps_it(api: Api) -> None:
    created = (await api.post(api.path("services"), service("a"))).body
    answer = await api.put(api.path("services", "a"), service("a", ports=[{"port": 81}]))
    assert answer.body["spec"]["clusterIP"] == created["spec"]["clusterIP"]


async def test_a_headless_service_has_no_address(api: Api) -> None:
    headless = service("a", clusterIP="None", selector={"a": "b"})
    spec = (await api.post(api.path("services"), headless)).body["spec"]
    assert (spec["clusterIP"], spec["clusterIPs"]) == ("None", ["None"])


async def test_an_external_name_has_no_address(api: Api) -> None:
    external = {"type": "ExternalName", "externalName": "example.com"}
    answer = await api.post(api.path("services"), {"metadata": {"name": "a"}, "spec": external})
    assert answer.body["spec"] == external | {"sessionAffinity": "None"}


async def test_node_ports_are_given_and_taken_back(api: Api) -> None:
    spec = (await api.post(api.path("services"), service("a", type="NodePort"))).body["spec"]
    port = spec["ports"][0]["nodePort"]
    assert 30000 <= port <= 32767
    assert spec["externalTrafficPolicy"] == "Cluster"
    wanted = service("b", type="NodePort", ports=[{"port": 80, "nodePort": port}])
    refused = await api.post(api.path("services"), wanted)
    assert (refused.code, refused.fields) == (422, ["spec.ports[0].nodePort"])
    await api.patch(api.path("services", "a"), {"spec": {"type": "ClusterIP"}})
    assert (await api.post(api.path("services"), wanted)).code == 201


async def test_a_node_port_out_of_range_is_refused(api: Api) -> None:
    wanted = service("a", type="NodePort", ports=[{"port": 80, "nodePort": 80}])
    answer = await api.post(api.path("services"), wanted)
    assert answer.code == 422
    assert "The range of valid ports is 30000-32767" in answer.message


async def test_a_service_without_ports_is_refused(api: Api) -> None:
    answer = await api.post(api.path("services"), service("a", ports=[]))
    assert (answer.code, answer.fields) == (422, ["spec.ports"])


async def test_a_service_name_is_a_label(api: Api) -> None:
    answer = await api.post(api.path("services"), service("a.b"))
    assert (answer.code, answer.message.endswith("must not contain dots")) == (422, True)


async def test_only_a_load_balancer_has_an_ingress(api: Api) -> None:
    status = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}}
    await api.post(api.path("services"), service("plain"))
    assert (await api.patch(api.path("services", "plain", "status"), status)).code == 422
    await api.post(api.path("services"), service("balanced", type="LoadBalancer"))
    answer = await api.patch(api.path("services", "balanced", "status"), status)
    ingress = answer.body["status"]["loadBalancer"]["ingress"]
    assert ingress == [{"ip": "192.0.2.1", "ipMode": "VIP"}]


async def test_the_server_s_own_service_has_the_first_address(api: Api) -> None:
    own = (await api.get("/api/v1/namespaces/default/services/kubernetes")).body
    assert own["spec"]["clusterIP"] == "10.96.0.1"
    assert own["spec"]["ports"][0]["port"] == 443


async def test_a_service_that_becomes_a_name_lets_its_address_go(api: Api) -> None:
    away = {"type": "ExternalName", "externalName": "a.example.com"}
    for index, taken in enumerate(
        ({}, {"clusterIP": None}, {"clusterIP": None, "clusterIPs": None})
    ):
        name = f"s{index}"
        await api.post(api.path("services"), service(name))
        answer = await api.patch(api.path("services", name), {"spec": away | taken})
        assert sorted(answer.body["spec"]) == ["externalName", "ports", "sessionAffinity", "type"]
        policy = {"spec": {"internalTrafficPolicy": "Cluster"}}
        same = await api.patch(api.path("services", name), policy)
        assert same.metadata["resourceVersion"] == answer.metadata["resourceVersion"]
