import pytest

from common.objects import Obj
from common.selector import selects

LABELS = {"team": "a", "empty": ""}


@pytest.mark.parametrize(
    "selector",
    [
        {},
        {"matchLabels": None, "matchExpressions": None},
        {"matchLabels": {"team": "a"}},
        {"matchExpressions": [{"key": "team", "operator": "In", "values": ["b", "a"]}]},
        {"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["b"]}]},
        {"matchExpressions": [{"key": "other", "operator": "NotIn", "values": ["b"]}]},
        {"matchExpressions": [{"key": "empty", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "other", "operator": "DoesNotExist"}]},
    ],
)
def test_selected(selector: Obj) -> None:
    assert selects(selector, LABELS)


@pytest.mark.parametrize(
    "selector",
    [
        {"matchLabels": {"team": "a", "other": "b"}},
        {"matchLabels": {"team": "b"}},
        {"matchExpressions": [{"key": "other", "operator": "In", "values": ["b"]}]},
        {"matchExpressions": [{"key": "team", "operator": "In", "values": None}]},
        {"matchExpressions": [{"key": "other", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]},
        {"matchExpressions": [{"key": "team", "operator": "Unheard"}]},
        {"matchLabels": {"team": "a"}, "matchExpressions": [{"key": "x", "operator": "Exists"}]},
    ],
)
def test_not_selected(selector: Obj) -> None:
    assert not selects(selector, LABELS)
