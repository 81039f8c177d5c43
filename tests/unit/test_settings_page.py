"""The page of all settings is what the types say."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from common.config import Config
from tohost.settings_page import page

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def rows(section: str) -> Iterator[list[str]]:
    """The cells of a section's table."""
    text = page().split(f"\n## {section}\n")[1].partition("\n## ")[0]
    for line in text.splitlines():
        if line.startswith("| `"):
            yield [cell.strip() for cell in line.strip("|").split(" | ")]


def test_the_settings_page_is_what_make_docs_writes() -> None:
    assert PAGE.read_text() == page()


def test_every_key_of_the_top_is_there() -> None:
    keys = {cells[0].strip("`") for cells in rows("tohost.yaml")}
    assert keys == {field.alias or name for name, field in Config.model_fields.items()} - {"notes"}


@pytest.mark.parametrize(
    ("section", "row"),
    [
        ("Logs", ["`format`", "`text`, `json`", '`"text"`']),
        ("Health", ["`port`", "integer, at least 0, at most 65535", "`0`"]),
        (
            "tohost.yaml",
            ["`virtualClusters`", "list of [VirtualCluster](#virtualcluster)", "needed"],
        ),
    ],
)
def test_a_row_tells_form_and_default(section: str, row: list[str]) -> None:
    assert row in list(rows(section))
