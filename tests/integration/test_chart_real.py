"""The chart on a real API server: every object accepted, and installed, upgraded and taken away.

Needs kube-apiserver in the folder KUBEBUILDER_ASSETS.
"""

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from common.objects import Obj, name_of
from sandbox.client import Client
from sandbox.kubeconfig import read_access
from tests.controlplane import CIDRS, api_servers, assets
from tests.integration.applied import apply, namespace
from tests.integration.charts import (
    CHART,
    EVERYTHING,
    EXAMPLES,
    FLEET,
    NAMESPACE,
    helm,
    render,
)

pytestmark = pytest.mark.skipif(assets() is None, reason="KUBEBUILDER_ASSETS is not set")

OTHERS = {"ServiceMonitor", "PrometheusRule", "ScaledObject"}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a host cluster."""
    with api_servers(tmp_path_factory.mktemp("host"), {"host": CIDRS["host"]}) as files:
        yield files["host"]


@asynccontextmanager
async def admin(kubeconfig: Path) -> AsyncIterator[Client]:
    async with Client(read_access(kubeconfig)) as client:
        yield client


@pytest.mark.parametrize(
    "values",
    [FLEET, EVERYTHING, *sorted(EXAMPLES.glob("*.values.yaml"))],
    ids=lambda value: value.name if isinstance(value, Path) else f"{len(value)}-settings",
)
async def test_a_real_server_accepts_every_object(host: Path, values: Obj | Path) -> None:
    rendered = render({}, values) if isinstance(values, Path) else render(values)
    async with admin(host) as client:
        for needed in (NAMESPACE, *(name_of(each) for each in rendered.of("Namespace"))):
            await apply(client, namespace(needed))
        for obj in rendered.objects:
            if obj["kind"] not in OTHERS:
                await apply(client, obj, dry_run=True)


async def test_pods_meet_the_restricted_standard(host: Path) -> None:
    enforced = {"pod-security.kubernetes.io/enforce": "restricted"}
    async with admin(host) as client:
        await apply(client, namespace("restricted", **enforced))
        for name, spec in render({}).pods():
            there = {volume["name"] for volume in spec["volumes"]}
            claimed = [] if "data" in there else [{"name": "data", "emptyDir": {}}]
            whole = {**spec, "volumes": [*spec["volumes"], *claimed]}
            metadata = {"name": name, "namespace": "restricted"}
            pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": whole}
            await apply(client, pod, dry_run=True)


def on(host: Path, *arguments: str) -> str:
    """A command of helm's on the host; answers what it prints."""
    command = [helm(), *arguments, "--namespace", "installed", "--kubeconfig", str(host)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def secrets(client: Client) -> dict[str, Obj]:
    found = await client.request("GET", "/api/v1/namespaces/installed/secrets")
    ours = [each for each in found["items"] if each["type"] == "Opaque"]
    return {name_of(each): each["data"] for each in ours}


async def test_an_upgrade_keeps_what_was_made_and_the_end_keeps_host_namespaces(
    host: Path,
) -> None:
    chart = ["inst", str(CHART), "--set", "name=kept"]
    printed = on(host, "install", *chart, "--create-namespace")
    assert "get secret inst-tohost-kept-admin" in printed
    async with admin(host) as client:
        before = await secrets(client)
        on(host, "upgrade", *chart, "--set", "weight=2")
        assert await secrets(client) == before
        assert {"inst-tohost-kept-pki", "inst-tohost-redis", "inst-tohost-dashboard"} <= set(before)
        on(host, "uninstall", "inst")
        assert await secrets(client) == {}
        left = await client.request("GET", "/api/v1/namespaces/vc-kept")
        assert left["status"]["phase"] == "Active"
