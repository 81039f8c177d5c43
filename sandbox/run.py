"""Two API servers, the virtual one and the host, with a kubelet on the host: the whole sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.controllers import Controllers
from sandbox.kubeconfig import read_access, write_kubeconfig
from sandbox.kubelet import Kubelet
from sandbox.server.apiserver import ApiServer


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What runs, and where; the kubeconfigs are in `dir`."""

    virtual: ApiServer
    host: ApiServer
    dir: Path
    virtual_kubeconfig: Path
    host_kubeconfig: Path
    kubelet: Kubelet | None


@asynccontextmanager
async def sandbox(
    directory: Path,
    *,
    kubelet: bool = True,
    virtual_cidr: str = "10.96.0.0/16",
    host_cidr: str = "10.97.0.0/16",
    virtual_port: int = 0,
    host_port: int = 0,
) -> AsyncIterator[Sandbox]:
    """Runs until the block ends; port 0 takes a free one."""
    virtual, host = ApiServer(virtual_cidr, virtual_port), ApiServer(host_cidr, host_port)
    async with AsyncExitStack() as stack:
        for server in (virtual, host):
            await server.start()
            stack.push_async_callback(server.stop)
        virtual_file = write_kubeconfig(directory / "virtual.kubeconfig", virtual.url)
        host_file = write_kubeconfig(directory / "host.kubeconfig", host.url)
        node = await attend(stack, virtual_file, host_file, kubelet=kubelet)
        yield Sandbox(virtual, host, directory, virtual_file, host_file, node)


async def attend(
    stack: AsyncExitStack, virtual_file: Path, host_file: Path, *, kubelet: bool
) -> Kubelet | None:
    """Starts what makes bare API servers, these or real ones, behave like clusters."""
    for file in (virtual_file, host_file):
        controllers = await Controllers(read_access(file)).start()
        stack.push_async_callback(controllers.stop)
    if not kubelet:
        return None
    node = await Kubelet(read_access(host_file)).start()
    stack.push_async_callback(node.stop)
    return node
