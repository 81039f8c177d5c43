"""Pods of many virtual clusters: all at once, by this process or by one beside it.

`python -m benchmarks.fleet.load create --pods 900 FILE...` creates so many in each cluster that a
kubeconfig leads to, `... status` makes all pods of the host namespaces given Running. A process of
its own, so that what measures meanwhile has its event loop to itself.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Iterable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.load import PODS, pod
from common.kube.client import KubeClient
from common.objects import Obj, name_of, namespace_of

NAMESPACE: Final = "default"
AT_ONCE: Final = 32
NODE: Final = "node-1"


def pod_names(count: int, start: str) -> list[str]:
    return [f"{start}-{number}" for number in range(count)]


async def create(client: KubeClient, name: str, namespace: str = NAMESPACE) -> None:
    await client.create(PODS, namespace, pod(name, namespace))


async def create_all(
    client: KubeClient, names: Iterable[str], namespace: str = NAMESPACE
) -> list[float]:
    """AT_ONCE at a time; when each was there, on `time.perf_counter`."""
    created: list[float] = []

    async def one(name: str) -> None:
        await create(client, name, namespace)
        created.append(time.perf_counter())

    await at_once(one(name) for name in names)
    return created


async def fill(clients: Iterable[KubeClient], names: Sequence[str]) -> list[float]:
    """The same in many virtual clusters in turn, AT_ONCE at a time in all."""
    created: list[float] = []

    async def one(client: KubeClient, name: str) -> None:
        await create(client, name)
        created.append(time.perf_counter())

    everywhere = list(clients)
    await at_once(one(client, name) for name in names for client in everywhere)
    return created


async def at_once(work: Iterable[Awaitable[None]]) -> None:
    left = iter(work)

    async def one_after_another() -> None:
        for each in left:
            await each

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))


async def bind(host: KubeClient, namespace: str, name: str) -> None:
    """As the scheduler does."""
    body: Obj = {"metadata": {"name": name}, "target": {"kind": "Node", "name": NODE}}
    await host.create_sub(PODS, namespace, name, "binding", body)


async def run_pod(host: KubeClient, namespace: str, name: str) -> None:
    """As the kubelet does."""
    status = {"phase": "Running", "podIP": "10.1.2.3", "podIPs": [{"ip": "10.1.2.3"}]}
    await host.patch(PODS, namespace, name, {"status": status}, subresource="status")


async def run_all(host: KubeClient, namespaces: Iterable[str]) -> None:
    pods = [each for space in namespaces async for each in host.list_all(PODS, space)]
    await at_once(run_pod(host, namespace_of(each), name_of(each)) for each in pods)


async def _main(options: argparse.Namespace) -> None:
    clients = [await KubeClient.connect(str(file), name=file.stem) for file in options.files]
    try:
        if options.what == "create":
            names = pod_names(options.pods, options.start)
            await fill(clients, names)
        else:
            await run_all(clients[0], options.namespaces)
    finally:
        for client in clients:
            await client.close()


def arguments(what: str, files: Sequence[Path], **options: object) -> list[str]:
    """For a child that does it."""
    given = [f"--{name}={value}" for name, value in options.items()]
    return ["benchmarks.fleet.load", what, *map(str, files), *given]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet.load")
    parser.add_argument("what", choices=["create", "status"])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--pods", type=int, default=0)
    parser.add_argument("--start", default="pod", help="what their names begin with")
    parser.add_argument("--namespaces", type=lambda text: text.split(","), default=[])
    asyncio.run(_main(parser.parse_args()))


if __name__ == "__main__":
    main()
