"""CEL as operators write it, applied to whatever tenants write: results, refusals, bounds."""

import subprocess
import sys
import time
from contextlib import suppress
from typing import Any

import pytest

from common.cluster import Cluster
from common.errors import ConfigError
from common.kinds import REGISTRY
from common.patches.expression import compiled, in_order
from common.patches.scope import Scope
from common.patches.values import EvaluationError

LABELS = {"b": "1", "a": "2", "c": "3"}
OBJ: Any = {"metadata": {"name": "n", "namespace": "ns", "labels": LABELS}}


def evaluate(text: str, value: Any = None, exists: bool = True, obj: Any = OBJ) -> Any:
    scope = Scope(REGISTRY["configmaps"], obj, Cluster("v", "h"))
    return scope.evaluate(compiled(text), value, exists, ("data", "x"))


@pytest.mark.parametrize(
    "value",
    [
        0,
        -(2**63),
        2**64 - 1,
        1.5,
        True,
        False,
        None,
        "",
        "naïve ☃ 😀",
        "100m",
        [],
        {},
        {"a": [1, 2.5, None, True, "x", {"b": {}}]},
    ],
)
def test_a_value_comes_back_as_it_went_in(value: Any) -> None:
    result = evaluate("value", value)
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    ("text", "value", "result"),
    [
        ("value * 2", 3, 6),
        ("double(value) * 1.5", 2, 3),
        ("value + 'x'", "a", "ax"),
        ("value.replace('docker.io/', 'mirror/')", "docker.io/nginx", "mirror/nginx"),
        ("value.split(',').map(v, v.trim())", "a, b", ["a", "b"]),
        ("string(base64.decode(value))", "YWJj", "abc"),
        ("{'a': value, 'b': null}", 1, {"a": 1}),
        ("has(value.x) ? value.x : 'none'", {}, "none"),
        ("value.size() > 3 ? value : null", "ab", None),
        ("1u", None, 1),
        ("value == 'a' ? null : 'text'", "b", "text"),
        ("value == 'a' ? [value] : value == 'b' ? null : 1", "a", ["a"]),
    ],
)
def test_results_are_json(text: str, value: Any, result: Any) -> None:
    assert evaluate(text, value) == result
    assert type(evaluate(text, value)) is type(result)


@pytest.mark.parametrize(
    ("text", "value", "problem"),
    [
        ("value / 0", 1, "divide by zero"),
        ("value.a.b", {"a": {}}, "Key not found"),
        ("value.a", None, "SELECT"),
        ("value + 1", "x", "No matching overload"),
        ("value[9]", [1], "Index error"),
        ("int(value)", "x", "cannot convert"),
        ("value.matches('[')", "x", "invalid regular expression"),
        ("{1: value}", 1, "keys must be text"),
        ("{true: value}", 1, "keys must be text"),
        ("b'x'", None, "JSON can't say"),
        ("duration('1h')", None, "JSON can't say"),
        ("timestamp('2026-01-01T00:00:00Z')", None, "JSON can't say"),
        ("1.0 / 0.0", None, "JSON can't say"),
        ("type(value)", 1, "JSON can't say"),
        ("value", 2**64, "out of range"),
        ("9223372036854775807 + value", 1, "overflow"),
    ],
)
def test_what_has_no_result_says_why(text: str, value: Any, problem: str) -> None:
    with pytest.raises(EvaluationError, match=problem):
        evaluate(text, value)


@pytest.mark.parametrize(
    "text",
    ["1 +", "", "value.slice(4)", "value => 1", "`x ${value}`", "foo", "value.replace(/^a/, '')"],
)
def test_what_is_no_cel_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^is no CEL expression: .*JavaScript"):
        compiled(text)


def test_a_refusal_says_where() -> None:
    with pytest.raises(ConfigError, match="1:12: undeclared reference to 'slice'; "):
        compiled("value.slice(4)")


@pytest.mark.parametrize(
    ("text", "does_without"),
    [
        ("'x'", True),
        ("context.path", True),
        ("valueExists ? value : 'x'", True),
        ("value == null ? 'x' : value", True),
        ("null != value", True),
        ("value", False),
        ("'x' + value", False),
        ("'value'", True),
    ],
)
def test_whether_an_expression_does_without_a_value_is_known(text: str, does_without: bool) -> None:
    assert compiled(text).does_without is does_without


