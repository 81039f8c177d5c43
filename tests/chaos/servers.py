"""A process with what stands in for clusters, apart from the storm so that each has its own core.

`python -m tests.chaos.servers DIR --tenants N`: API servers of the sandbox for N virtual clusters
and the host, with their kubeconfigs in DIR, and what acts in clusters: controllers and a kubelet.
With --attend the API servers are there already, and only the latter run. Writes DIR/ready.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from sandbox.controllers import Controllers
from sandbox.kubeconfig import read_access, write_kubeconfig
from sandbox.kubelet import Kubelet
from sandbox.server.apiserver import ApiServer

HOST: Final = "host"
READY: Final = "ready"
VIRTUAL_CIDR: Final = "10.96.0.0/16"
HOST_CIDR: Final = "10.97.0.0/16"


def names(tenants: int) -> list[str]:
    """Of the API servers, the host's last."""
    return [*(f"virtual-{number}" for number in range(tenants)), HOST]


def kubeconfig(directory: Path, name: str) -> Path:
    return directory / f"{name}.kubeconfig"


async def _serve(directory: Path, tenants: int, attend: bool) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with AsyncExitStack() as stack:
        for name in names(tenants):
            if not attend:
                server = ApiServer(HOST_CIDR if name == HOST else VIRTUAL_CIDR)
                await server.start()
                stack.push_async_callback(server.stop)
                write_kubeconfig(kubeconfig(directory, name), server.url)
            controllers = await Controllers(read_access(kubeconfig(directory, name))).start()
            stack.push_async_callback(controllers.stop)
        kubelet = await Kubelet(read_access(kubeconfig(directory, HOST))).start()
        stack.push_async_callback(kubelet.stop)
        (directory / READY).touch()
        await ended.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.servers")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--tenants", type=int, required=True)
    parser.add_argument("--attend", action="store_true")
    options = parser.parse_args()
    asyncio.run(_serve(options.directory, options.tenants, options.attend))


if __name__ == "__main__":
    main()
