"""What is cut out of the text of an object is its managedFields, and nothing else."""

from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from common.kube.unmanaged import parse_unmanaged
from tests.property.examples import law

NASTY = [
    "]",
    "]}",
    ']},"',
    '"managedFields":[',
    'a"managedFields',
    "\\",
    '\\"',
    "[0]",
    "managedFields",
]
words = st.one_of(st.sampled_from(NASTY), st.text(alphabet='ab"\\[]{},:', max_size=6))
keys = st.one_of(st.sampled_from(["f:metadata", ".", "managedFields", *NASTY]), words)
fields: st.SearchStrategy[Any] = st.recursive(
    st.just({}), lambda inner: st.dictionaries(keys, inner, max_size=3), max_leaves=6
)
entries = st.fixed_dictionaries(
    {"manager": words, "operation": st.just("Update"), "fieldsV1": fields}
)
values = st.recursive(
    st.one_of(words, st.none(), st.integers(0, 1)),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(keys, inner, max_size=2)),
    max_leaves=6,
)


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "name": "a",
        "resourceVersion": "7",
        "annotations": draw(st.dictionaries(keys, words, max_size=2)),
    }
    if draw(st.booleans()):
        metadata["managedFields"] = draw(st.lists(entries, max_size=2))
    before, after = draw(st.dictionaries(keys, values, max_size=2)), draw(values)
    return {"kind": "X", **before, "metadata": metadata, "spec": after}


def bare(obj: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    return {**obj, "metadata": kept}


@law
@given(objects(), st.booleans(), st.booleans())
@example({"metadata": {"name": "a", "managedFields": [{"manager": "x]"}]}, "spec": {}}, True, False)
@example({"metadata": {"name": "a"}, "spec": {"managedFields": [{"a": "b"}]}}, False, False)
@example({"a": {"managedFields": [7]}, "metadata": {"managedFields": [8]}}, True, True)
def test_all_but_the_managed_fields_is_as_it_was_sent(
    obj: dict[str, Any], ordered: bool, event: bool
) -> None:
    body = {"type": "MODIFIED", "object": obj} if event else obj
    raw = orjson.dumps(body, option=orjson.OPT_SORT_KEYS if ordered else None)
    parsed = parse_unmanaged(raw, event=event)
    assert bare(parsed["object"] if event else parsed) == bare(obj)


@law
@given(st.binary(max_size=60), st.binary(max_size=60), st.booleans())
def test_other_texts_are_parsed_or_refused_as_they_are(
    before: bytes, after: bytes, event: bool
) -> None:
    raw = before + b'"managedFields":[' + after
    assert outcome(lambda: parse_unmanaged(raw, event=event)) == outcome(lambda: orjson.loads(raw))


def outcome(parse: Any) -> Any:
    try:
        return parse()
    except ValueError:
        return "refused"
