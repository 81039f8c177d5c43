"""Custom resources."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conformance.api import STRATEGIC, Api

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def _definition(group: str, status: bool) -> dict[str, Any]:
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version: dict[str, Any] = {"name": "v1", "served": True, "storage": True}
    version["schema"] = {"openAPIV3Schema": free}
    if status:
        version["subresources"] = {"status": {}}
    names = {"plural": "widgets", "kind": "Widget", "shortNames": ["wg"]}
    spec = {"group": group, "names": names, "scope": "Namespaced", "versions": [version]}
    return {"metadata": {"name": f"widgets.{group}"}, "spec": spec}


async def _served(api: Api, path: str) -> None:
    """Waits until the new resource can be listed and written."""
    for _ in range(100):
        if (await api.get(path)).code == 200:
            return
        await asyncio.sleep(0.1)
    raise TimeoutError(path)


@pytest.fixture
async def widgets(api: Api) -> AsyncIterator[str]:
    group = f"{api.namespace}.example.com"
    assert (await api.post(DEFINITIONS, _definition(group, status=True))).code == 201
    path = api.path("widgets", group=f"{group}/v1")
    await _served(api, path)
    yield path
    await api.delete(f"{DEFINITIONS}/widgets.{group}")


def _widget(name: str, **content: Any) -> dict[str, Any]:
    return {"kind": "Widget", "metadata": {"name": name}} | content


async def _create(api: Api, path: str, widget: dict[str, Any]) -> Any:
    group_version = path.removeprefix("/apis/").partition("/namespaces")[0]
    answer = await api.post(path, {"apiVersion": group_version} | widget)
    assert answer.code == 201, answer.message
    return answer.body


async def test_a_definition_is_established_and_discovered(api: Api, widgets: str) -> None:
    group = f"{api.namespace}.example.com"
    status = (await api.get(f"{DEFINITIONS}/widgets.{group}")).body["status"]
    conditions = {part["type"]: part["status"] for part in status["conditions"]}
    assert conditions["Established"] == "True"
    resources = (await api.get(f"/apis/{group}/v1")).body["resources"]
    assert [part["name"] for part in resources] == ["widgets", "widgets/status"]
    assert widgets.endswith("/widgets")


async def test_a_status_is_not_taken_on_creation_nor_with_the_spec(api: Api, widgets: str) -> None:
    created = await _create(api, widgets, _widget("a", spec={"size": 1}, status={"ready": 1}))
    assert "status" not in created
    patch = {"spec": {"size": 2}, "status": {"ready": 1}}
    answer = await api.patch(f"{widgets}/a", patch)
    assert ("status" in answer.body, answer.metadata["generation"]) == (False, 2)


async def test_a_status_write_takes_nothing_but_the_status(api: Api, widgets: str) -> None:
    await _create(api, widgets, _widget("a", spec={"size": 1}))
    patch = {"spec": {"size": 9}, "status": {"ready": 1}, "metadata": {"labels": {"a": "b"}}}
    answer = await api.patch(f"{widgets}/a/status", patch)
    assert (answer.body["spec"], answer.body["status"]) == ({"size": 1}, {"ready": 1})
    assert answer.metadata["generation"] == 1
    assert "labels" not in answer.metadata


async def test_an_update_must_name_the_version(api: Api, widgets: str) -> None:
    created = await _create(api, widgets, _widget("a"))
    del created["metadata"]["resourceVersion"]
    answer = await api.put(f"{widgets}/a", created)
    assert (answer.code, answer.fields) == (422, ["metadata.resourceVersion"])


async def test_items_of_a_list_have_their_kind(api: Api, widgets: str) -> None:
    await _create(api, widgets, _widget("a"))
    body = (await api.get(widgets)).body
    assert (body["kind"], body["items"][0]["kind"]) == ("WidgetList", "Widget")


async def test_a_strategic_merge_patch_is_not_understood(api: Api, widgets: str) -> None:
    await _create(api, widgets, _widget("a"))
    answer = await api.patch(f"{widgets}/a", {"spec": {}}, STRATEGIC)
    assert (answer.code, answer.reason) == (415, "UnsupportedMediaType")


async def test_custom_resources_can_be_watched(api: Api, widgets: str) -> None:
    version = (await api.get(widgets)).metadata["resourceVersion"]
    await _create(api, widgets, _widget("a"))
    await api.delete(f"{widgets}/a")
    events = await api.events(widgets, f"resourceVersion={version}")
    assert events == [("ADDED", "a"), ("DELETED", "a")]


async def test_without_the_subresource_a_status_is_like_any_field(api: Api) -> None:
    group = f"plain.{api.namespace}.example.com"
    await api.post(DEFINITIONS, _definition(group, status=False))
    path = api.path("widgets", group=f"{group}/v1")
    await _served(api, path)
    created = await _create(api, path, _widget("a", status={"ready": 1}))
    assert created["status"] == {"ready": 1}
    await api.delete(f"{DEFINITIONS}/widgets.{group}")
