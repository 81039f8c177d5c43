"""The page of the docs: one section for each part. A run of some replaces only theirs."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.fleet.part import Section
from benchmarks.report import markdown, write_page

TITLE: Final = "A fleet of virtual clusters"
COMMAND: Final = "make bench-fleet"
_HEADING: Final = re.compile(r"^## (.*)$", re.MULTILINE)


def write(file: Path, titles: Sequence[str], new: Sequence[Section]) -> None:
    """`titles`: of all sections there may be, in their order."""
    sections = _read(file) | {each.title: _text(each) for each in new}
    parts = [f"## {title}\n\n{sections[title]}" for title in titles if title in sections]
    write_page(file, TITLE, COMMAND, parts)


def _read(file: Path) -> dict[str, str]:
    """The text below each heading."""
    if not file.exists():
        return {}
    _, *found = _HEADING.split(file.read_text())
    return {title: text.strip() for title, text in zip(found[::2], found[1::2], strict=True)}


def _text(section: Section) -> str:
    return "\n\n".join([*section.words, *map(markdown, section.tables), *section.images])
