import asyncio
from collections.abc import AsyncGenerator, Mapping

import pytest

from common.errors import ApiError, IdentityError, RetryError
from common.kube.client import Page
from common.objects import Obj, name_of
from watchers.machine import Machine
from watchers.reflector import Event, Reflector, Verify, no_check


def obj(name: str, version: str) -> Obj:
    return {"metadata": {"name": name, "resourceVersion": version}}


class Script(Exception):  # noqa: N818
    """The server's script is over."""


SILENT = "silent"


class Server:
    """Answers lists and watches with what the test wrote, in order; an exception is raised."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.asked: list[Mapping[str, str]] = []

    def _next(self, params: Mapping[str, str]) -> object:
        if not self.answers:
            raise Script
        self.asked.append(params)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def list_page(self, path: str, params: Mapping[str, str]) -> Page:
        page = self._next(params)
        assert isinstance(page, Page)
        return page

    async def watch_batches(
        self, path: str, params: Mapping[str, str]
    ) -> AsyncGenerator[list[Event]]:
        batches = self._next(params)
        assert isinstance(batches, list)
        for batch in batches:
            if batch == SILENT:
                await asyncio.sleep(60)
            if isinstance(batch, Exception):
                raise batch
            yield batch


class Sink:
    """Writes down what it was told, as one line each."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def list_started(self) -> None:
        self.told.append("start")

    async def listed(self, objects: list[Obj], version: str) -> None:
        self.told += [f"listed {name_of(each)}" for each in objects]

    async def list_done(self, version: str) -> bool:
        self.told.append(f"done {version}")
        return True

    async def events(self, events: list[Event]) -> None:
        self.told += [f"{kind} {name_of(each)}".strip() for kind, each in events]


class Run:
    """A reflector run against a script until that is over."""

    def __init__(
        self,
        *answers: object,
        position: str = "",
        lasting_s: float = 1250.0,
        sink: Sink | None = None,
        verify: Verify = no_check,
    ) -> None:
        self.server, self.sink = Server(*answers), sink or Sink()
        self.machine = Machine(position, random=lambda: 0.5)
        self.slept: list[float] = []
        self.now, self.lasting_s = 0.0, lasting_s
        self.reflector = Reflector(
            "test",
            self.server,
            self.sink,
            "/api/v1/pods",
            {"labelSelector": "a=b"},
            silence_s=0.05,
            sleep=self.sleep,
            clock=self.clock,
            verify=verify,
            machine=self.machine,
        )

    async def sleep(self, delay_s: float) -> None:
        self.slept.append(delay_s)

    def clock(self) -> float:
        self.now += self.lasting_s
        return self.now

    async def finish(self) -> "Run":
        with pytest.raises(Script):
            await self.reflector.run()
        return self

    def positions(self) -> list[str]:
        return [params.get("resourceVersion", "list") for params in self.server.asked]


ADDED = ("ADDED", obj("a", "8"))
BOOKMARK: Event = ("BOOKMARK", {"metadata": {"resourceVersion": "20"}})
GONE: Event = ("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old"})
AWAY = RetryError("connection reset")
THERE = Page([], "30", "")
"""What a server says that isn't behind any position."""


async def test_a_list_is_handed_over_page_by_page_then_watched_from_its_version() -> None:
    run = await Run(Page([obj("a", "1")], "5", "t"), Page([obj("b", "2")], "5", ""), []).finish()
    assert run.sink.told == ["start", "listed a", "listed b", "done 5"]
    assert run.server.asked[0] == {"labelSelector": "a=b", "limit": "200"}
    assert run.server.asked[1]["continue"] == "t"
    assert run.server.asked[2] == {
        "labelSelector": "a=b",
        "resourceVersion": "5",
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "1500",
    }


async def test_a_known_position_is_resumed_without_a_list() -> None:
    run = await Run([[ADDED]], position="7").finish()
    assert run.sink.told == ["ADDED a"]


async def test_a_reconnect_resumes_from_the_last_event() -> None:
    run = await Run([[ADDED]], [], position="7").finish()
    assert run.positions() == ["7", "8"]
    assert run.slept == []


async def test_a_bookmark_moves_the_position_too() -> None:
    run = await Run([[BOOKMARK], AWAY], THERE, [], position="7").finish()
    assert run.positions() == ["7", "list", "20"]


async def test_events_before_an_error_in_the_same_batch_count() -> None:
    run = await Run([[ADDED, GONE]], Page([], "30", ""), [], position="7").finish()
    assert run.sink.told == ["ADDED a", "start", "done 30"]
    assert run.positions() == ["7", "list", "30"]


