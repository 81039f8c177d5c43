"""One fixture for both kinds of cluster: real control planes if there are any, else the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.kubelet import Kubelet
from sandbox.run import Sandbox, attend, sandbox
from tests.controlplane import assets, control_planes


@dataclass(frozen=True, slots=True)
class Backend:
    """A virtual and a host cluster; `sandbox` is None when they are real."""

    virtual_kubeconfig: Path
    host_kubeconfig: Path
    real: bool
    kubelet: Kubelet | None
    sandbox: Sandbox | None


@asynccontextmanager
async def backend(directory: Path, *, kubelet: bool = True) -> AsyncIterator[Backend]:
    """Real ones when KUBEBUILDER_ASSETS is set. A kubelet runs the host's pods in both cases."""
    opened = real_backend if assets() else sandbox_backend
    async with opened(directory, kubelet=kubelet) as ready:
        yield ready


@asynccontextmanager
async def sandbox_backend(directory: Path, *, kubelet: bool = True) -> AsyncIterator[Backend]:
    async with sandbox(directory, kubelet=kubelet) as box:
        yield Backend(box.virtual_kubeconfig, box.host_kubeconfig, False, box.kubelet, box)


@asynccontextmanager
async def real_backend(directory: Path, *, kubelet: bool = True) -> AsyncIterator[Backend]:
    planes = control_planes(directory)
    async with AsyncExitStack() as stack:
        ready = await asyncio.to_thread(planes.__enter__)
        stack.push_async_callback(asyncio.to_thread, planes.__exit__, None, None, None)
        virtual, host = ready.virtual_kubeconfig, ready.host_kubeconfig
        node = await attend(stack, virtual, host, kubelet=kubelet)
        yield Backend(virtual, host, True, node, None)
