"""Discovery, content types, and what the server says to requests it doesn't understand."""

from __future__ import annotations

from tests.conformance.api import Api, config_map


async def test_the_server_tells_its_version_and_health(api: Api) -> None:
    assert (await api.get("/version")).body["major"] == "1"
    for path in ("/healthz", "/readyz", "/livez"):
        answer = await api.get(path)
        assert (answer.code, answer.body) == (200, "ok")


async def test_discovery_lists_groups_and_resources(api: Api) -> None:
    groups = {group["name"] for group in (await api.get("/apis")).body["groups"]}
    assert {"apps", "batch", "networking.k8s.io", "apiextensions.k8s.io"} <= groups
    resources = {part["name"]: part for part in (await api.get("/api/v1")).body["resources"]}
    assert resources["pods"]["shortNames"] == ["po"]
    assert resources["pods/eviction"]["kind"] == "Eviction"
    assert resources["nodes"]["namespaced"] is False


async def test_discovery_of_a_group_names_its_preferred_version(api: Api) -> None:
    answer = await api.get("/apis/apps")
    assert answer.body["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}


async def test_an_unknown_resource_is_not_found(api: Api) -> None:
    answer = await api.get(api.path("inventions"))
    assert (answer.code, answer.reason) == (404, "NotFound")
    assert answer.message == "the server could not find the requested resource"


async def test_an_unknown_object_is_not_found_by_kind_and_name(api: Api) -> None:
    answer = await api.get(api.path("deployments", "a", group="apps/v1"))
    assert answer.code == 404
    assert answer.message == 'deployments.apps "a" not found'
    assert answer.body["details"] == {"name": "a", "group": "apps", "kind": "deployments"}


async def test_a_namespaced_object_is_not_reached_without_its_namespace(api: Api) -> None:
    assert (await api.get("/api/v1/pods/a")).code == 404


async def test_a_malformed_body_is_a_bad_request(api: Api) -> None:
    answer = await api.post(api.path("configmaps"), b"{malformed")
    assert (answer.code, answer.reason) == (400, "BadRequest")


async def test_a_body_of_another_kind_is_a_bad_request(api: Api) -> None:
    answer = await api.post(api.path("configmaps"), config_map("a") | {"kind": "Secret"})
    assert answer.code == 400


async def test_a_body_of_another_content_type_is_refused(api: Api) -> None:
    answer = await api.call("POST", api.path("configmaps"), b"a: b", "text/plain")
    assert (answer.code, answer.reason) == (415, "UnsupportedMediaType")


async def test_yaml_is_as_good_as_json(api: Api) -> None:
    body = b"metadata: {name: a}\ndata: {key: value}\n"
    answer = await api.call("POST", api.path("configmaps"), body, "application/yaml")
    assert (answer.code, answer.body["data"]) == (201, {"key": "value"})


async def test_a_method_that_makes_no_sense_is_not_allowed(api: Api) -> None:
    answer = await api.put(api.path("configmaps"), config_map("a"))
    assert (answer.code, answer.reason) == (405, "MethodNotAllowed")


async def test_a_config_map_of_more_than_a_mebibyte_is_refused(api: Api) -> None:
    answer = await api.post(api.path("configmaps"), config_map("a", key="x" * 1_100_000))
    assert (answer.code, answer.reason) == (422, "Invalid")


async def test_a_body_of_more_than_three_mebibytes_is_too_large(api: Api) -> None:
    answer = await api.post(api.path("configmaps"), config_map("a", key="x" * 3_300_000))
    assert (answer.code, answer.reason) == (413, "RequestEntityTooLarge")


async def test_an_object_that_does_not_fit_into_storage_is_too_large(api: Api) -> None:
    peer = {"podSelector": {"matchLabels": {"a" * 60: "b" * 60}}}
    spec = {"podSelector": {}, "ingress": [{"from": [peer] * 14000}]}
    path = api.path("networkpolicies", group="networking.k8s.io/v1")
    answer = await api.post(path, {"metadata": {"name": "a"}, "spec": spec})
    assert (answer.code, answer.body["message"]) == (500, "etcdserver: request is too large")


async def test_access_is_allowed_to_an_administrator(api: Api) -> None:
    attributes = {"verb": "delete", "resource": "pods", "namespace": api.namespace}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    answer = await api.post(path, {"spec": {"resourceAttributes": attributes}})
    assert (answer.code, answer.body["status"]["allowed"]) == (201, True)


async def test_the_rules_of_an_administrator_allow_everything(api: Api) -> None:
    path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
    answer = await api.post(path, {"spec": {"namespace": api.namespace}})
    everything = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    assert everything in answer.body["status"]["resourceRules"]
