"""Watches."""

from __future__ import annotations

import asyncio

from tests.conformance.api import Api, config_map


async def _version(api: Api) -> str:
    """The version of the newest config map write in the namespace."""
    answer = await api.get(api.path("configmaps"))
    return str(answer.metadata["resourceVersion"])


async def test_a_watch_without_a_version_begins_with_what_is_there(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("a"))
    for query in ("resourceVersion=", "resourceVersion=0"):
        assert await api.events(api.path("configmaps"), query) == [("ADDED", "a")]


async def test_a_watch_from_a_version_shows_what_came_after(api: Api) -> None:
    await api.post(api.path("configmaps"), config_map("before"))
    query = f"resourceVersion={await _version(api)}"
    await api.post(api.path("configmaps"), config_map("a"))
    await api.patch(api.path("configmaps", "a"), {"data": {"a": "b"}})
    await api.delete(api.path("configmaps", "a"))
    events = await api.events(api.path("configmaps"), query)
    assert events == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


async def test_a_watch_shows_changes_as_they_happen(api: Api) -> None:
    query = f"resourceVersion={await _version(api)}&timeoutSeconds=10"
    stream = api.watch(api.path("configmaps"), query)
    first = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.1)
    await api.post(api.path("configmaps"), config_map("a"))
    event = await asyncio.wait_for(first, 5)
    assert (event["type"], event["object"]["kind"]) == ("ADDED", "ConfigMap")
    await stream.aclose()  # type: ignore[attr-defined]


async def test_a_deleted_object_carries_the_version_of_its_deletion(api: Api) -> None:
    created = await api.post(api.path("configmaps"), config_map("a", key="1"))
    version = created.metadata["resourceVersion"]
    await api.delete(api.path("configmaps", "a"))
    query = f"resourceVersion={version}&timeoutSeconds=1"
    events = [event async for event in api.watch(api.path("configmaps"), query)]
    assert events[0]["object"]["data"] == {"key": "1"}
    assert int(events[0]["object"]["metadata"]["resourceVersion"]) > int(version)


async def test_an_object_that_leaves_or_enters_the_selection_is_deleted_or_added(api: Api) -> None:
    labelled = {"metadata": {"name": "a", "labels": {"in": "yes"}}}
    query = f"resourceVersion={await _version(api)}&labelSelector=in=yes"
    await api.post(api.path("configmaps"), labelled)
    for value in ("no", "yes"):
        patch = {"metadata": {"labels": {"in": value}}}
        await api.patch(api.path("configmaps", "a"), patch)
    events = await api.events(api.path("configmaps"), query)
    assert events == [("ADDED", "a"), ("DELETED", "a"), ("ADDED", "a")]


async def test_an_object_that_leaves_the_selection_is_shown_as_it_was(api: Api) -> None:
    labelled = {"metadata": {"name": "a", "labels": {"in": "yes"}}}
    created = await api.post(api.path("configmaps"), labelled)
    query = f"resourceVersion={created.metadata['resourceVersion']}&timeoutSeconds=1"
    await api.patch(api.path("configmaps", "a"), {"metadata": {"labels": {"in": "no"}}})
    stream = api.watch(api.path("configmaps"), query + "&labelSelector=in=yes")
    events = [event async for event in stream]
    assert [event["type"] for event in events] == ["DELETED"]
    assert events[0]["object"]["metadata"]["labels"] == {"in": "yes"}


async def test_a_watch_of_one_namespace_shows_nothing_else(api: Api) -> None:
    query = f"resourceVersion={await _version(api)}"
    elsewhere = "/api/v1/namespaces/default/configmaps"
    await api.post(elsewhere, config_map(api.namespace))
    await api.delete(f"{elsewhere}/{api.namespace}")
    assert await api.events(api.path("configmaps"), query) == []


async def test_a_watch_from_no_number_is_refused(api: Api) -> None:
    answer = await api.get(api.path("configmaps") + "?watch=true&resourceVersion=abc")
    assert answer.code == 500


async def test_initial_events_need_a_resource_version_match(api: Api) -> None:
    answer = await api.get(api.path("configmaps") + "?watch=true&sendInitialEvents=true")
    assert (answer.code, answer.fields) == (422, ["resourceVersionMatch"])


async def test_the_last_finalizer_of_a_deleted_object_ends_it_as_it_was(api: Api) -> None:
    metadata = {"name": "a", "finalizers": ["example.com/f"]}
    created = await api.post(api.path("configmaps"), {"metadata": metadata})
    query = f"resourceVersion={created.metadata['resourceVersion']}"
    await api.delete(api.path("configmaps", "a"))
    await api.patch(api.path("configmaps", "a"), {"metadata": {"finalizers": None}})
    stream = api.watch(api.path("configmaps"), query + "&timeoutSeconds=1")
    events = [event async for event in stream]
    assert [event["type"] for event in events] == ["MODIFIED", "DELETED"]
    assert events[-1]["object"]["metadata"]["finalizers"] == ["example.com/f"]
