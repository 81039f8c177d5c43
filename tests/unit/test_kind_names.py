"""Words for kinds."""

import pytest

from common.errors import ConfigError
from common.kinds import REGISTRY
from tohost.kind_names import SHORT, plural_of, plural_or_error


@pytest.mark.parametrize(
    ("word", "plural"),
    [
        ("pod", "pods"),
        ("Pod", "pods"),
        ("po", "pods"),
        ("pods", "pods"),
        ("networkpolicy", "networkpolicies"),
        ("endpointslice", "endpointslices"),
        ("widget", "widgets.example.com"),
        ("widgets", "widgets.example.com"),
        ("widgets.example.com", "widgets.example.com"),
        ("gadgets", None),
        ("twin", None),
    ],
)
def test_kinds_are_called_as_kubectl_calls_them(word: str, plural: str | None) -> None:
    others = ["widgets.example.com", "twins.a.example.com", "twins.b.example.com"]
    assert plural_of(word, others) == plural


def test_every_short_word_is_of_a_kind() -> None:
    assert set(SHORT.values()) <= REGISTRY.keys()


def test_a_word_that_is_no_kind_is_told_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match='there is no kind "ingreses"; did you mean "ingresses"'):
        plural_or_error("ingreses")
    with pytest.raises(ConfigError, match="write one of: configmaps, "):
        plural_or_error("xyz")
