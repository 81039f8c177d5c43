"""Merge patches (RFC 7386): a diff leads where it says, and equal things need none."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.objects import merge_diff, merge_patch

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from(["", "a"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), VALUES)


def without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {key: without_nulls(each) for key, each in value.items() if each is not None}


@given(OBJECTS, OBJECTS)
def test_a_diff_applied_gives_what_was_desired(current: Any, desired: Any) -> None:
    patched = merge_patch(current, merge_diff(current, desired))
    assert without_nulls(patched) == without_nulls(desired)


@given(OBJECTS, OBJECTS)
def test_after_a_patch_there_is_nothing_to_patch(current: Any, desired: Any) -> None:
    assert merge_diff(merge_patch(current, merge_diff(current, desired)), desired) == {}


@given(OBJECTS)
def test_equal_objects_need_no_patch(obj: Any) -> None:
    assert merge_diff(obj, obj) == {}


@given(OBJECTS, OBJECTS)
def test_a_patch_changes_neither_argument(target: Any, patch: Any) -> None:
    before = repr((target, patch))
    merge_patch(target, patch)
    assert repr((target, patch)) == before
