"""Lists: selectors, pages, forms."""

from __future__ import annotations

from tests.conformance.api import PARTIAL, PARTIAL_LIST, TABLE, Api, config_map, pod


async def _create(api: Api, *names: str) -> None:
    for name in names:
        labelled = {"metadata": {"name": name, "labels": {"name": name, "all": "yes"}}}
        await api.post(api.path("configmaps"), labelled)


async def _names(api: Api, query: str) -> list[str]:
    answer = await api.get(api.path("configmaps") + f"?{query}")
    assert answer.code == 200, answer.message
    return [item["metadata"]["name"] for item in answer.body["items"]]


async def test_a_list_is_sorted_and_its_items_have_no_kind(api: Api) -> None:
    await _create(api, "b", "a")
    body = (await api.get(api.path("configmaps"))).body
    assert body["kind"] == "ConfigMapList"
    assert [item["metadata"]["name"] for item in body["items"]] == ["a", "b"]
    assert "kind" not in body["items"][0]


async def test_label_selectors_choose_by_equality(api: Api) -> None:
    await _create(api, "a", "b")
    assert await _names(api, "labelSelector=name=a") == ["a"]
    assert await _names(api, "labelSelector=name==a,all=yes") == ["a"]
    assert await _names(api, "labelSelector=name!=a") == ["b"]


async def test_label_selectors_choose_by_set_and_existence(api: Api) -> None:
    await _create(api, "a", "b", "c")
    await api.post(api.path("configmaps"), config_map("bare"))
    assert await _names(api, "labelSelector=name in (a,b)") == ["a", "b"]
    assert await _names(api, "labelSelector=name notin (a,b)") == ["bare", "c"]
    assert await _names(api, "labelSelector=all") == ["a", "b", "c"]
    assert await _names(api, "labelSelector=!all") == ["bare"]


async def test_a_malformed_label_selector_is_refused(api: Api) -> None:
    answer = await api.get(api.path("configmaps") + "?labelSelector=a b c")
    assert answer.code == 400


async def test_field_selectors_choose_by_name(api: Api) -> None:
    await _create(api, "a", "b")
    assert await _names(api, "fieldSelector=metadata.name=a") == ["a"]
    assert await _names(api, "fieldSelector=metadata.name!=a") == ["b"]
    answer = await api.get(api.path("configmaps") + "?fieldSelector=data.key=a")
    assert answer.code == 400
    known = 'only "metadata.name", "metadata.namespace"'
    assert answer.message == f'"data.key" is not a known field selector: {known}'
    answer = await api.get(api.path("pods") + "?fieldSelector=spec.key=a")
    assert (answer.code, answer.message) == (400, "field label not supported: spec.key")


async def test_field_selectors_choose_pods_by_node_and_phase(api: Api) -> None:
    await api.post(api.path("pods"), pod("bound", nodeName="node-1"))
    await api.post(api.path("pods"), pod("free"))
    selector = "fieldSelector=spec.nodeName=node-1,status.phase=Pending"
    answer = await api.get(api.path("pods") + f"?{selector}")
    assert [item["metadata"]["name"] for item in answer.body["items"]] == ["bound"]


async def test_field_selectors_choose_secrets_by_type(api: Api) -> None:
    await api.post(api.path("secrets"), {"metadata": {"name": "a"}, "type": "example.com/x"})
    await api.post(api.path("secrets"), {"metadata": {"name": "b"}})
    answer = await api.get(api.path("secrets") + "?fieldSelector=type=example.com/x")
    assert [item["metadata"]["name"] for item in answer.body["items"]] == ["a"]


async def test_pages_show_one_consistent_state(api: Api) -> None:
    await _create(api, "a", "b", "c")
    first = (await api.get(api.path("configmaps") + "?limit=2")).body
    assert len(first["items"]) == 2
    assert first["metadata"]["remainingItemCount"] == 1
    await _create(api, "d")
    token = first["metadata"]["continue"]
    second = (await api.get(api.path("configmaps") + f"?limit=2&continue={token}")).body
    assert [item["metadata"]["name"] for item in second["items"]] == ["c"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert not second["metadata"].get("continue")


async def test_a_malformed_continue_token_is_refused(api: Api) -> None:
    assert (await api.get(api.path("configmaps") + "?limit=1&continue=zz")).code == 400


async def test_a_version_yet_to_come_is_too_large(api: Api) -> None:
    answer = await api.get(api.path("configmaps") + "?resourceVersion=999999999")
    assert (answer.code, answer.reason) == (504, "Timeout")
    assert answer.body["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"


async def test_only_metadata_comes_when_only_that_is_asked_for(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a", key="1"))
    one = (await api.get(api.path("configmaps", "a"), PARTIAL)).body
    assert (one["kind"], "data" in one) == ("PartialObjectMetadata", False)
    many = (await api.get(api.path("configmaps"), PARTIAL_LIST)).body
    assert many["kind"] == "PartialObjectMetadataList"
    assert many["items"][0]["metadata"]["name"] == "a"


async def test_a_table_has_the_columns_that_people_know(api: Api) -> None:
    await api.post(api.path("pods"), pod("a"))
    table = (await api.get(api.path("pods"), TABLE)).body
    shown = [part["name"] for part in table["columnDefinitions"] if not part["priority"]]
    assert shown == ["Name", "Ready", "Status", "Restarts", "Age"]
    cells = [str(cell) for cell in table["rows"][0]["cells"][:4]]
    assert cells == ["a", "0/1", "Pending", "0"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"
