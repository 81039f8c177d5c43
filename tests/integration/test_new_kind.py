"""A new kind is one file: dropped into a copy of the product, it is configured, translated and
synced like any other.
"""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from common.kube.client import KubeClient
from common.objects import Obj
from sandbox.redis import RedisServer
from sandbox.run import sandbox
from tests.e2e.process import Process
from tests.e2e.waiting import eventually

REPOSITORY = Path(__file__).parents[2]
PACKAGES = ("common", "watchers", "workers", "tohost")
LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"
HOST_NAME = "v-default-lock-x-default-x-v"
KIND = """
from common.kind import Doc, Kind

KIND = Kind(
    plural="leases",
    kind="Lease",
    group="coordination.k8s.io",
    option="leases",
    translate=lambda virtual, context: {"spec": virtual.get("spec") or {}},
    owned=("spec",),
    doc=Doc(down="spec"),
)
"""


@dataclass
class Product:
    """A copy of the product with one more kind, and a configuration that switches it on."""

    folder: Path
    config: Path


@pytest.fixture
def product(tmp_path: Path) -> Product:
    for package in PACKAGES:
        shutil.copytree(REPOSITORY / package, tmp_path / package)
    (tmp_path / "common" / "kinds" / "leases.py").write_text(KIND)
    return Product(tmp_path, tmp_path / "tohost.yaml")


def configure(product: Product, **settings: object) -> None:
    cluster = {"name": "v", "hostNamespace": "h", "sync": {"toHost": {"leases": {"enabled": True}}}}
    virtual = {**cluster, "kubeconfig": str(settings.pop("kubeconfig", "none"))}
    product.config.write_text(yaml.safe_dump({**settings, "virtualClusters": [virtual]}))


def lease(holder: str) -> Obj:
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "lock", "namespace": "default"},
        "spec": {"holderIdentity": holder},
    }


def test_it_is_translated(product: Product) -> None:
    configure(product)
    (product.folder / "lease.yaml").write_text(yaml.safe_dump(lease("a")))
    command = [sys.executable, "-m", "tohost", "translate", "-f", "lease.yaml"]
    command += ["--config", "tohost.yaml"]
    run = subprocess.run(command, cwd=product.folder, capture_output=True, text=True, check=True)
    (host,) = yaml.safe_load_all(run.stdout)
    assert host["metadata"]["name"] == HOST_NAME
    assert host["spec"] == {"holderIdentity": "a"}


def test_it_is_on_the_kinds_page(product: Product) -> None:
    command = [sys.executable, "-m", "tohost.kinds_page"]
    run = subprocess.run(command, cwd=product.folder, capture_output=True, text=True, check=True)
    assert "| `leases` | `coordination.k8s.io/v1` | off | spec |" in run.stdout


@pytest.fixture
async def clients(product: Product) -> AsyncIterator[tuple[KubeClient, KubeClient]]:
    """The virtual cluster and the host, with the product's processes between them."""
    folder = product.folder
    async with (
        sandbox(folder, kubelet=False) as box,
        await KubeClient.connect(str(box.virtual_kubeconfig), name="v") as virtual,
        await KubeClient.connect(str(box.host_kubeconfig), name="host") as host,
    ):
        await host.request("POST", "/api/v1/namespaces", body={"metadata": {"name": "h"}})
        with RedisServer(folder / "redis") as server:
            access = {"host": {"kubeconfig": str(box.host_kubeconfig)}}
            access["redis"] = {"url": server.url}
            configure(product, kubeconfig=box.virtual_kubeconfig, **access)
            processes = [
                Process(module, product.config, folder / f"{module}.log", folder)
                for module in ("watchers", "workers")
            ]
            try:
                yield virtual, host
            finally:
                await asyncio.gather(*(each.stop() for each in processes))


async def test_it_is_synced_changed_and_deleted(clients: tuple[KubeClient, KubeClient]) -> None:
    virtual, host = clients
    there = f"{LEASES.format('h')}/{HOST_NAME}"
    await virtual.request("POST", LEASES.format("default"), body=lease("a"))

    async def holder() -> str:
        return str((await host.request("GET", there))["spec"]["holderIdentity"])

    assert await eventually(holder) == "a"
    own = f"{LEASES.format('default')}/lock"
    changed = {"spec": {"holderIdentity": "b"}}
    merge = "application/merge-patch+json"
    await virtual.request("PATCH", own, body=changed, content_type=merge)

    async def is_changed() -> bool:
        return await holder() == "b"

    await eventually(is_changed)
    await virtual.request("DELETE", own)

    async def gone() -> bool:
        listed = await host.request("GET", LEASES.format("h"))
        return not listed["items"]

    await eventually(gone)
