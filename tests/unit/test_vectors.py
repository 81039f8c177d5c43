"""Golden vectors: tests/vectors/<plural>/<case>.input.yaml says what is found, .expected.yaml what
the plan does about it. UPDATE_VECTORS=1 rewrites the expected files; look at the diff then.
"""

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from common.actions import Action
from common.cluster import Cluster, NamespaceRules
from common.config.pods import PodSettings
from common.context import Context, Related
from common.kinds import REGISTRY
from workers.plan import plan

FOLDER = Path(__file__).parent.parent / "vectors"
INPUTS = sorted(FOLDER.glob("*/*.input.yaml"))
DEFAULTS = {"name": "my-vcluster", "host_namespace": "vc-my-vcluster"}


@pytest.mark.parametrize("file", INPUTS, ids=lambda file: f"{file.parent.name}/{file.stem[:-6]}")
def test_the_plan_is_the_expected_one(file: Path) -> None:
    actual = [_shown(action) for action in _plan(file)]
    expected = file.with_name(file.name.replace(".input.", ".expected."))
    if os.environ.get("UPDATE_VECTORS"):
        expected.write_text(yaml.safe_dump(actual, sort_keys=True, width=100))
    assert actual == yaml.safe_load(expected.read_text())


def test_every_kind_has_vectors_and_every_expectation_an_input() -> None:
    assert {file.parent.name for file in INPUTS} == set(REGISTRY)
    expectations = {file.name for file in FOLDER.glob("*/*.expected.yaml")}
    assert expectations == {file.name.replace(".input.", ".expected.") for file in INPUTS}


def _plan(file: Path) -> list[Action]:
    given: dict[str, Any] = yaml.safe_load(file.read_text())
    kind = REGISTRY[file.parent.name]
    related = _frozen(given.get("related") or {})
    settings = _settings({**DEFAULTS, **(given.get("cluster") or {})})
    context = Context(
        Cluster(**settings), Related(**related), given.get("now_s", 0.0), given.get("name", "")
    )
    return plan(kind, given.get("virtual"), given.get("host"), context)


def _settings(given: dict[str, Any]) -> dict[str, Any]:
    """Namespace rules as `exact`, `patterns`, `only` and `labels`; the options of pods as in the
    configuration."""
    rules = {
        key: NamespaceRules(**given.pop(key))
        for key in ("namespaces", "former_namespaces")
        if key in given
    }
    pods = {"pods": PodSettings.model_validate(given.pop("pods", {})).options()}
    return _frozen(given) | rules | pods


def _frozen(settings: dict[str, Any]) -> dict[str, Any]:
    sets = {"referrers", "enabled", "all_objects", "draining"}
    tuples = {"services", "host_referrers", "namespaces"}
    result = {key: frozenset(value) if key in sets else value for key, value in settings.items()}
    return {key: tuple(value) if key in tuples else value for key, value in result.items()}


def _shown(action: Action) -> dict[str, Any]:
    """The action as plain YAML, without what it leaves open."""
    fields = {key: value for key, value in asdict(action).items() if value not in ("", None, ())}
    if "tokens" in fields:
        fields["tokens"] = [_plain(token) for token in fields["tokens"]]
    return {type(action).__name__: fields}


def _plain(token: dict[str, Any]) -> dict[str, Any]:
    return {**token, "audiences": list(token["audiences"])}
