"""PATCH in its formats."""

from __future__ import annotations

from tests.conformance.api import JSON_PATCH, STRATEGIC, Api, config_map, pod, service


async def test_a_merge_patch_adds_changes_and_removes(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a", kept="1", changed="1", gone="1"))
    patch = {"data": {"changed": "2", "gone": None, "added": "3"}}
    answer = await api.patch(api.path("configmaps", "a"), patch)
    assert answer.body["data"] == {"kept": "1", "changed": "2", "added": "3"}


async def test_a_merge_patch_replaces_lists(api: Api) -> None:
    await api.post(api.path("services"), service("a"))
    patch = {"spec": {"ports": [{"port": 81}]}}
    answer = await api.patch(api.path("services", "a"), patch)
    assert [port["port"] for port in answer.body["spec"]["ports"]] == [81]


async def test_a_strategic_merge_patch_merges_lists_by_key(api: Api) -> None:
    await api.post(api.path("services"), service("a", ports=[{"port": 80, "name": "a"}]))
    patch = {"spec": {"ports": [{"port": 81, "name": "b"}]}}
    answer = await api.patch(api.path("services", "a"), patch, STRATEGIC)
    assert sorted(port["port"] for port in answer.body["spec"]["ports"]) == [80, 81]


async def test_a_strategic_merge_patch_can_delete_an_element(api: Api) -> None:
    ports = [{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]
    await api.post(api.path("services"), service("a", ports=ports))
    patch = {"spec": {"ports": [{"port": 80, "$patch": "delete"}]}}
    answer = await api.patch(api.path("services", "a"), patch, STRATEGIC)
    assert [port["port"] for port in answer.body["spec"]["ports"]] == [81]


async def test_a_strategic_merge_patch_puts_its_elements_first(api: Api) -> None:
    await api.post(api.path("pods"), pod("a"))
    path = api.path("pods", "a", "status")
    for name in ("First", "Second"):
        condition = {"type": name, "status": "True"}
        answer = await api.patch(path, {"status": {"conditions": [condition]}}, STRATEGIC)
    assert [part["type"] for part in answer.body["status"]["conditions"]] == ["Second", "First"]


async def test_a_json_patch_carries_out_its_operations(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a", one="1"))
    operations = [
        {"op": "test", "path": "/data/one", "value": "1"},
        {"op": "replace", "path": "/data/one", "value": "2"},
        {"op": "add", "path": "/data/with~1slash", "value": "x"},
        {"op": "move", "from": "/data/with~1slash", "path": "/data/moved"},
    ]
    answer = await api.patch(api.path("configmaps", "a"), operations, JSON_PATCH)
    assert answer.body["data"] == {"one": "2", "moved": "x"}


async def test_a_json_patch_whose_test_fails_changes_nothing(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a", one="1"))
    operations = [{"op": "test", "path": "/data/one", "value": "2"}]
    answer = await api.patch(api.path("configmaps", "a"), operations, JSON_PATCH)
    assert (answer.code, answer.reason) == (422, "Invalid")


async def test_a_patch_that_names_the_current_version_is_accepted(api: Api) -> None:
    created = await api.post(api.path("configmaps"), config_map("a"))
    metadata = {"resourceVersion": created.metadata["resourceVersion"]}
    patch = {"metadata": metadata, "data": {"a": "b"}}
    assert (await api.patch(api.path("configmaps", "a"), patch)).code == 200
    answer = await api.patch(api.path("configmaps", "a"), patch | {"data": {"a": "c"}})
    assert (answer.code, answer.reason) == (409, "Conflict")


async def test_a_patch_of_the_uid_is_refused(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a"))
    answer = await api.patch(api.path("configmaps", "a"), {"metadata": {"uid": "other"}})
    assert answer.code == 422
    assert "metadata.uid" in answer.fields


async def test_a_patch_of_the_name_is_refused(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a"))
    answer = await api.patch(api.path("configmaps", "a"), {"metadata": {"name": "b"}})
    assert answer.code == 400


async def test_a_patch_in_an_unknown_format_is_refused(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a"))
    answer = await api.patch(api.path("configmaps", "a"), {"data": {}}, "application/json")
    assert (answer.code, answer.reason) == (415, "UnsupportedMediaType")


async def test_a_patch_of_what_is_not_there_is_not_found(api: Api) -> None:
    assert (await api.patch(api.path("configmaps", "a"), {"data": {}})).code == 404


async def test_a_patch_can_remove_all_labels_and_finalizers(api: Api) -> None:
    metadata = {"name": "a", "labels": {"a": "b"}, "finalizers": ["example.com/f"]}
    await api.post(api.path("configmaps"), {"metadata": metadata})
    patch = {"metadata": {"labels": {"a": None}, "finalizers": []}}
    answer = await api.patch(api.path("configmaps", "a"), patch)
    assert "labels" not in answer.metadata
    assert "finalizers" not in answer.metadata
