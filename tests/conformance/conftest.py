"""The `api` fixture: a namespace of one's own on a sandbox server, and on a real one."""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from sandbox.kubeconfig import Access, read_access, write_kubeconfig
from sandbox.server.apiserver import ApiServer
from tests.conformance.api import Api
from tests.controlplane import ControlPlanes, assets, control_planes

BACKENDS = ["sandbox", "real"] if assets() else ["sandbox"]
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="session")
def planes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlanes]:
    with control_planes(tmp_path_factory.mktemp("planes")) as running:
        yield running


@pytest.fixture(params=BACKENDS)
async def access(request: pytest.FixtureRequest) -> AsyncIterator[Access]:
    if request.param == "real":
        running: ControlPlanes = request.getfixturevalue("planes")
        yield read_access(running.virtual_kubeconfig)
        return
    server = ApiServer()
    await server.start()
    yield Access(server.url, "any", True)
    await server.stop()


@pytest.fixture
async def api(access: Access) -> AsyncIterator[Api]:
    namespace = f"test-{os.getpid()}-{next(_NUMBERS)}"
    async with Api(access, namespace) as opened:
        await opened.post("/api/v1/namespaces", {"metadata": {"name": namespace}})
        yield opened
        await opened.end_namespace()


@pytest.fixture
def kubeconfig(access: Access, tmp_path: Path) -> Path:
    return write_kubeconfig(tmp_path / "kubeconfig", access.url, token=access.token)
