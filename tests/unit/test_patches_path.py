"""Paths of patches: how they are written, what may not be patched, and what rewriting spares."""

import copy
from typing import Any

import pytest

from common.errors import ConfigError
from common.patches.path import EVERY, Place, find, parse, refusal, rewritten, shown


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("spec.containers[*].image", ("spec", "containers", EVERY, "image")),
        ("spec.containers.*.image", ("spec", "containers", EVERY, "image")),
        ('metadata.annotations["a.b/c"]', ("metadata", "annotations", "a.b/c")),
        ("metadata.labels['x']", ("metadata", "labels", "x")),
        ("spec.rules[0].host", ("spec", "rules", 0, "host")),
        ("data.UPPER-case_1/x", ("data", "UPPER-case_1/x")),
        ('data["a[0]"]', ("data", "a[0]")),
        ("spec.größe", ("spec", "größe")),
    ],
)
def test_every_form_of_a_step_is_read(text: str, steps: tuple[Any, ...]) -> None:
    assert parse(text) == steps


@pytest.mark.parametrize(
    "text",
    ["", ".", "spec.", ".spec", "spec..x", "spec[", "spec[x]", "spec x", "a['b", "[*].x", "a[]"],
)
def test_what_is_no_path_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match="write for example"):
        parse(text)


def test_a_path_is_shown_as_it_is_written() -> None:
    for text in ("spec.containers[*].image", 'metadata.annotations["a.b/c"]', "spec.rules[0].host"):
        assert shown(parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion",
        "kind",
        "status",
        "status.phase",
        "metadata",
        "metadata.name",
        "metadata.namespace",
        "metadata.uid",
        "metadata.ownerReferences[0].name",
        "metadata.finalizers",
        'metadata.labels["vcluster.loft.sh/managed-by"]',
        "metadata.annotations['vcluster.loft.sh/uid']",
        "metadata.labels.app.kubernetes.io/name",
        "metadata[*]",
        "metadata.annotations.x[0]",
    ],
)
def test_what_is_ours_or_the_hosts_may_not_be_patched(text: str) -> None:
    assert refusal(parse(text))


@pytest.mark.parametrize("text", ["spec", "data.x", "metadata.labels", "metadata.annotations[*]"])
def test_what_is_the_tenants_may_be_patched(text: str) -> None:
    assert refusal(parse(text)) == ""


def upper(value: Any, exists: bool, _place: Place) -> Any:
    return value.upper() if exists and isinstance(value, str) else value


OBJ: dict[str, Any] = {
    "spec": {"list": [{"name": "a"}, {"other": 1}, None, "text"], "map": {"x": "y"}, "none": None}
}


def test_only_the_matching_values_change_and_the_rest_is_shared() -> None:
    before = copy.deepcopy(OBJ)
    result = rewritten(OBJ, parse("spec.list[*].name"), upper)
    assert result["spec"]["list"] == [{"name": "A"}, {"other": 1}, None, "text"]
    assert result["spec"]["map"] is OBJ["spec"]["map"]
    assert before == OBJ


@pytest.mark.parametrize(
    "path",
    [
        "spec.list[9].name",
        "spec.list.name",
        "spec.map[0]",
        "spec.none[*].x",
        "spec.map.x.y",
        "no.x",
    ],
)
def test_a_path_that_leads_nowhere_changes_nothing(path: str) -> None:
    assert rewritten(OBJ, parse(path), lambda *_: "new") is OBJ


def test_a_missing_last_step_can_be_added_to_a_map_that_is_there() -> None:
    result = rewritten(OBJ, parse("spec.map.new"), lambda *_: 1)
    assert result["spec"]["map"] == {"x": "y", "new": 1}


def test_every_entry_of_a_map_is_met() -> None:
    assert rewritten(OBJ, parse("spec.map[*]"), upper)["spec"]["map"] == {"x": "Y"}


def test_what_becomes_nothing_goes_from_maps_and_lists() -> None:
    assert rewritten(OBJ, parse("spec.map.x"), lambda *_: None)["spec"]["map"] == {}
    holder = {"list": [1, None, 2]}
    odd = rewritten(holder, parse("list[*]"), lambda value, *_: None if value == 1 else value)
    assert odd == {"list": [None, 2]}


def test_found_values_come_with_their_place() -> None:
    found = list(find(OBJ, parse("spec.list[*].name")))
    assert found == [(("spec", "list", 0, "name"), "a")]
