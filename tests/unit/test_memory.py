"""Freed memory goes back to the system."""

import platform

import pytest

from common.process.memory import trim


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other allocators trim themselves")
def test_what_was_freed_is_given_back() -> None:
    pieces = [bytearray(5_000) for _ in range(20_000)]
    kept = pieces[::100]
    del pieces
    assert trim()
    assert len(kept) == 200


def test_trimming_twice_does_no_harm() -> None:
    trim()
    trim()
