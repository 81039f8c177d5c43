"""What holds for every kind that is off until someone asks for it."""

import pytest

from common.config.sync import ToHost
from common.kinds import REGISTRY

OPTIONS = {
    "ingresses": "ingresses",
    "networkpolicies": "networkPolicies",
    "poddisruptionbudgets": "podDisruptionBudgets",
    "priorityclasses": "priorityClasses",
    "serviceaccounts": "serviceAccounts",
    "storageclasses": "storageClasses",
}


@pytest.mark.parametrize("plural", OPTIONS)
def test_it_is_off_by_default_and_switched_on_by_the_documented_option(plural: str) -> None:
    kind = REGISTRY[plural]
    assert not kind.default
    assert kind.option == OPTIONS[plural]
    assert kind.option in {field.alias for field in ToHost.model_fields.values()}


@pytest.mark.parametrize("plural", OPTIONS)
def test_what_comes_up_is_what_it_may_write(plural: str) -> None:
    kind = REGISTRY[plural]
    status = f"{plural}.{kind.group}/status: patch"
    assert kind.virtual_access == ((status,) if kind.tells else ())


@pytest.mark.parametrize("plural", OPTIONS)
def test_it_is_documented(plural: str) -> None:
    doc = REGISTRY[plural].doc
    assert doc.down
    assert doc.translated
    assert bool(doc.up) is REGISTRY[plural].tells
