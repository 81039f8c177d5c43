"""`python -m tests.chaos --seed N --runs R --storm-s 60 --clusters 1-5`.

Each run prints its seed first, and in the end what came of it. Real API servers when
KUBEBUILDER_ASSETS names their folder. The exit code is 1 when an invariant was violated.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Final

from tests.chaos.figures import Figures, faults, row, table
from tests.chaos.run import run
from tests.chaos.tenants import world_of
from tests.controlplane import assets

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Options:
    seed: int
    runs: int
    storm_s: float
    fewest: int
    most: int
    rate: float
    within_s: float
    calm: bool
    keep: bool
    report: Path | None


def main() -> None:
    options = _parse()
    done: list[Figures] = []
    failed = 0
    for seed in range(options.seed, options.seed + options.runs):
        figures, violations = _one(options, seed)
        done.append(figures)
        failed += bool(violations)
    print(f"\n{table(done)}\n\nfaults: {faults(done)}", flush=True)
    if options.report:
        options.report.write_text(f"{table(done)}\n\nFaults by sort: {faults(done)}.\n")
    sys.exit(1 if failed else 0)


def _one(options: Options, seed: int) -> tuple[Figures, int]:
    world = world_of(seed, options.fewest, options.most, options.storm_s, options.rate)
    tenants = ", ".join(tenant.name for tenant in world.tenants)
    print(f"seed {seed}: {tenants}; {world.rate:.0f} operations a second", flush=True)
    directory = Path(tempfile.mkdtemp(prefix=f"chaos-{seed}-")) / "run"
    figures, violations = asyncio.run(
        run(world, directory, calm=options.calm, within_s=options.within_s)
    )
    print(f"  {' | '.join(row(figures))}", flush=True)
    for violation in violations[:_SHOWN]:
        print(f"  VIOLATION {violation}")
    if len(violations) > _SHOWN:
        print(f"  and {len(violations) - _SHOWN} more")
    if violations:
        print(f"  evidence: {directory}\n  again: {_again(options, seed)}", flush=True)
    elif not options.keep:
        shutil.rmtree(directory.parent, ignore_errors=True)
    return figures, len(violations)


def _again(options: Options, seed: int) -> str:
    real = f"KUBEBUILDER_ASSETS={os.environ['KUBEBUILDER_ASSETS']} " if assets() else ""
    given = (
        f"--seed {seed} --storm-s {options.storm_s:g} --clusters {options.fewest}-{options.most}"
    )
    rate = f" --rate {options.rate:g}" if options.rate else ""
    return f"{real}make chaos ARGS='{given}{rate}{' --calm' if options.calm else ''}'"


def _parse() -> Options:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="of the first run; the others count on from it")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--storm-s", type=float, default=60, help="how long a storm lasts")
    parser.add_argument("--clusters", help="how many virtual ones, as 2 or 1-5 (real: 1-3)")
    parser.add_argument("--rate", type=float, default=0, help="operations a second; 10 to 40")
    parser.add_argument("--within-s", type=float, default=30, help="to converge, after a storm")
    parser.add_argument("--calm", action="store_true", help="a storm in which nothing fails")
    parser.add_argument("--keep", action="store_true", help="logs stay, whatever comes of it")
    parser.add_argument("--report", type=Path, help="a file for the table, in Markdown")
    given = parser.parse_args()
    fewest, _, most = (given.clusters or ("1-3" if assets() else "1-5")).partition("-")
    seed = SystemRandom().randrange(10**6) if given.seed is None else given.seed
    return Options(
        seed,
        given.runs,
        given.storm_s,
        int(fewest),
        int(most or fewest),
        given.rate,
        given.within_s,
        given.calm,
        given.keep,
        given.report,
    )


if __name__ == "__main__":
    main()
