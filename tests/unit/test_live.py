"""`tohost status -w`: a page that is shown again and again."""

import io
from collections.abc import Callable

import pytest

from common.errors import TohostError
from tohost.live import Screen, show


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def turns(times: int) -> Callable[[float], None]:
    """A wait that Ctrl-C ends after so many."""
    left = iter(range(times))

    def wait(_seconds: float) -> None:
        if next(left, None) is None:
            raise KeyboardInterrupt

    return wait


def pages(*said: tuple[str, bool] | Exception) -> Callable[[], tuple[str, bool]]:
    coming = iter(said)

    def page() -> tuple[str, bool]:
        following = next(coming)
        if isinstance(following, Exception):
            raise following
        return following

    return page


def test_data_follow_each_other_as_they_are() -> None:
    stream = io.StringIO()
    made = pages(("{1}\n", True), ("{2}\n", True))
    assert show(made, 2.0, Screen(stream, "json"), turns(1)) == 0
    assert stream.getvalue() == "{1}\n{2}\n"


def test_yaml_documents_are_kept_apart() -> None:
    stream = io.StringIO()
    show(pages(("a: 1\n", True)), 2.0, Screen(stream, "yaml"), turns(0))
    assert stream.getvalue() == "---\na: 1\n"


@pytest.mark.parametrize(("fine", "code"), [(True, 0), (False, 1)])
def test_the_exit_code_is_how_it_stood_last(fine: bool, code: int) -> None:
    made = pages(("x\n", not fine), ("y\n", fine))
    assert show(made, 2.0, Screen(io.StringIO()), turns(1)) == code


def test_it_goes_on_after_trouble_and_tells_it() -> None:
    stream = io.StringIO()
    made = pages(("x\n", True), TohostError("Redis is\x1b[2J away"), ("y\n", True))
    assert show(made, 2.0, Screen(stream), turns(2)) == 0
    assert "Redis is [2J away\n" in stream.getvalue()
    assert stream.getvalue().endswith("\ny\n\n")


def test_trouble_is_not_written_among_data() -> None:
    stream = io.StringIO()
    made = pages(("{}\n", True), TohostError("away"))
    assert show(made, 2.0, Screen(stream, "json"), turns(1)) == 1
    assert stream.getvalue() == "{}\n"


def test_a_first_page_that_cannot_be_made_is_an_error() -> None:
    with pytest.raises(TohostError):
        show(pages(TohostError("away")), 2.0, Screen(io.StringIO()), turns(0))


def test_a_terminal_shows_each_page_in_place_and_gets_its_own_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LINES", "8")
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    long = "".join(f"line {n} {'x' * 40}\n" for n in range(30))
    show(pages((long, True)), 2.0, Screen(stream), turns(0))
    text = stream.getvalue()
    assert text.startswith("\x1b[?1049h\x1b[H")
    assert text.endswith("\x1b[J\x1b[?1049l")
    shown = [line.replace("\x1b[K", "") for line in text.splitlines()]
    assert len(shown) <= 8
    assert shown[-2] == "... 26 more lines"
    assert "line 4" not in text
