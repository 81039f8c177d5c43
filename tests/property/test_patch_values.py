"""Any JSON passes through CEL unchanged, and any path reads as it is shown."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.patches.expression import compiled
from common.patches.path import EVERY, Path, parse, shown
from common.patches.settled import covers
from common.patches.values import check_input
from tests.property.examples import law

_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
_NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats(-1e9, 1e9).map(lambda n: n + 0.5)
_SCALARS = st.none() | st.booleans() | _NUMBERS | _TEXT
JSON: st.SearchStrategy[Any] = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=20,
)
_NAMES = st.text(min_size=1, max_size=8).filter(lambda name: not {*name} & {*"\"'\0\n"})


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(each) for key, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value


@law
@given(value=JSON)
def test_json_passes_through_an_expression_unchanged(value: Any) -> None:
    check_input(value, loops=False)
    found = compiled("value").evaluate(value, True, {})
    assert json.dumps(found) == json.dumps(whole(without_nulls(value)), sort_keys=True)


def whole(value: Any) -> Any:
    """A large float may have lost its fraction, and is an integer then."""
    if isinstance(value, dict):
        return {key: whole(each) for key, each in value.items()}
    if isinstance(value, list):
        return [whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@law
@given(value=st.dictionaries(_TEXT, _TEXT, max_size=12))
def test_a_map_is_always_visited_in_the_same_order(value: dict[str, str]) -> None:
    keys = compiled("value.map(k, k)").evaluate(value, True, {})
    backwards = dict(reversed(value.items()))
    assert keys == compiled("value.map(k, k)").evaluate(backwards, True, {}) == sorted(value)


@law
@given(path=st.lists(_NAMES | st.integers(0, 99) | st.just(EVERY), max_size=5), first=_NAMES)
def test_a_path_reads_as_it_is_shown(path: list[Any], first: str) -> None:
    text = shown((first, *path))
    if text.startswith("["):
        return
    whole_path: Path = (first, *path)
    assert parse(text) == whole_path


@law
@given(value=JSON)
def test_a_value_covers_itself(value: Any) -> None:
    assert covers(value, value)
