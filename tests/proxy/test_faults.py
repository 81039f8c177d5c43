"""Each fault does what it says, and is counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from common.errors import ApiError, RetryError
from tests.proxy.conftest import CONFIGMAPS, Rig

A: dict[str, Any] = {"metadata": {"name": "a"}}


async def test_without_faults_everything_passes(rig: Rig) -> None:
    made = await rig.through.request("POST", CONFIGMAPS, body=A)
    assert await rig.through.request("GET", f"{CONFIGMAPS}/a") == made
    assert not rig.proxy.faults.struck


async def test_a_failed_write_is_not_done(rig: Rig) -> None:
    rig.proxy.faults.fail(429, retry_after_s=7, methods="POST")
    with pytest.raises(RetryError) as refused:
        await rig.through.request("POST", CONFIGMAPS, body=A)
    assert refused.value.after_s == 7
    assert await _names(rig.direct) == []
    assert rig.proxy.faults.struck["fail 429"] == 1


@pytest.mark.parametrize("code", [0, 500])
async def test_a_write_whose_answer_is_lost_is_done(rig: Rig, code: int) -> None:
    rig.proxy.faults.fail_after(code, methods="create")
    with pytest.raises(RetryError):
        await rig.through.request("POST", CONFIGMAPS, body=A)
    assert await _names(rig.direct) == ["a"]


async def test_a_hanging_request_ends_without_an_answer(rig: Rig) -> None:
    rig.proxy.faults.hang(0.2)
    begin = asyncio.get_running_loop().time()
    with pytest.raises(RetryError):
        await rig.through.request("POST", CONFIGMAPS, body=A)
    assert asyncio.get_running_loop().time() - begin >= 0.2
    assert await _names(rig.direct) == []


async def test_delays_add_up(rig: Rig) -> None:
    for _ in range(2):
        rig.proxy.faults.delay(0.1)
    begin = asyncio.get_running_loop().time()
    assert await _names(rig.through) == []
    assert asyncio.get_running_loop().time() - begin >= 0.2


async def test_a_share_of_the_requests_is_struck(rig: Rig) -> None:
    rig.proxy.faults.fail(503, share=0.5)
    answers = [await _fails(rig) for _ in range(60)]
    assert 10 < sum(answers) < 50


async def test_a_fault_strikes_only_what_it_is_for_and_so_often(rig: Rig) -> None:
    rig.proxy.faults.fail(500, methods="list|PUT", path="configmaps", times=2)
    await rig.through.request("GET", "/api/v1/namespaces/default")
    await rig.through.request("GET", "/api/v1/namespaces/default/secrets")
    assert [await _fails(rig) for _ in range(3)] == [True, True, False]


async def test_faults_can_be_removed(rig: Rig) -> None:
    faults = rig.proxy.faults
    failing = faults.fail(500)
    faults.remove(failing)
    assert not await _fails(rig)
    faults.fail(500)
    faults.clear()
    assert not await _fails(rig)


async def test_watches_expire_in_both_forms(rig: Rig) -> None:
    rig.proxy.faults.expire()
    seen = [await _first_event(rig) for _ in range(12)]
    assert set(seen) == {"HTTP 410", "ERROR 410"}


async def test_continue_tokens_expire_and_first_pages_do_not(rig: Rig) -> None:
    await rig.create("a")
    await rig.create("b")
    rig.proxy.faults.expire()
    page = await rig.through.list_page(CONFIGMAPS, {"limit": "1"})
    with pytest.raises(ApiError, match="too old") as refused:
        await rig.through.list_page(CONFIGMAPS, {"limit": "1", "continue": page.next})
    assert refused.value.status == 410


async def test_a_stale_list_is_an_earlier_one_of_an_older_version(rig: Rig) -> None:
    before = await rig.through.list_page(CONFIGMAPS)
    await rig.create("a")
    rig.proxy.faults.stale()
    assert await rig.through.list_page(CONFIGMAPS) == before
    rig.proxy.faults.clear()
    assert await _names(rig.through) == ["a"]


async def test_a_stale_list_that_nobody_asked_for_before_is_passed_on(rig: Rig) -> None:
    await rig.create("a")
    rig.proxy.faults.stale()
    assert await _names(rig.through) == ["a"]
    assert rig.proxy.faults.struck["stale"] == 0


async def test_copies_for_stale_lists_can_be_brought_up_to_date(rig: Rig) -> None:
    await _names(rig.through)
    await rig.create("a")
    assert await asyncio.to_thread(rig.proxy.faults.copy_lists) == 1
    await rig.create("b")
    rig.proxy.faults.stale()
    seen = [await _names(rig.through) for _ in range(12)]
    assert [] in seen
    assert ["a"] in seen
    assert ["a", "b"] not in seen


async def test_an_empty_list_has_the_right_version(rig: Rig) -> None:
    made = await rig.create("a")
    rig.proxy.faults.empty()
    page = await rig.through.list_page(CONFIGMAPS, {"limit": "1"})
    assert (page.items, page.next) == ([], "")
    assert int(page.resource_version) >= int(made["metadata"]["resourceVersion"])


async def test_gone_refuses_and_resets_until_it_is_back(rig: Rig) -> None:
    watching = asyncio.create_task(_events(rig))
    await _until_watched(rig)
    rig.proxy.faults.gone()
    with pytest.raises(RetryError):
        await watching
    with pytest.raises(RetryError, match="Connect call failed"):
        await _names(rig.through)
    rig.proxy.faults.back()
    assert await _names(rig.through) == []


async def test_a_watch_passes_events_on_and_is_cut_in_the_middle_of_a_line(rig: Rig) -> None:
    seen: list[str] = []
    watching = asyncio.create_task(_events(rig, seen))
    await _until_watched(rig)
    await rig.create("a")
    await _until(lambda: seen == ["ADDED a"])
    assert rig.proxy.faults.cut_watches("secrets") == 0
    assert rig.proxy.faults.cut_watches("configmaps") == 1
    with pytest.raises(RetryError):
        await watching
    assert seen == ["ADDED a"]


async def test_a_silent_watch_stays_open_and_tells_nothing(rig: Rig) -> None:
    seen: list[str] = []
    watching = asyncio.create_task(_events(rig, seen))
    await _until_watched(rig)
    assert rig.proxy.faults.silence_watches() == 1
    await rig.create("a")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(watching), 0.3)
    assert seen == []
    watching.cancel()


async def test_a_watch_ends_when_the_api_server_ends_it(rig: Rig) -> None:
    params = {"timeoutSeconds": "1", "resourceVersion": "1"}
    async with asyncio.timeout(5):
        assert [each async for each in rig.through.watch(CONFIGMAPS, params)] == []


async def _names(client: Any) -> list[str]:
    return [each["metadata"]["name"] for each in (await client.list_page(CONFIGMAPS)).items]


async def _fails(rig: Rig) -> bool:
    try:
        await _names(rig.through)
    except RetryError:
        return True
    return False


async def _first_event(rig: Rig) -> str:
    try:
        async for kind, obj in rig.through.watch(CONFIGMAPS, {"resourceVersion": "1"}):
            return f"{kind} {obj['code']}"
    except ApiError as error:
        return f"HTTP {error.status}"
    return "nothing"


async def _events(rig: Rig, seen: list[str] | None = None) -> None:
    async for kind, obj in rig.through.watch(CONFIGMAPS):
        if seen is not None:
            seen.append(f"{kind} {obj['metadata']['name']}")


async def _until_watched(rig: Rig) -> None:
    await _until(lambda: rig.proxy.watches == 1)


async def _until(holds: Any) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)
