"""Server-side apply."""

from __future__ import annotations

from typing import Any

from tests.conformance.api import APPLY, Answer, Api, Object, config_map


async def _apply(api: Api, manager: str, obj: Object, force: str = "false") -> Answer:
    path = api.path("configmaps", obj["metadata"]["name"])
    typed: Any = {"apiVersion": "v1", "kind": "ConfigMap"} | obj
    return await api.patch(f"{path}?fieldManager={manager}&force={force}", typed, APPLY)


async def test_apply_creates_what_is_not_there(api: Api) -> None:
    answer = await _apply(api, "me", config_map("a", key="1"))
    assert (answer.code, answer.body["data"]) == (201, {"key": "1"})


async def test_apply_takes_away_what_it_no_longer_names(api: Api) -> None:
    await _apply(api, "me", config_map("a", kept="1", dropped="1"))
    answer = await _apply(api, "me", config_map("a", kept="2"))
    assert (answer.code, answer.body["data"]) == (200, {"kept": "2"})


async def test_apply_leaves_what_others_own(api: Api) -> None:
    await _apply(api, "me", config_map("a", mine="1"))
    answer = await _apply(api, "you", config_map("a", yours="1"))
    assert answer.body["data"] == {"mine": "1", "yours": "1"}


async def test_apply_of_what_another_applied_conflicts(api: Api) -> None:
    await _apply(api, "me", config_map("a", key="1"))
    answer = await _apply(api, "you", config_map("a", key="2"))
    assert (answer.code, answer.reason, answer.fields) == (409, "Conflict", [".data.key"])
    assert 'conflict with "me"' in answer.message


async def test_a_forced_apply_takes_the_field_over(api: Api) -> None:
    await _apply(api, "me", config_map("a", key="1"))
    answer = await _apply(api, "you", config_map("a", key="2"), force="true")
    assert (answer.code, answer.body["data"]) == (200, {"key": "2"})


async def test_apply_without_a_field_manager_is_refused(api: Api) -> None:
    typed = {"apiVersion": "v1", "kind": "ConfigMap"} | config_map("a")
    answer = await api.patch(api.path("configmaps", "a"), typed, APPLY)
    assert (answer.code, answer.fields) == (422, ["fieldManager"])
