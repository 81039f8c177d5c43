"""`make bench`: what the pipeline does beside a client that writes straight to the host.

On real API servers when KUBEBUILDER_ASSETS names their folder, else on the sandbox. Every
throughput has beside it that of direct writes of as many objects, measured in the same run.
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from redis import Redis

from benchmarks import page, tables
from benchmarks.kill import killed_burst
from benchmarks.load import AT_ONCE, CONFIGMAPS, PODS, SERVICES
from benchmarks.meter import Meter
from benchmarks.phases import (
    DIRECT_NAMESPACE,
    HOST_NAMESPACE,
    VIRTUAL_NAMESPACE,
    Sides,
    bursts,
    idle,
)
from benchmarks.processes import CLUSTER, Process, fleet, guarded, write_config
from benchmarks.profiling import profiled
from benchmarks.report import conditions, show
from benchmarks.samples import Samples
from benchmarks.stage import Stage, clients, make_namespace, stage

DOCS = Path(__file__).resolve().parent.parent / "docs" / "performance"
_KINDS = (PODS, CONFIGMAPS, SERVICES)
_WARM_UP = 40


async def measure(sides: Sides, options: argparse.Namespace) -> Samples:
    samples = Samples()
    warm = [f"warm-{number}" for number in range(_WARM_UP)]
    for kind in _KINDS:
        await bursts(sides, kind, warm, Samples())
    for run in range(options.runs):
        changed = [f"idle-{run}-{number}" for number in range(options.changes)]
        for kind in (PODS, CONFIGMAPS):
            await idle(sides, kind, changed, samples)
        names = [f"burst-{run}-{number}" for number in range(options.count)]
        for kind in _KINDS:
            await bursts(sides, kind, names, samples)
        print(f"run {run + 1} of {options.runs} done", file=sys.stderr, flush=True)
    return samples


@asynccontextmanager
async def connected(place: Stage, processes: list[Process]) -> AsyncIterator[Sides]:
    """Clients of both API servers, with the namespaces made."""
    async with clients(place.virtual_kubeconfig, place.host_kubeconfig) as (virtual, host):
        await make_namespace(virtual, VIRTUAL_NAMESPACE)
        for namespace in (HOST_NAMESPACE, DIRECT_NAMESPACE):
            await make_namespace(host, namespace)
        yield Sides(virtual, host, Meter(processes, Redis.from_url(place.redis_url), CLUSTER))


async def run(options: argparse.Namespace, directory: Path) -> None:
    with ExitStack() as stack:
        place = stack.enter_context(stage(directory))
        processes: list[Process] = []
        async with connected(place, processes) as sides:
            config = write_config(
                directory, place.redis_url, place.host_kubeconfig, place.virtual_kubeconfig
            )
            team = fleet(config, directory, options.watchers, options.workers)
            processes += stack.enter_context(team)
            if options.kill:
                work = killed_burst(sides, processes, place.host_kubeconfig, options.count)
                print(await guarded(work, processes))
                return
            with profiled(processes, options.profile):
                samples = await guarded(measure(sides, options), processes)
            tell(samples, options, place.real)


def tell(samples: Samples, options: argparse.Namespace, real: bool) -> None:
    """On the terminal, and in the docs unless it is a dry run."""
    for table in tables.tables(samples):
        show(table)
    intro = [
        conditions("real kube-apiservers with etcd" if real else "the sandbox"),
        _load(options),
    ]
    print(*intro, sep="\n")
    if not options.dry:
        stem = "single" if real else "single-sandbox"
        print(f"written: {page.write(options.write, stem, intro, samples)}")


def _load(options: argparse.Namespace) -> str:
    runs = f"Medians of {options.runs} runs (lowest..highest)" if options.runs > 1 else "One run"
    return (
        f"{options.count} objects at once, {AT_ONCE} requests at a time;"
        f" {options.changes} changes at idle; watchers: {options.watchers},"
        f" workers: {options.workers}. {runs}."
    )


def _parse(argv: list[str]) -> argparse.Namespace:
    real = bool(os.environ.get("KUBEBUILDER_ASSETS"))
    parser = argparse.ArgumentParser(
        prog="make bench",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    count = 3000 if real else 500
    parser.add_argument("--count", type=int, default=count, help="objects in a burst")
    parser.add_argument("--changes", type=int, default=200, help="changes of each sort at idle")
    parser.add_argument("--runs", type=int, default=5, help="repeats of everything")
    parser.add_argument("--watchers", type=int, default=1, help="watcher processes")
    parser.add_argument("--workers", type=int, default=1, help="worker processes")
    parser.add_argument("--write", type=Path, default=DOCS, metavar="DIR", help="page and plots")
    parser.add_argument("--dry", action="store_true", help="only print")
    parser.add_argument("--profile", type=Path, metavar="DIR", help="flame graphs by py-spy")
    parser.add_argument(
        "--kill", action="store_true", help="only: kill one of each process during a burst"
    )
    options = parser.parse_args(argv)
    if options.kill:
        options.watchers, options.workers = max(2, options.watchers), max(2, options.workers)
    return options


def main() -> None:
    options = _parse(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="tohost-bench-") as name:
        asyncio.run(run(options, Path(name)))


if __name__ == "__main__":
    main()
