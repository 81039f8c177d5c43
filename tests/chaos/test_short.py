"""The short form of `make chaos`: one seed, two virtual clusters, a short storm."""

from pathlib import Path

import pytest

from tests.chaos.run import run
from tests.chaos.tenants import world_of

SEED = 4
STORM_S = 15.0
RATE = 15.0


@pytest.mark.slow
async def test_nothing_is_lost_and_nothing_is_left_behind_after_a_storm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the sandbox, whatever else the tests run on."""
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    world = world_of(SEED, 2, 2, STORM_S, RATE)
    figures, violations = await run(world, tmp_path / "run")
    assert [str(each) for each in violations] == []
    assert figures.strikes.total() > 5
    assert figures.operations > STORM_S * RATE / 2
