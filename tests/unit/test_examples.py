"""The example configurations load as they are."""

from pathlib import Path

import pytest

from common.config import Config, load
from common.kinds import REGISTRY

FOLDER = Path(__file__).parents[2] / "deploy" / "examples"
DEFAULT_KINDS = {kind.plural for kind in REGISTRY.values() if kind.default}


@pytest.fixture(scope="module")
def config() -> Config:
    return load(FOLDER / "tohost.yaml", {})


def test_every_values_file_is_one_virtual_cluster(config: Config) -> None:
    files = {path.name for path in FOLDER.glob("*.values.yaml")}
    assert {Path(cluster.values).name for cluster in config.virtual_clusters} == files
    assert len(files) == 4


def test_all_of_them_sync_the_default_kinds(config: Config) -> None:
    for cluster in config.virtual_clusters:
        assert cluster.cluster().enabled >= DEFAULT_KINDS
        assert cluster.cluster().all_objects == frozenset()


def test_the_minimal_one_asks_for_nothing_that_is_missing(config: Config) -> None:
    assert not [note for note in config.notes if note.startswith("minimal:")]


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("full", "ingresses networkPolicies priorityClasses podDisruptionBudgets"),
        ("air-gapped", "pods.translateImage pods.enforceTolerations"),
        ("high-availability", "pods.priorityClassName priorityClasses podDisruptionBudgets"),
    ],
)
def test_the_others_name_what_is_not_yet_supported(config: Config, name: str, paths: str) -> None:
    expected = [f"{name}: sync.toHost.{path}: not yet supported, ignored" for path in paths.split()]
    assert [note for note in config.notes if note.startswith(f"{name}:")] == expected