def test_a_tenants_cel_is_only_text() -> None:
    assert evaluate("'is ' + value", "' + context.virtual.labels.a + '") == (
        "is ' + context.virtual.labels.a + '"
    )
    with pytest.raises(EvaluationError, match="invalid regular expression"):
        evaluate("value.matches(value)", "(")


def test_maps_are_visited_in_order_in_every_process() -> None:
    text = "context.virtual.labels.map(k, k + context.virtual.labels[k]).join(',')"
    assert evaluate(text) == "a2,b1,c3"
    assert evaluate("value.filter(k, k != 'b')", {"c": 1, "b": 1, "a": 1}) == ["a", "c"]
    assert evaluate("value.map(l, l.map(x, x + 1))", [[3, 1], []]) == [[4, 2], []]


@pytest.mark.parametrize(
    "text",
    [
        "'a.map(' + value",
        r"'\'.map(x)' + value",
        r"r'\n' + '.map(' + value",
        "'''it's .map(x, '''+ value",
        '"a \\" .filter(" + value',
        "value // .map(x, x)",
    ],
)
def test_loops_inside_literals_and_comments_are_no_loops(text: str) -> None:
    assert in_order(text) == text
    evaluate(text, "x")


@pytest.mark.parametrize("text", ["value.map(x, x)", "value . map (x, x)", "value\n  .map(x,\n x)"])
def test_loops_are_found_however_they_are_written(text: str) -> None:
    assert in_order(text) != text
    assert evaluate(text, [2, 1]) == [2, 1]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("value.map(a, value.map(b, value.map(c, 1)))", list(range(100))),
        ("value.map(a, value.map(b, a + b)).size()", list(range(1000))),
        ("value.split('').map(c, value.split('')).size()", "x" * 2048),
        ("value.matches('(x+x+)+y')", "x" * 1_000_000),
        ("value.matches('(.*)(.*)(.*)(.*)[a-z]{300}!')", "x" * 1_000_000),
        ("value.map(x, x).size()", list(range(100_000))),
        ("value.split('').map(c, c).size()", "x" * 1_000_000),
    ],
)
def test_no_value_keeps_an_expression_busy_for_long(text: str, value: Any) -> None:
    started = time.monotonic()
    with suppress(EvaluationError):
        evaluate(text, value)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("a\0b", "NUL"),
        ({"x": ["a\0b"]}, "NUL"),
        ({"a\0b": 1}, "NUL"),
        ({1: 2}, "key that is no text"),
        (list, "nested"),
    ],
)
def test_what_the_library_would_garble_is_refused(value: Any, problem: str) -> None:
    if value is list:
        value = []
        for _ in range(100_000):
            value = [value]
    with pytest.raises(EvaluationError, match=problem):
        evaluate("value", value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("value + value", "x" * 1_000_000),
        ("[value, value, value]", ["x"] * 50_000),
        ("value.replace('x', 'yyyyyyyyyy')", "x" * 500_000),
    ],
)
def test_a_result_that_no_api_server_takes_is_refused(text: str, value: Any) -> None:
    with pytest.raises(EvaluationError, match="the result has more than"):
        evaluate(text, value)


def test_only_an_expression_that_reads_annotations_minds_what_is_in_them() -> None:
    odd = {"metadata": {"name": "n", "annotations": {"a": "\0", "b": "x" * 5000}}}
    assert evaluate("context.virtual.name", obj=odd) == "n"
    assert evaluate("value.map(x, x)", [1], obj=odd) == [1]
    for text in ("context.virtual.annotations.b", "context.virtualObject.metadata.name"):
        with pytest.raises(EvaluationError, match="NUL"):
            evaluate(text, obj=odd)


def test_the_values_of_one_object_share_what_loops_may_take() -> None:
    scope = Scope(REGISTRY["configmaps"], OBJ, Cluster("v", "h"))
    for _ in range(9):
        scope.evaluate(compiled("value.split('').map(c, c)"), "x" * 2048, True, ("data", "x"))
    with pytest.raises(EvaluationError, match="no more"):
        scope.evaluate(compiled("value.split('').map(c, c)"), "x" * 2048, True, ("data", "x"))


def test_who_has_no_patches_does_not_load_the_library() -> None:
    code = (
        "import sys, workers.worker, watchers.supervisor, tohost.translate, common.config;"
        "print('cel_expr_python' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout == "False\n"
