"""How objects are written in Redis: as JSON, and large ones as JSON in zlib's format.

Each form shows in its first byte, so both are read wherever objects are, and versions of tohost
that write different ones can run side by side as long as each reads what the other writes. Of two
ways to write the same object the store takes the second for a change, which costs a look at its
key and nothing else.

The figures behind the limits are in `benchmarks.memory`: below LARGE_BYTES Redis adds little to
plain JSON and packing costs more CPU than all else that is done to store an object.
"""

import zlib
from typing import Any

import orjson

from common.errors import RetryError
from common.objects import Obj

LARGE_BYTES = 32_768
LONGEST_BYTES = 64 * 1024 * 1024
"""What becomes longer is no object: API servers take 1.5 MB, and a few times as much when asked."""

_FAST = 1
_PROBE_BYTES = 4096
_WORTH = 0.7
_PLAIN, _PACKED = b"{", b"x"


class UnreadableError(RetryError):
    """What Redis has in place of an object can't be read: it is damaged, or of a newer version."""


def encode(obj: Obj) -> bytes:
    """Raises orjson.JSONEncodeError for what can't be written as JSON."""
    plain = orjson.dumps(obj)
    return zlib.compress(plain, _FAST) if len(plain) >= LARGE_BYTES and _shrinks(plain) else plain


def decode(stored: bytes) -> Obj:
    """Raises UnreadableError, whose message says nothing of what is stored."""
    try:
        obj: Any = orjson.loads(stored if stored[:1] == _PLAIN else _unpacked(stored))
    except (orjson.JSONDecodeError, zlib.error) as error:
        raise _unreadable(stored) from error
    if not isinstance(obj, dict):
        raise _unreadable(stored)
    return obj


def _shrinks(plain: bytes) -> bool:
    """Judged by a piece from the middle: images and keys in base64 cost most and save least."""
    middle = len(plain) // 2
    piece = plain[middle : middle + _PROBE_BYTES]
    return len(zlib.compress(piece, _FAST)) < _WORTH * len(piece)


def _unpacked(stored: bytes) -> bytes:
    if stored[:1] != _PACKED:
        raise _unreadable(stored)
    work = zlib.decompressobj()
    plain = work.decompress(stored, LONGEST_BYTES)
    if not work.eof:
        raise _unreadable(stored)
    return plain


def _unreadable(stored: bytes) -> UnreadableError:
    return UnreadableError(
        f"{len(stored)} bytes in Redis can't be read as an object: they are damaged, or were"
        " written by another version of tohost"
    )
