"""A proxy in front of a sandbox's API server, and clients of both."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from common.kube.client import KubeClient
from sandbox.run import sandbox
from tests.proxy import Proxy, Write

CONFIGMAPS = "/api/v1/namespaces/default/configmaps"


@dataclass(frozen=True, slots=True)
class Rig:
    """`through` goes through the proxy, `direct` past it."""

    proxy: Proxy
    through: KubeClient
    direct: KubeClient

    async def create(self, name: str, **data: str) -> Any:
        body = {"metadata": {"name": name}, "data": data}
        return await self.direct.request("POST", CONFIGMAPS, body=body)


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with AsyncExitStack() as stack:
        box = await stack.enter_async_context(sandbox(tmp_path, kubelet=False))
        proxy = stack.enter_context(Proxy(box.host_kubeconfig, tmp_path, "proxy", inspect=_changes))
        through, direct = [
            await stack.enter_async_context(await KubeClient.connect(str(path), name=path.stem))
            for path in (proxy.kubeconfig, box.host_kubeconfig)
        ]
        yield Rig(proxy, through, direct)


def _changes(write: Write) -> Iterator[str]:
    if write.method != "POST":
        yield write.own_path
