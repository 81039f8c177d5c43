"""Everything that is planned follows from the seed, and the checker from nothing of the product."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from common.config import load
from common.kinds import REGISTRY
from tests.chaos import checker, queues
from tests.chaos.kinds import EVERY
from tests.chaos.nemesis import strikes
from tests.chaos.plan import plan
from tests.chaos.tenants import World, world_of

SEEDS = range(40)
PRODUCT = {"common", "tohost", "watchers", "workers"}
BY_THEMSELVES = {"events", "nodes"}


def world(seed: int) -> World:
    return world_of(seed, 1, 5, storm_s=60)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_same_seed_plans_the_same(seed: int) -> None:
    assert world(seed) == world(seed)
    assert plan(world(seed)) == plan(world(seed))
    assert strikes(world(seed)) == strikes(world(seed))


def test_different_seeds_plan_different_things() -> None:
    assert len({str(world(seed).tenants) for seed in SEEDS}) > len(SEEDS) * 0.9
    assert plan(world(1)) != plan(world(2))


def test_the_storm_has_every_kind_that_has_an_option() -> None:
    assert {kind.plural for kind in REGISTRY.values()} - BY_THEMSELVES <= EVERY.keys()
    met = {operation.plural for operation in plan(world(1)).storm}
    assert met == EVERY.keys()


def test_all_trouble_ends_with_the_storm() -> None:
    for seed in SEEDS:
        for strike in strikes(world(seed)):
            assert strike.at_s + strike.for_s <= 60.001


@pytest.mark.parametrize("seed", SEEDS)
def test_tohost_takes_the_configuration_of_a_world(seed: int, tmp_path: Path) -> None:
    tenants = world(seed).tenants
    listed = [tenant.settings(tmp_path / tenant.name) for tenant in tenants]
    file = tmp_path / "tohost.yaml"
    file.write_text(yaml.safe_dump({"virtualClusters": listed}))
    assert len(load(file, {}).virtual_clusters) == len(tenants)


def test_the_checker_imports_nothing_of_the_product() -> None:
    """Nor does anything that it imports."""
    found = {name for module in (checker, queues) for name in imported(Path(module.__file__ or ""))}
    assert "tests.chaos.expected.bodies" in found
    assert {name.partition(".")[0] for name in found} & {*PRODUCT, "sandbox"} == set()


def imported(file: Path, seen: set[str] | None = None) -> Iterator[str]:
    """Modules, also by those of the tests."""
    seen = set() if seen is None else seen
    for node in ast.walk(ast.parse(file.read_text())):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{each.name}" for each in node.names)]
        for name in names:
            if name not in seen:
                seen.add(name)
                yield name
                yield from _further(name, seen)


def _further(name: str, seen: set[str]) -> Iterator[str]:
    path = Path(__file__).parents[2].joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if name.startswith("tests.") and file.exists():
            yield from imported(file, seen)
