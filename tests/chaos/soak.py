"""`make soak HOURS=0.7`: constant churn for hours, in which nothing fails and nothing may grow.

It is a calm storm, with a look at memory and queues every ten seconds. The exit code is 1 when
something grew, when errors were logged, or when in the end an invariant was violated.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from tests.chaos.run import run
from tests.chaos.samples import Samples, complaints, slope_per_hour
from tests.chaos.tenants import world_of

GROWTH_SHARE: Final = 0.05
GROWTH_AT_LEAST: Final = 4.0
"""What may come on top, in MiB or keys or jobs: an allocator's pages, a burst at the end."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=2 / 3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--clusters", type=int, default=2)
    parser.add_argument("--rate", type=float, default=10, help="operations a second")
    given = parser.parse_args()
    world = world_of(given.seed, given.clusters, given.clusters, given.hours * 3600, given.rate)
    directory = Path(tempfile.mkdtemp(prefix="soak-")) / "run"
    print(f"seed {given.seed}, {given.hours:g} h; logs in {directory}", flush=True)
    samples = Samples()
    figures, violations = asyncio.run(run(world, directory, calm=True, beside=samples.take))
    (directory / "samples.csv").write_text(samples.csv())
    told = complaints(directory.glob("w*ers-*.log"))
    print(f"{figures.operations} operations, {figures.writes} API writes")
    print(report(samples))
    for message, count in sorted(told.items()):
        print(f"logged {count} times: {message}")
    for violation in violations:
        print(f"VIOLATION {violation}")
    sys.exit(1 if violations or grown(samples) or errors(told) else 0)


def report(samples: Samples) -> str:
    lines = ["| | at the start | in the end | slope an hour |", "| --- | --- | --- | --- |"]
    for what in samples.values:
        steady = samples.steady(what)
        first, last, slope = steady[0][1], steady[-1][1], slope_per_hour(steady)
        lines.append(f"| {what} | {first:.1f} | {last:.1f} | {slope:+.2f} |")
    return "\n".join(lines)


def grown(samples: Samples) -> list[str]:
    """What is higher in the end than in the beginning, by the line that fits best."""
    found = []
    for what in samples.values:
        steady = samples.steady(what)
        mean = sum(value for _, value in steady) / len(steady)
        growth = slope_per_hour(steady) * (steady[-1][0] - steady[0][0]) / 3600
        if growth > max(GROWTH_SHARE * mean, GROWTH_AT_LEAST):
            found.append(what)
            print(f"GROWN {what}: by {growth:.1f}, with a mean of {mean:.1f}")
    return found


def errors(told: Counter[str]) -> list[str]:
    return [message for message in told if not message.startswith("warning")]


if __name__ == "__main__":
    main()
