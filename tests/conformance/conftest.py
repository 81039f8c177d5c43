"""The `api` fixture: a namespace of one's own on a sandbox server, and on a real one.

`define` makes definitions of custom resources.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.kubeconfig import Access, read_access, write_kubeconfig
from sandbox.server.apiserver import ApiServer
from tests.conformance.api import Api
from tests.conformance.definitions import DEFINITIONS, Define, definition, served
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


@pytest.fixture
async def define(api: Api) -> AsyncIterator[Define]:
    made: list[str] = []

    async def make(status: bool = True, **options: Any) -> str:
        group = f"g{len(made)}.{api.namespace}.example.com"
        assert (await api.post(DEFINITIONS, definition(group, status, **options))).code == 201
        made.append(group)
        for version in options.get("versions", ("v1",)):
            await served(api, f"/apis/{group}/{version}/widgets")
            await served(api, f"/apis/{group}/{version}")
        return group

    yield make
    for group in made:
        await api.delete(f"{DEFINITIONS}/widgets.{group}")