async def test_410_when_the_watch_opens_leads_to_a_list() -> None:
    gone = ApiError("too old", 410, "Expired")
    run = await Run(gone, Page([], "30", ""), [], position="7").finish()
    assert run.positions() == ["7", "list", "30"]


async def test_410_within_a_list_starts_it_anew() -> None:
    gone = ApiError("token expired", 410, "Expired")
    run = await Run(
        Page([obj("a", "1")], "5", "t"), gone, Page([obj("a", "1")], "9", ""), []
    ).finish()
    assert run.sink.told == ["start", "listed a", "start", "listed a", "done 9"]
    assert run.positions()[-1] == "9"


async def test_a_silent_watch_is_cut_and_resumed() -> None:
    run = await Run([[ADDED], SILENT], THERE, [], position="7").finish()
    assert run.positions() == ["7", "list", "8"]


async def test_a_connection_cut_in_the_middle_is_resumed_with_back_off() -> None:
    run = await Run([[ADDED], AWAY], AWAY, THERE, AWAY, THERE, [], position="7").finish()
    assert run.positions() == ["7", "list", "list", "8", "list", "8"]
    assert run.slept == sorted(run.slept)
    assert len(set(run.slept)) == 3


async def test_a_server_that_came_back_with_an_older_state_is_listed() -> None:
    """It would tell nothing until its versions come to ours, and never what it had before."""
    behind = Page([obj("a", "1")], "5", "")
    run = await Run([[BOOKMARK], AWAY], behind, behind, [], position="7").finish()
    assert run.sink.told == ["BOOKMARK", "start", "listed a", "done 5"]
    assert run.server.asked[1] == {"labelSelector": "a=b", "limit": "10"}
    assert run.positions() == ["7", "list", "list", "5"]


async def test_an_empty_first_list_is_asked_for_once_more() -> None:
    had = Page([obj("a", "3")], "9", "")
    run = await Run(Page([], "5", ""), [], had, had, []).finish()
    assert run.sink.told == ["start", "done 5", "start", "listed a", "done 9"]
    assert run.server.asked[1]["timeoutSeconds"] == "12"


async def test_a_list_that_the_sink_does_not_take_is_fetched_anew() -> None:
    first, second = Page([obj("a", "1")], "5", "t"), Page([obj("b", "1")], "5", "")
    run = await Run(*[first, second] * 3, [], sink=Doubter()).finish()
    once = ["start", "listed a", "listed b"]
    assert run.sink.told == [*once, *once, *once, "done 5"]
    assert len(run.slept) == 1


async def test_429_waits_as_long_as_the_server_says() -> None:
    run = await Run(RetryError("busy", after_s=5), Page([], "5", ""), []).finish()
    assert 5 <= run.slept[0] <= 5.5


async def test_a_watch_that_ends_at_once_is_slowed_down() -> None:
    run = await Run([], THERE, [], THERE, [], position="7", lasting_s=0.001).finish()
    assert len(run.slept) == 3


async def test_trouble_is_known_until_something_comes() -> None:
    run = await Run(AWAY, position="7").finish()
    assert run.reflector.trouble == "connection reset"
    run = await Run(AWAY, THERE, [[BOOKMARK]], position="7").finish()
    assert run.reflector.trouble == ""


async def test_another_cluster_is_noticed_before_its_list_counts() -> None:
    answers = iter([None, IdentityError("another cluster")])

    async def verify() -> None:
        if error := next(answers):
            raise error

    run = Run(Page([], "5", ""), verify=verify)
    with pytest.raises(IdentityError):
        await run.reflector.run()
    assert run.sink.told == ["start"]


class Doubter(Sink):
    """Believes no list at first, and then wants one more."""

    asked = 0

    async def list_done(self, version: str) -> bool:
        self.asked += 1
        if self.asked == 1:
            raise RetryError("a lie")
        return self.asked > 2 and await super().list_done(version)


class FullSink(Sink):
    """Takes the first events and never gets done with them."""

    def __init__(self) -> None:
        super().__init__()
        self.full = asyncio.Event()

    async def events(self, events: list[Event]) -> None:
        self.full.set()
        await asyncio.sleep(60)


async def test_the_stream_waits_for_a_slow_sink() -> None:
    sink = FullSink()
    run = Run([[ADDED], [BOOKMARK]], position="7", sink=sink)
    task = asyncio.create_task(run.reflector.run())
    await sink.full.wait()
    await asyncio.sleep(0.1)
    assert not task.done()
    assert run.machine.position == "7"
    task.cancel()
