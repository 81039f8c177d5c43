"""Waiting for the world to become as it should be, by looking again until a deadline."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from common.errors import TohostError

WITHIN_S = 15.0
_POLL_S = 0.04
Seen = TypeVar("Seen")


async def eventually(look: Callable[[], Awaitable[Seen]], within_s: float = WITHIN_S) -> Seen:
    """The first true answer of `look`. What it raises counts as not yet, and is raised in the end.

    Raises AssertionError that shows the last answer when there is no true one in time.
    """
    deadline = time.monotonic() + within_s
    while True:
        try:
            seen = await look()
        except (AssertionError, KeyError, IndexError, TypeError, TohostError):
            if time.monotonic() > deadline:
                raise
        else:
            if seen:
                return seen
            assert time.monotonic() < deadline, f"not within {within_s:.0f} s; last: {seen!r}"
        await asyncio.sleep(_POLL_S)
