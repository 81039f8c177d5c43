"""Custom resources."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.conformance.api import STRATEGIC, Api
from tests.conformance.definitions import DEFINITIONS, Define, create, definition, served, widget


@pytest.fixture
async def widgets(api: Api) -> AsyncIterator[str]:
    group = f"{api.namespace}.example.com"
    assert (await api.post(DEFINITIONS, definition(group, status=True))).code == 201
    path = api.path("widgets", group=f"{group}/v1")
    await served(api, path)
    yield path
    await api.delete(f"{DEFINITIONS}/widgets.{group}")


async def test_a_definition_is_established_and_discovered(api: Api, widgets: str) -> None:
    group = f"{api.namespace}.example.com"
    status = (await api.get(f"{DEFINITIONS}/widgets.{group}")).body["status"]
    conditions = {part["type"]: part["status"] for part in status["conditions"]}
    assert conditions["Established"] == "True"
    resources = (await api.get(f"/apis/{group}/v1")).body["resources"]
    assert [part["name"] for part in resources] == ["widgets", "widgets/status"]
    assert widgets.endswith("/widgets")


async def test_a_status_is_not_taken_on_creation_nor_with_the_spec(api: Api, widgets: str) -> None:
    created = await create(api, widgets, widget("a", spec={"size": 1}, status={"ready": 1}))
    assert "status" not in created
    patch = {"spec": {"size": 2}, "status": {"ready": 1}}
    answer = await api.patch(f"{widgets}/a", patch)
    assert ("status" in answer.body, answer.metadata["generation"]) == (False, 2)


async def test_a_status_write_takes_nothing_but_the_status(api: Api, widgets: str) -> None:
    await create(api, widgets, widget("a", spec={"size": 1}))
    patch = {"spec": {"size": 9}, "status": {"ready": 1}, "metadata": {"labels": {"a": "b"}}}
    answer = await api.patch(f"{widgets}/a/status", patch)
    assert (answer.body["spec"], answer.body["status"]) == ({"size": 1}, {"ready": 1})
    assert answer.metadata["generation"] == 1
    assert "labels" not in answer.metadata


async def test_an_update_must_name_the_version(api: Api, widgets: str) -> None:
    created = await create(api, widgets, widget("a"))
    del created["metadata"]["resourceVersion"]
    answer = await api.put(f"{widgets}/a", created)
    assert (answer.code, answer.fields) == (422, ["metadata.resourceVersion"])


async def test_items_of_a_list_have_their_kind(api: Api, widgets: str) -> None:
    await create(api, widgets, widget("a"))
    body = (await api.get(widgets)).body
    assert (body["kind"], body["items"][0]["kind"]) == ("WidgetList", "Widget")


async def test_a_strategic_merge_patch_is_not_understood(api: Api, widgets: str) -> None:
    await create(api, widgets, widget("a"))
    answer = await api.patch(f"{widgets}/a", {"spec": {}}, STRATEGIC)
    assert (answer.code, answer.reason) == (415, "UnsupportedMediaType")


async def test_custom_resources_can_be_watched(api: Api, widgets: str) -> None:
    version = (await api.get(widgets)).metadata["resourceVersion"]
    await create(api, widgets, widget("a"))
    await api.delete(f"{widgets}/a")
    events = await api.events(widgets, f"resourceVersion={version}")
    assert events == [("ADDED", "a"), ("DELETED", "a")]


async def test_without_the_subresource_a_status_is_like_any_field(api: Api) -> None:
    group = f"plain.{api.namespace}.example.com"
    await api.post(DEFINITIONS, definition(group, status=False))
    path = api.path("widgets", group=f"{group}/v1")
    await served(api, path)
    created = await create(api, path, widget("a", status={"ready": 1}))
    assert created["status"] == {"ready": 1}
    await api.delete(f"{DEFINITIONS}/widgets.{group}")


async def test_the_most_stable_version_is_preferred(api: Api, define: Define) -> None:
    group = await define(versions=("v1beta1", "v1", "v2alpha1", "v2"))
    body = (await api.get(f"/apis/{group}")).body
    names = [version["version"] for version in body["versions"]]
    assert names == ["v2", "v1", "v1beta1", "v2alpha1"]
    assert body["preferredVersion"]["version"] == "v2"
    groups = {each["name"]: each for each in (await api.get("/apis")).body["groups"]}
    assert groups[group]["preferredVersion"]["version"] == "v2"


async def test_an_object_is_served_in_every_version(api: Api, define: Define) -> None:
    group = await define(versions=("v1", "v2"))
    path = api.path("widgets", group=f"{group}/v1")
    await create(api, path, widget("a", spec={"size": 1}))
    other = path.replace("/v1/", "/v2/")
    seen = (await api.get(f"{other}/a")).body
    assert (seen["apiVersion"], seen["spec"]) == (f"{group}/v2", {"size": 1})
    version = (await api.get(other)).metadata["resourceVersion"]
    await api.patch(f"{path}/a", {"spec": {"size": 2}})
    assert await api.events(other, f"resourceVersion={version}") == [("MODIFIED", "a")]


async def test_a_version_that_is_no_longer_served_is_not_there(api: Api, define: Define) -> None:
    group = await define(versions=("v1", "v2"))
    path = api.path("widgets", group=f"{group}/v2")
    versions = definition(group, True, versions=("v1", "v2"))["spec"]["versions"]
    versions[1]["served"] = False
    answer = await api.patch(f"{DEFINITIONS}/widgets.{group}", {"spec": {"versions": versions}})
    assert (answer.code, answer.metadata["generation"]) == (200, 2)
    for _ in range(100):
        gone = await api.get(path)
        if gone.code == 404:
            break
        await asyncio.sleep(0.1)
    assert (gone.code, gone.body) == (404, "404 page not found\n")
    assert (await api.get(path.replace("/v2/", "/v1/"))).code == 200


async def test_a_cluster_scoped_kind_is_not_in_namespaces(api: Api, define: Define) -> None:
    group = await define(scope="Cluster")
    created = await create(api, f"/apis/{group}/v1/widgets", widget("a"))
    assert "namespace" not in created["metadata"]
    assert (await api.get(api.path("widgets", group=f"{group}/v1"))).code == 404
    assert (await api.get(f"/apis/{group}/v1")).body["resources"][0]["namespaced"] is False


async def test_a_definition_is_not_changed_by_a_patch_of_nothing(api: Api, define: Define) -> None:
    path = f"{DEFINITIONS}/widgets.{await define()}"
    await asyncio.sleep(1.1)
    before = (await api.get(path)).metadata["resourceVersion"]
    answer = await api.patch(path, {"metadata": {"labels": None}})
    assert answer.metadata["resourceVersion"] == before


async def test_stored_versions_are_remembered(api: Api, define: Define) -> None:
    group = await define(versions=("v1",))
    path = f"{DEFINITIONS}/widgets.{group}"
    versions = definition(group, True, versions=("v2", "v1"))["spec"]["versions"]
    await api.patch(path, {"spec": {"versions": versions}})
    await served(api, f"/apis/{group}/v2/widgets")
    assert (await api.get(path)).body["status"]["storedVersions"] == ["v1", "v2"]


async def test_a_definition_keeps_its_scope_and_says_its_name(api: Api, define: Define) -> None:
    group = await define()
    answer = await api.patch(f"{DEFINITIONS}/widgets.{group}", {"spec": {"scope": "Cluster"}})
    assert (answer.code, answer.fields) == (422, ["spec.scope"])
    misnamed = definition(f"x.{group}", True) | {"metadata": {"name": "widgets"}}
    answer = await api.post(DEFINITIONS, misnamed)
    assert (answer.code, answer.fields) == (422, ["metadata.name"])


async def test_an_unknown_part_of_an_object_is_not_found(api: Api, widgets: str) -> None:
    await create(api, widgets, widget("a"))
    answer = await api.get(f"{widgets}/a/scale")
    assert (answer.code, answer.reason) == (404, "NotFound")
    assert answer.body["details"]["name"] == "a"


async def test_a_custom_resource_must_say_what_it_is(api: Api, widgets: str) -> None:
    group = f"{api.namespace}.example.com"
    unnamed = await api.post(widgets, {"metadata": {"name": "a"}})
    assert (unnamed.code, unnamed.reason) == (400, "BadRequest")
    other = await api.post(widgets, {"apiVersion": f"{group}/v2"} | widget("a"))
    assert (other.code, other.reason) == (400, "BadRequest")
    wrong = {"apiVersion": f"{group}/v1", "kind": "Gadget", "metadata": {"name": "a"}}
    answer = await api.post(widgets, wrong)
    assert (answer.code, answer.fields) == (422, ["kind"])


async def test_without_the_subresource_a_status_counts_as_a_change(
    api: Api, define: Define
) -> None:
    path = api.path("widgets", group=f"{await define(status=False)}/v1")
    await create(api, path, widget("a", status={"ready": 1}))
    answer = await api.patch(f"{path}/a", {"status": {"ready": 2}})
    assert answer.metadata["generation"] == 2
