"""What passes between Kubernetes objects and CEL, and how much of it.

Tenants write the values, so what the CEL library does badly with is kept from it: it cuts a text
at a NUL character, overflows its stack on values nested thousands deep, and a loop over a list
costs the square of its length in time and memory (see docs/adr/0008).
"""

import math
from typing import Any

MAX_DEPTH = 100
# In expressions with loops: entries of a list or map, characters of a text.
MAX_ENTRIES = 1000
MAX_TEXT = 2048
# Of all values of one object that go through loops: entries and characters in all.
MAX_LOOPED = 20_000
# Of a result: entries in all, characters in all; API servers take no larger objects.
MAX_RESULT_ENTRIES = 100_000
MAX_RESULT_TEXT = 1_500_000
_EXACT = 2.0**53
_MIN_INT, _MAX_INT = -(2**63), 2**64 - 1


class EvaluationError(Exception):
    """An expression has no result, or one that no object can hold; the message says why."""


def check_input(value: Any, *, loops: bool) -> int:
    """The value's entries and characters in all. Raises EvaluationError for one that the library
    does badly with."""
    waiting, size = [(value, 1)], 0
    while waiting:
        each, depth = waiting.pop()
        if isinstance(each, str):
            _check_text(each, loops)
            size += len(each)
        elif isinstance(each, dict | list):
            if depth > MAX_DEPTH:
                raise EvaluationError(f"the value is nested more than {MAX_DEPTH} deep")
            if loops and len(each) > MAX_ENTRIES:
                raise EvaluationError(
                    f"a list or map has {len(each)} entries, and loops take {MAX_ENTRIES}"
                )
            entries = each.values() if isinstance(each, dict) else each
            if isinstance(each, dict):
                _check_keys(each)
            waiting += [(entry, depth + 1) for entry in entries]
            size += len(each)
    return size


def _check_keys(value: dict[Any, Any]) -> None:
    for key in value:
        if not isinstance(key, str):
            raise EvaluationError("a map has a key that is no text")
        _check_text(key, loops=False)


def _check_text(text: str, loops: bool) -> None:
    if "\0" in text:
        raise EvaluationError("a text has a NUL character")
    if loops and len(text) > MAX_TEXT:
        raise EvaluationError(f"a text has {len(text)} characters, and loops take {MAX_TEXT}")


def plain(result: Any) -> Any:
    """A result as JSON has it. Raises EvaluationError when it has no such form.

    A double without a fraction becomes an integer, which is what API servers make of it. Nulls in
    maps are left out; their keys come in order, since CEL has them in none.
    """
    return _Plain().of(result, 1)


class _Plain:
    def __init__(self) -> None:
        self._entries = 0
        self._text = 0

    def of(self, value: Any, depth: int) -> Any:
        if isinstance(value, list | dict):
            self._count(len(value), depth)
        if isinstance(value, list):
            return [self.of(each, depth + 1) for each in value]
        if isinstance(value, dict):
            given = {self._key(key): each for key, each in value.items() if each is not None}
            return {key: self.of(given[key], depth + 1) for key in sorted(given)}
        return self._scalar(value)

    def _count(self, entries: int, depth: int) -> None:
        self._entries += entries
        if self._entries > MAX_RESULT_ENTRIES:
            raise EvaluationError(f"the result has more than {MAX_RESULT_ENTRIES} entries")
        if depth > MAX_DEPTH:
            raise EvaluationError(f"the result is nested more than {MAX_DEPTH} deep")

    def _key(self, key: Any) -> str:
        if not isinstance(key, str):
            raise EvaluationError(f"the result has the key {key!r}, and keys must be text")
        return self._counted(key)

    def _counted(self, text: str) -> str:
        self._text += len(text)
        if self._text > MAX_RESULT_TEXT:
            raise EvaluationError(f"the result has more than {MAX_RESULT_TEXT} characters")
        return text

    def _scalar(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self._counted(value)
        if isinstance(value, int) and _MIN_INT <= value <= _MAX_INT:
            return value
        if isinstance(value, float):
            return _number(value)
        raise EvaluationError(
            f"the result has a {type(value).__name__}, which JSON can't say; write string(...)"
        )


def _number(value: float) -> float:
    if not math.isfinite(value):
        raise EvaluationError(f"the result has {value}, which JSON can't say")
    return int(value) if value.is_integer() and abs(value) < _EXACT else value
