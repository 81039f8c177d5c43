"""How commands write data, and text that may hold anybody's words."""

from typing import Any

import orjson
import yaml


def write_data(data: Any, output: str, *, one_line: bool = False) -> str:
    """`output`: json or yaml. `one_line`: JSON, of which more follows."""
    if output == "json":
        return orjson.dumps(data, option=None if one_line else orjson.OPT_INDENT_2).decode() + "\n"
    text: str = yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
    return text


def plain(words: str) -> str:
    """In one line, without what could be taken for another one or move a terminal's cursor."""
    return " ".join("".join(each if each.isprintable() else " " for each in words).split())
