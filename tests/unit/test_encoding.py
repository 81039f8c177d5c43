import base64
import zlib
from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.encoding import LARGE_BYTES, LONGEST_BYTES, UnreadableError, decode, encode
from common.errors import RetryError

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=5)


def readable(size: int) -> str:
    """Text that says something else in every line."""
    chance = Random(size)
    lines = (f"rule {chance.random()} allows {chance.random()}\n" for _ in range(size // 20))
    return "".join(lines)[:size]


def noise(size: int) -> str:
    return base64.b64encode(Random(size).randbytes(size)).decode()


LARGE = [readable(LARGE_BYTES), noise(LARGE_BYTES)]


@given(OBJECTS)
def test_an_object_is_read_as_it_was_written(obj: dict[str, object]) -> None:
    assert decode(encode(obj)) == obj


@given(OBJECTS, st.sampled_from(LARGE))
def test_a_large_object_is_read_as_it_was_written(obj: dict[str, object], text: str) -> None:
    large = {**obj, "data": text}
    assert decode(encode(large)) == large


def test_a_small_object_is_plain_json() -> None:
    obj = {"data": readable(LARGE_BYTES // 2)}
    assert encode(obj) == orjson.dumps(obj)


def test_a_large_text_takes_less_than_half() -> None:
    obj = {"data": readable(LARGE_BYTES)}
    assert len(encode(obj)) < len(orjson.dumps(obj)) / 2


def test_what_hardly_shrinks_is_plain_json() -> None:
    obj = {"data": noise(LARGE_BYTES)}
    assert encode(obj) == orjson.dumps(obj)


def test_an_object_is_always_written_alike() -> None:
    obj = {"data": readable(LARGE_BYTES)}
    assert encode(obj) == encode(orjson.loads(orjson.dumps(obj)))


@given(st.binary())
def test_garbage_is_told_as_such(garbage: bytes) -> None:
    try:
        found = decode(garbage)
    except UnreadableError:
        return
    assert found == orjson.loads(garbage)


PACKED = encode({"data": readable(LARGE_BYTES)})


@pytest.mark.parametrize(
    "stored",
    [
        b"",
        b"null",
        b'"text"',
        b"[]",
        b'{"metadata": {',
        b"\x02 a form of a later version",
        PACKED[:-1],
        PACKED[:2],
        PACKED[:500] + b"\0\0\0\0" + PACKED[504:],
        zlib.compress(b"[]"),
        zlib.compress(b" " * (LONGEST_BYTES + 1)),
    ],
)
def test_what_is_no_object_is_unreadable(stored: bytes) -> None:
    with pytest.raises(UnreadableError):
        decode(stored)


def test_the_message_says_nothing_of_the_content() -> None:
    with pytest.raises(UnreadableError) as caught:
        decode(b'{"data": {"password": "hunter2"}')
    assert "hunter2" not in str(caught.value)
    assert isinstance(caught.value, RetryError)
