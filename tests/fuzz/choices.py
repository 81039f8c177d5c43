"""Decisions read from a fuzzer's bytes, so that it can learn which bytes lead where."""

import copy
from collections.abc import Sequence
from typing import Any, TypeVar

from common.objects import Obj

Item = TypeVar("Item")
_ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, 1.5, "", "x", "\n", "a/b", "../x", "{}", "\u0000", "é" * 300,
    [], {}, [[]], [None], [{}], {"": ""}, {"name": None}, {"matchLabels": []}, ["a", 1, {"b": []}],
)  # fmt: skip


class Choices:
    """Ends in zeros when the bytes are used up."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        return max(0, len(self._data) - self._at)

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def below(self, limit: int) -> int:
        value = self.byte() if limit <= 256 else self.byte() * 256 + self.byte()
        return value % limit

    def one_of(self, items: Sequence[Item]) -> Item:
        return items[self.below(len(items))]

    def take(self, length: int) -> bytes:
        taken = self._data[self._at : self._at + length]
        self._at += length
        return taken

    def mutated(self, obj: Obj) -> Obj:
        """A copy in which up to seven places are something odd, or something from elsewhere in
        the object."""
        result = copy.deepcopy(obj)
        for _ in range(1 + self.below(7)):
            self._mutate(result, copy.deepcopy(obj))
        return result

    def _mutate(self, result: Any, donor: Any) -> None:
        place = result
        while True:
            keys = list(place) if isinstance(place, dict) else range(len(place))
            if not keys:
                return
            key = self.one_of(keys)
            inner = place[key]
            if isinstance(inner, dict | list) and inner and self.below(5):
                place = inner
                continue
            place[key] = self._replacement(donor)
            return

    def _replacement(self, donor: Any) -> Any:
        if self.below(3):
            return copy.deepcopy(self.one_of(_ODD))
        for _ in range(self.below(6)):
            if not isinstance(donor, dict | list) or not donor:
                break
            keys = list(donor) if isinstance(donor, dict) else range(len(donor))
            donor = donor[self.one_of(keys)]
        return donor

    def bent(self, raw: bytes) -> bytes:
        """The bytes with a few of them changed, cut out or put in."""
        result = bytearray(raw)
        for _ in range(self.below(6)):
            at = self.below(len(result) + 1)
            match self.below(3):
                case 0 if at < len(result):
                    result[at] = self.byte()
                case 1:
                    del result[at : at + 1 + self.below(40)]
                case _:
                    result[at:at] = self.take(self.below(8))
        return bytes(result)
