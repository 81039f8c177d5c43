"""Who sees the pages for people, and that they hold nothing else up."""

import asyncio
import threading
from collections.abc import Mapping

import aiohttp
import pytest

from common.process.health import Readiness, serve
from common.process.views import WAITING, Access, Answer, Views, is_local

URL = "http://127.0.0.1:{port}{path}"


def shown(asked: Mapping[str, str]) -> Answer:
    return Answer(f"asked: {dict(asked)}".encode(), 200, {"Content-Type": "text/plain"})


async def get(port: int, path: str, host: str | None = None) -> tuple[int, str]:
    headers = {"Host": host} if host else {}
    async with (
        aiohttp.ClientSession() as session,
        session.get(URL.format(port=port, path=path), headers=headers) as response,
    ):
        return response.status, await response.text()


async def answered(access: Access, host: str | None = None) -> tuple[int, str]:
    views = Views({"/": shown}, access)
    async with serve(0, Readiness, {}, host="127.0.0.1", views=views) as port:
        return await get(port, "/?q=a", host)


@pytest.mark.parametrize(
    ("peer", "host", "local"),
    [
        ("127.0.0.1", "localhost:8080", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("::1", "[::1]:8080", True),
        ("::ffff:127.0.0.1", "localhost", True),
        ("127.0.0.6", "localhost", False),
        ("10.1.2.3", "localhost", False),
        ("127.0.0.1", "rebound.example.com", False),
        ("127.0.0.1", "[", False),
        ("127.0.0.1", "", False),
        (None, "localhost", False),
    ],
)
def test_only_this_machine_under_its_own_name_is_local(
    peer: str | None, host: str, local: bool
) -> None:
    assert is_local(peer, host) is local


async def test_a_page_gets_the_parameters_of_its_address() -> None:
    assert await answered("local") == (200, "asked: {'q': 'a'}")


async def test_a_strangers_name_for_this_machine_is_refused_with_what_to_do() -> None:
    status, words = await answered("local", "rebound.example.com")
    assert status == 403
    assert "kubectl port-forward" in words
    assert "asked" not in words


async def test_everyone_may_be_let_in() -> None:
    assert (await answered("everyone", "tohost.example.com"))[0] == 200


async def test_without_access_there_is_no_page() -> None:
    assert (await answered("none"))[0] == 404


async def test_probes_answer_while_pages_are_stuck_and_a_crowd_is_sent_away() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(asked: Mapping[str, str]) -> Answer:
        begun.set()
        go_on.wait(10)
        return shown(asked)

    async with serve(0, Readiness, {}, host="127.0.0.1", views=Views({"/": slow})) as port:
        crowd = [asyncio.create_task(get(port, "/")) for _ in range(WAITING + 1)]
        first, _ = await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
        assert [task.result()[0] for task in first] == [503]
        assert begun.is_set()
        assert (await get(port, "/healthz"))[0] == 200
        go_on.set()
        assert sorted(status for status, _ in await asyncio.gather(*crowd)) == [200] * WAITING + [
            503
        ]
