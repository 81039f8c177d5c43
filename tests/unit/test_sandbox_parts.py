"""Quantities, selectors and patches of the sandbox, where a request would say too little."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.errors import ApiError
from sandbox.kinds.quantity import canonical
from sandbox.messages.protobuf import decode
from sandbox.messages.selectors import parse_selectors
from sandbox.patch.strategic import strategic_merge
from sandbox.patch.untyped import json_patch, merge_patch


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5Mi", "512Ki"),
        ("1e3", "1e3"),
        ("100000k", "100M"),
        ("0", "0"),
        ("-1500m", "-1500m"),
    ],
)
def test_a_quantity_has_one_way_to_be_written(given: str, written: str) -> None:
    assert canonical(given) == written


def test_what_is_no_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        canonical("much")


def test_a_merge_patch_turns_a_value_into_an_object() -> None:
    assert merge_patch({"a": 1}, {"a": {"b": {"c": None, "d": 2}}}) == {"a": {"b": {"d": 2}}}


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ({"op": "remove", "path": "/missing"}, 422),
        ({"op": "replace", "path": "/missing", "value": 1}, 422),
        ({"op": "add", "path": "/list/9", "value": 1}, 422),
        ({"op": "invent", "path": "/list"}, 400),
        ({"op": "add"}, 400),
    ],
)
def test_an_impossible_json_patch_is_refused(operation: dict[str, Any], code: int) -> None:
    with pytest.raises(ApiError) as refused:
        json_patch({"list": []}, [operation])
    assert refused.value.code == code


def test_a_strategic_merge_keeps_the_order_it_is_told() -> None:
    target = {"env": [{"name": "a", "value": "1"}, {"name": "b", "value": "1"}]}
    patch = {
        "env": [{"name": "c", "value": "1"}],
        "$setElementOrder/env": [{"name": "a"}, {"name": "c"}, {"name": "b"}],
    }
    merged = strategic_merge(target, patch, "core.v1.Container")
    assert [entry["name"] for entry in merged["env"]] == ["a", "c", "b"]


def test_a_strategic_merge_can_replace_and_shrink() -> None:
    target = {"finalizers": ["a", "b"], "labels": {"a": "1"}}
    patch = {"$deleteFromPrimitiveList/finalizers": ["a"], "labels": {"$patch": "replace"}}
    merged = strategic_merge(target, patch, "meta.v1.ObjectMeta")
    assert merged == {"finalizers": ["b"], "labels": {}}


def test_a_number_selector_compares() -> None:
    matches = parse_selectors("pods", "size > 5", "")
    assert matches is not None
    assert matches({"metadata": {"labels": {"size": "6"}}})
    assert not matches({"metadata": {"labels": {"size": "five"}}})


@pytest.mark.parametrize("body", [b"", b"k8s\x00\xff", b"k8s\x00\x0a\x7f", b"{}"])
def test_a_malformed_binary_body_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        decode(body)
    assert refused.value.code == 400
