"""Which Services move now: few at once, of many one after the other until no more come."""

from contextlib import ExitStack

import pytest

from common.errors import HeldError
from workers.moves import AT_ONCE, CALLED_S, COMING_S, MANY, PAUSE_S, Moves


class Line:
    """Services 0, 1, 2... that want to move, at a time that is set by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.moves = Moves(lambda: self.now_s)
        self.moving: dict[str, ExitStack] = {}

    def come(self, *members: str) -> list[str]:
        """Answers which of them have to wait."""
        waiting = []
        for member in members:
            stack = ExitStack()
            try:
                stack.enter_context(self.moves.turn(member))
            except HeldError:
                waiting.append(member)
            else:
                self.moving[member] = stack
        return waiting

    def end(self, *members: str) -> None:
        for member in members:
            self.moving.pop(member).close()


def names(count: int) -> list[str]:
    return [f"services ns/{number}" for number in range(count)]


def test_few_move_at_once() -> None:
    assert Line().come(*names(AT_ONCE)) == []


def test_many_wait_in_their_order_until_no_more_come() -> None:
    line, many = Line(), names(AT_ONCE + MANY + 3)
    waiting = line.come(*many)
    assert waiting == many[AT_ONCE:]
    assert line.moves.due() == []
    line.end(*many[:AT_ONCE])
    assert line.moves.due() == waiting[:1], "one by one, while more may come"
    assert line.moves.due() == []
    assert line.come(waiting[0]) == []
    line.end(waiting[0])
    line.now_s += COMING_S
    assert line.moves.due() == waiting[1 : 1 + AT_ONCE]


def test_while_many_come_there_are_pauses() -> None:
    line, many = Line(), names(AT_ONCE + MANY + 4)
    first, second, *_ = line.come(*many)
    line.end(*many[:AT_ONCE])
    assert line.moves.due() == [first]
    line.come(first)
    line.end(first)
    line.now_s += PAUSE_S / 2
    assert line.moves.due() == []
    line.now_s += PAUSE_S / 2
    assert line.moves.due() == [second]


def test_who_comes_later_does_not_pass_those_who_wait() -> None:
    line, many = Line(), names(AT_ONCE + 1)
    assert line.come(*many) == many[-1:]
    line.end(*many[:-1])
    assert line.come("services ns/later") == ["services ns/later"]
    assert line.moves.due() == [many[-1], "services ns/later"]


def test_who_comes_by_itself_waits_at_its_place() -> None:
    line, many = Line(), names(AT_ONCE + 2)
    waiting = line.come(*many)
    assert line.come(*waiting) == waiting
    line.end(*many[:AT_ONCE])
    assert line.moves.due() == waiting


def test_who_comes_by_itself_is_no_sign_that_more_come() -> None:
    line, many = Line(), names(AT_ONCE + MANY + 3)
    waiting = line.come(*many)
    line.end(*many[:AT_ONCE])
    line.now_s += COMING_S
    assert line.come(*waiting) == waiting
    assert line.moves.due() == waiting[:AT_ONCE]


def test_who_is_called_and_does_not_come_keeps_nobody_waiting() -> None:
    line, many = Line(), names(2 * AT_ONCE + 1)
    waiting = line.come(*many)
    line.end(*many[:AT_ONCE])
    assert len(line.moves.due()) == AT_ONCE
    line.now_s += CALLED_S
    assert line.moves.due() == waiting[AT_ONCE:]


def test_a_move_that_fails_makes_room() -> None:
    moves = Moves(lambda: 0.0)
    for member in names(AT_ONCE + 1):
        with pytest.raises(ValueError, match="broke"), moves.turn(member):
            raise ValueError("broke")
