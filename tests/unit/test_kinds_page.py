"""The generated page, and what it is told from."""

from pathlib import Path

import pytest

from common.access import Rule, host_rules, merged, virtual_rules
from common.kinds import REGISTRY
from tohost.kinds_page import page

PAGE = Path(__file__).parents[2] / "docs" / "kinds.md"
VERBS = {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
# For the status of devices, whichever node they are on (ResourceClaims).
VERBS |= {"arbitrary-node:patch"}


def test_the_kinds_page_is_what_make_docs_writes() -> None:
    assert PAGE.read_text() == page()


@pytest.mark.parametrize("plural", sorted(REGISTRY))
def test_every_kind_says_what_goes_where(plural: str) -> None:
    kind = REGISTRY[plural]
    assert kind.doc.down or kind.doc.up
    assert not kind.tells or kind.doc.up
    assert f"| {kind.kind} |" in page()


@pytest.mark.parametrize("plural", sorted(REGISTRY))
def test_every_rule_names_verbs_that_exist(plural: str) -> None:
    kind = REGISTRY[plural]
    rules = [*virtual_rules(kind), *host_rules(kind)]
    assert rules
    assert all(set(rule.verbs) <= VERBS and rule.verbs for rule in rules)


def test_rules_for_one_resource_become_one() -> None:
    rules = [Rule("", "pods", ("patch",)), Rule("", "pods", ("get",)), Rule("a", "b", ("x",))]
    assert merged(rules) == (Rule("", "pods", ("get", "patch")), Rule("a", "b", ("x",)))
