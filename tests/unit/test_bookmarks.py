import pytest

from common.objects import Obj
from watchers.bookmarks import FAR, LONG_S, Bookmarks
from watchers.reflector import Event


class Taken:
    """A sink that keeps what it's given."""

    def __init__(self) -> None:
        self.events_taken: list[list[Event]] = []

    async def list_started(self) -> None:
        self.events_taken.clear()

    async def listed(self, objects: list[Obj], version: str) -> None:
        pass

    async def list_done(self, version: str) -> bool:
        return True

    async def events(self, events: list[Event]) -> None:
        self.events_taken.append(events)


class Setting:
    def __init__(self, position: str = "500") -> None:
        self.now_s = 0.0
        self.sink = Taken()
        self.bookmarks = Bookmarks(self.sink, position, lambda: self.now_s)

    async def passes(self, *events: Event) -> bool:
        before = len(self.sink.events_taken)
        await self.bookmarks.events(list(events))
        return len(self.sink.events_taken) > before


def bookmark(version: str) -> Event:
    return "BOOKMARK", {"metadata": {"resourceVersion": version}}


def change(version: str) -> Event:
    return "MODIFIED", {"metadata": {"name": "a", "resourceVersion": version}}


async def test_changes_pass_at_once_and_bookmarks_with_them() -> None:
    it = Setting()
    assert await it.passes(change("501"))
    assert await it.passes(change("502"), bookmark("503"))


async def test_a_bookmark_that_tells_little_is_withheld() -> None:
    it = Setting()
    assert not await it.passes(bookmark("501"))
    assert not await it.passes(bookmark("500"))


async def test_one_that_is_far_from_what_is_stored_passes() -> None:
    it = Setting()
    assert await it.passes(bookmark(str(500 + FAR)))
    assert not await it.passes(bookmark(str(501 + FAR)))


async def test_one_passes_after_a_while_unless_it_is_where_the_stream_stands() -> None:
    it = Setting()
    it.now_s += LONG_S
    assert not await it.passes(bookmark("500"))
    assert await it.passes(bookmark("501"))
    assert not await it.passes(bookmark("502"))


@pytest.mark.parametrize("version", ["", "x"])
async def test_one_that_is_not_understood_is_left_to_others_to_judge(version: str) -> None:
    assert await Setting().passes(bookmark(version))


async def test_a_list_that_is_stored_says_where_the_stream_stands() -> None:
    it = Setting("")
    assert await it.bookmarks.list_done("7")
    assert not await it.passes(bookmark("8"))
