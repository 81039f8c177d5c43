"""The sandbox makes trouble exactly as asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.server.apiserver import ApiServer

PODS = "/api/v1/pods"


@pytest.fixture
async def server() -> AsyncIterator[ApiServer]:
    running = ApiServer()
    await running.start()
    yield running
    await running.stop()


@pytest.fixture
async def http(server: ApiServer) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(server.url) as session:
        yield session


async def _code(http: aiohttp.ClientSession, path: str = PODS) -> int:
    async with http.get(path) as response:
        return response.status


async def test_a_failure_strikes_as_often_as_asked(
    server: ApiServer, http: aiohttp.ClientSession
) -> None:
    server.faults.fail(503, path=PODS, times=2)
    assert [await _code(http) for _ in range(3)] == [503, 503, 200]


async def test_a_failure_strikes_only_what_matches(
    server: ApiServer, http: aiohttp.ClientSession
) -> None:
    server.faults.fail(500, path="/api/v1/secrets", method="GET")
    assert await _code(http) == 200
    assert await _code(http, "/api/v1/secrets") == 500


async def test_too_many_requests_say_when_to_come_back(
    server: ApiServer, http: aiohttp.ClientSession
) -> None:
    server.faults.fail(429, retry_after_s=7, times=1)
    async with http.get(PODS) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "7")
        assert (await response.json())["reason"] == "TooManyRequests"


async def test_a_delay_delays(server: ApiServer, http: aiohttp.ClientSession) -> None:
    server.faults.delay(0.2, times=1)
    begun = time.monotonic()
    assert await _code(http) == 200
    assert time.monotonic() - begun >= 0.2


async def test_a_vanishing_server_drops_the_connection(
    server: ApiServer, http: aiohttp.ClientSession
) -> None:
    fault = server.faults.vanish()
    with pytest.raises(aiohttp.ClientConnectionError):
        await _code(http)
    server.faults.remove(fault)
    assert await _code(http) == 200


async def test_a_cut_watch_ends_in_the_middle_of_a_line(
    server: ApiServer, http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{PODS}?watch=1") as response:
        assert server.faults.cut_watches(PODS) == 1
        received = await response.content.readany()
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
    assert received.startswith(b'{"type":')
    assert not received.endswith(b"\n")


async def test_a_silent_watch_stays_open_and_says_nothing(
    server: ApiServer, http: aiohttp.ClientSession
) -> None:
    async with http.get("/api/v1/namespaces?watch=1&resourceVersion=1") as response:
        await response.content.readany()
        assert server.faults.silence_watches() == 1
        await asyncio.sleep(0.05)
        await http.post("/api/v1/namespaces", json={"metadata": {"name": "unseen"}})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(response.content.readany(), 0.3)


async def test_expired_history_answers_old_watches_with_410(
    server: ApiServer, http: aiohttp.ClientSession
) -> None:
    await http.post("/api/v1/namespaces", json={"metadata": {"name": "new"}})
    server.faults.expire_history()
    async with http.get("/api/v1/namespaces?watch=1&resourceVersion=2") as response:
        event = await response.json(content_type=None)
    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
    assert event["object"]["reason"] == "Expired"


async def test_expired_history_answers_old_pages_with_410(
    server: ApiServer, http: aiohttp.ClientSession
) -> None:
    async with http.get("/api/v1/namespaces?limit=1") as response:
        token = (await response.json())["metadata"]["continue"]
    server.faults.expire_history()
    async with http.get("/api/v1/namespaces", params={"continue": token}) as response:
        refused = await response.json()
    assert (response.status, refused["reason"]) == (410, "Expired")
    assert refused["metadata"]["continue"]


async def test_a_stopped_server_resumes_on_its_port_with_its_objects(server: ApiServer) -> None:
    url = server.url
    await server.stop()
    await server.start()
    assert server.url == url
    async with aiohttp.ClientSession(url) as session:
        assert await _code(session, "/api/v1/namespaces/default") == 200


async def test_a_watch_with_bookmarks_is_told_the_version_before_it_ends(
    http: aiohttp.ClientSession,
) -> None:
    query = "watch=1&resourceVersion=2&allowWatchBookmarks=true&timeoutSeconds=3"
    async with http.get(f"/api/v1/secrets?{query}") as response:
        event = await response.json(content_type=None)
    assert event["type"] == "BOOKMARK"
    assert int(event["object"]["metadata"]["resourceVersion"]) > 2
