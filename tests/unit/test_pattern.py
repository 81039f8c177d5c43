"""Patterns with one star."""

import pytest

from common.pattern import common_name, star_of, translated


@pytest.mark.parametrize(
    ("pattern", "name", "star"),
    [
        ("a-*", "a-b", "b"),
        ("a-*", "a-", ""),
        ("*-a", "b-a", "b"),
        ("a-*-b", "a-x-b", "x"),
        ("*", "anything", "anything"),
        ("a-*", "b", None),
        ("ab*ba", "aba", None),
    ],
)
def test_a_star_stands_for_any_text(pattern: str, name: str, star: str | None) -> None:
    assert star_of(pattern, name) == star


def test_a_name_is_translated_by_its_star() -> None:
    assert translated("team-*", "prod-*-x", "team-a") == "prod-a-x"
    assert translated("team-*", "prod-*-x", "other") is None


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ("a-*", "b-*", None),
        ("a-*", "a-b-*", "a-b-*"),
        ("a-*", "*-b", "a-*-b"),
        ("*-a", "*-b", None),
        ("*", "x*y", "x*y"),
    ],
)
def test_two_patterns_meet_in_what_fits_both(one: str, other: str, name: str | None) -> None:
    assert common_name(one, other) == common_name(other, one) == name
