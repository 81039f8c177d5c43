"""Gives freed memory back to the system.

Events of all sizes come and go beside what stays for hours. glibc's allocator then grows its heap
though most of what it has is free, some MiB an hour; what it's told to trim it gives back page by
page. Other allocators don't need it, and don't know the call.
"""

import asyncio
import ctypes
from collections.abc import Callable
from functools import cache

EVERY_S = 60.0


async def keep_trimmed() -> None:
    """Never returns."""
    while True:
        await asyncio.sleep(EVERY_S)
        await asyncio.to_thread(trim)


def trim() -> bool:
    """Whether something was given back; takes about a millisecond."""
    malloc_trim = _malloc_trim()
    return malloc_trim is not None and bool(malloc_trim(0))


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    try:
        return ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):
        return None
