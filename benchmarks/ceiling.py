"""`python -m benchmarks.ceiling`: what a pipeline that costs nothing could reach on this machine.

Its writes are made by the client that measures: each object is written to the one side and, once
that has answered, to the other. Somebody watches each side. What the host gets is the virtual
object as it is; a translated pod is larger, and costs an API server more.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from benchmarks.arrivals import arrivals
from benchmarks.load import PODS, at_once
from benchmarks.operations import LIVES, Operation
from benchmarks.spread import spread
from benchmarks.stage import Stage, clients, make_namespace, stage
from common.kube.client import KubeClient

NAMESPACE = "both"
COUNT = 1500


async def run(place: Stage, count: int, runs: int) -> dict[str, list[float]]:
    """Objects a second, by phase."""
    found: dict[str, list[float]] = {}
    files = place.virtual_kubeconfig, place.host_kubeconfig
    async with clients(*files) as (virtual, host), AsyncExitStack() as watches:
        for client in (virtual, host):
            await make_namespace(client, NAMESPACE)
            await watches.enter_async_context(arrivals(client, PODS, NAMESPACE))
        for number in range(runs):
            names = [f"p{number}-{each}" for each in range(count)]
            for operation in LIVES[PODS.plural]:
                sides = (host, virtual) if operation.up else (virtual, host)
                rate = await _written(sides, operation, names)
                found.setdefault(operation.name, []).append(rate)
    return found


async def _written(
    sides: Sequence[KubeClient], operation: Operation, names: Sequence[str]
) -> float:
    async def write(name: str) -> None:
        for client in sides:
            await operation.send(client, PODS, NAMESPACE, name)

    began = time.perf_counter()
    await at_once(names, write)
    return len(names) / (time.perf_counter() - began)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ceiling", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT, help="pods at once (default: 1500)")
    parser.add_argument("--runs", type=int, default=5, help="repeats (default: 5)")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tohost-ceiling-") as folder, stage(Path(folder)) as at:
        servers = "real kube-apiservers" if at.real else "the sandbox"
        print(f"{given.count} pods written to both of {servers}, 32 requests at a time")
        for phase, rates in asyncio.run(run(at, given.count, given.runs)).items():
            print(f"pods {phase}: {spread(rates)} a second")


if __name__ == "__main__":
    main()
