"""A page of text that is shown again and again, in place on a terminal, until Ctrl-C."""

import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TextIO

from common.errors import ConfigError, TohostError
from tohost.output import plain

_HOME, _REST_OF_LINE, _REST = "\x1b[H", "\x1b[K", "\x1b[J"
_OTHER_SCREEN, _OWN_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


class Screen:
    """`output`: text is drawn in place on a terminal, with the time; elsewhere, and as data, each
    page follows the one before."""

    def __init__(self, stream: TextIO, output: str = "text") -> None:
        self._stream = stream
        self._text = output == "text"
        self._separator = "---\n" if output == "yaml" else ""
        self._drawn = self._text and stream.isatty()

    def open(self) -> None:
        if self._drawn:
            self._stream.write(_OTHER_SCREEN)

    def close(self) -> None:
        if self._drawn:
            self._stream.write(_OWN_SCREEN)
            self._stream.flush()

    def draw(self, page: str) -> None:
        if not self._text:
            self._stream.write(self._separator + page)
        elif self._drawn:
            self._stream.write(_HOME + "".join(f"{x}{_REST_OF_LINE}\n" for x in _cut(page)) + _REST)
        else:
            self._stream.write(f"{_now()}\n{page}\n")
        self._stream.flush()

    def trouble(self, words: str) -> None:
        """What kept a page from being made; not among data."""
        if self._text:
            self.draw(f"{plain(words)}\n")


def show(
    page: Callable[[], tuple[str, bool]],
    every_s: float,
    screen: Screen,
    wait: Callable[[float], None] = time.sleep,
) -> int:
    """Until Ctrl-C; then 0 when all was fine last, else 1. `page` answers text and whether it is.

    A page that can't be made once may be made later, but not the very first one: raises TohostError
    and ConfigError of that.
    """
    text, fine = page()
    screen.open()
    try:
        screen.draw(text)
        while True:
            wait(every_s)
            try:
                text, fine = page()
                screen.draw(text)
            except ConfigError:
                raise
            except TohostError as error:
                fine = False
                screen.trouble(str(error))
    except KeyboardInterrupt:
        return 0 if fine else 1
    finally:
        screen.close()


def _cut(page: str) -> list[str]:
    """To the terminal's size, so that nothing scrolls; the time comes first."""
    size = shutil.get_terminal_size()
    lines = [f"{_now()}  Ctrl-C ends", "", *page.splitlines()]
    room = max(3, size.lines - 1)
    if len(lines) > room:
        lines[room - 1 :] = [f"... {len(lines) - room + 1} more lines"]
    return [line[: size.columns] for line in lines]


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
