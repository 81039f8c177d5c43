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


def test_they_ask_for_nothing_that_is_missing(config: Config) -> None:
    assert config.notes == ()
