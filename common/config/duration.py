"""How long: seconds, or a text such as "30s", "5m", "1h30m"."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0}
_TEXT = re.compile(r"(?:\d+(?:\.\d+)?[hms])+")
_PART = re.compile(r"(\d+(?:\.\d+)?)([hms])")


def _seconds(value: Any) -> Any:
    """What is no number and no such text is left for the type to refuse."""
    if not isinstance(value, str):
        return value
    if not _TEXT.fullmatch(value):
        raise ValueError(f'"{value}" is not a duration; write seconds, or for example "5m"')
    return sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(value))


Duration = Annotated[float, BeforeValidator(_seconds), Field(ge=0, le=7 * 86400)]
"""In seconds, at most a week."""
