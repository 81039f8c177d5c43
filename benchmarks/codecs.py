"""Ways to write objects, with what they save and what CPU they cost."""

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from rich.table import Table

from common import encoding
from common.objects import Obj

ROUNDS = 5
_WINDOW_BYTES = 32_768
Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(frozen=True)
class Codec:
    name: str
    encode: Callable[[Obj], bytes]
    decode: Callable[[bytes], Any]


def codecs(sample: Sequence[Obj]) -> Iterator[Codec]:
    """The preset dictionary is made of two of the very objects: no other could do better."""
    known = b"".join(orjson.dumps(each) for each in (sample[0], sample[-1]))[-_WINDOW_BYTES:]

    def with_known(obj: Obj) -> bytes:
        packer = zlib.compressobj(1, zlib.DEFLATED, -15, zdict=known)
        return packer.compress(orjson.dumps(obj)) + packer.flush()

    def from_known(stored: bytes) -> Any:
        return orjson.loads(zlib.decompressobj(-15, zdict=known).decompress(stored))

    yield Codec("as the store does", encoding.encode, encoding.decode)
    yield Codec("plain", orjson.dumps, orjson.loads)
    yield _zlib(1)
    yield _zlib(6)
    yield Codec("zlib 1, preset dictionary", with_known, from_known)


def _zlib(level: int) -> Codec:
    return Codec(
        f"zlib {level}",
        lambda obj: zlib.compress(orjson.dumps(obj), level),
        lambda stored: orjson.loads(zlib.decompress(stored)),
    )


def compared(title: str, sample: Sequence[Obj]) -> Table:
    """Bytes and microseconds of CPU are those of one object."""
    made = Table(title=title, title_justify="left")
    made.add_column("codec")
    for column in ("bytes", "of JSON", "encode us", "decode us"):
        made.add_column(column, justify="right")
    json_bytes = sum(len(orjson.dumps(each)) for each in sample)
    for codec in codecs(sample):
        stored, encode_us = timed(codec.encode, sample)
        _, decode_us = timed(codec.decode, stored)
        total = sum(map(len, stored))
        sizes = f"{total / len(sample):.0f}", f"{total / json_bytes:.2f}"
        made.add_row(codec.name, *sizes, f"{encode_us:.1f}", f"{decode_us:.1f}")
    return made


def timed(work: Callable[[Given], Made], given: Sequence[Given]) -> tuple[list[Made], float]:
    """What it makes of each, and the CPU of one; the best of some rounds, as all else only adds."""
    best_s, made = float("inf"), []
    for _ in range(ROUNDS):
        start = time.process_time()
        made = [work(each) for each in given]
        best_s = min(best_s, time.process_time() - start)
    return made, best_s / len(given) * 1e6
