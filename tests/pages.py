"""The documentation as tests read it: its pages, and the shell commands that they tell."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
_BLOCK = re.compile(r"^( *)```sh\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """All that people read: of the site, and beside the code."""
    return [*sorted(DOCS.rglob("*.md")), ROOT / "README.md", ROOT / "deploy" / "README.md"]


def section(page: str, heading: str) -> str:
    """What is below a heading of `docs/<page>.md`, up to the next one of its rank or a higher."""
    text = (DOCS / f"{page}.md").read_text()
    found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert found, f"{page}: no heading {heading!r}"
    rest = text[found.end() :]
    following = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: following.start()] if following else rest


def commands(page: str, heading: str) -> list[str]:
    """The blocks of shell commands of a section, as one would copy them."""
    return [textwrap.dedent(block) for _, block in _BLOCK.findall(section(page, heading))]


def told_commands() -> Iterator[tuple[str, str]]:
    """Page, and the word that follows `tohost` wherever a page tells to run it."""
    told = re.compile(r"(?:^|[`$|(]|-- |bin/)\s*tohost ([a-z]+)\b(?! *[:=])", re.MULTILINE)
    for page in pages():
        text = page.read_text()
        code = [*re.findall(r"```.*?```", text, re.DOTALL), *re.findall(r"`[^`\n]+`", text)]
        for word in (word for each in code for word in told.findall(each)):
            yield page.name, word
