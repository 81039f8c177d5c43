"""A process with API servers of the sandbox: `python -m benchmarks.fleet.servers DIR NAME...`

Each NAME gets a server and `DIR/NAME.kubeconfig`; `DIR/ready` says that all are there. Many small
servers share one process, as real control planes of as many virtual clusters need more machines.
"""

import argparse
import asyncio
import gc
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from sandbox.kubeconfig import write_kubeconfig
from sandbox.server.apiserver import ApiServer

READY = "ready"


def kubeconfig(directory: Path, name: str) -> Path:
    return directory / f"{name}.kubeconfig"


async def _serve(directory: Path, names: Sequence[str]) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with AsyncExitStack() as stack:
        for name in names:
            server = ApiServer()
            await server.start()
            stack.push_async_callback(server.stop)
            write_kubeconfig(kubeconfig(directory, name), server.url)
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)
        (directory / READY).touch()
        await ended.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet.servers")
    parser.add_argument("directory", type=Path)
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    asyncio.run(_serve(options.directory, options.names))


if __name__ == "__main__":
    main()
