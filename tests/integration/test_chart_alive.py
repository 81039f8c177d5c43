"""What helm renders, alive: an application of each virtual cluster gets its pods on the host, with
the rendered commands, configuration and rights.

Needs kube-apiserver and kube-controller-manager in the folder KUBEBUILDER_ASSETS, and kubectl.
"""

import asyncio
import base64
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path

import pytest
import yaml

from common.objects import Obj
from sandbox.client import Client, Refused
from sandbox.kubeconfig import read_access
from tests.controllers import missing
from tests.controlplane import api_servers
from tests.integration.applied import READY_S, apply, wait_until
from tests.integration.chart_pods import data_of
from tests.integration.chart_release import Release, planes_of
from tests.integration.charts import EXAMPLES, NAMESPACE, render

pytestmark = [
    pytest.mark.skipif(bool(missing()), reason=f"not in KUBEBUILDER_ASSETS: {missing()}"),
    pytest.mark.skipif(
        shutil.which("kubectl") is None and os.environ.get("CI") != "true",
        reason="kubectl is not on PATH",
    ),
]

FLEET: Obj = {
    "virtualClusters": [
        {"name": "team-a", "weight": 3, "naming": {"format": "classic"}},
        {
            "name": "team-b",
            "hostNamespace": "tenant-b",
            "sync": {"toHost": {"secrets": {"all": True}}},
        },
        {"name": "team-c", "sync": {"toHost": {"namespaces": {"enabled": True}}}},
    ]
}
WEB: Obj = yaml.safe_load("""
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: nginx}]}
""")
HIGH: Obj = {
    "apiVersion": "scheduling.k8s.io/v1",
    "kind": "PriorityClass",
    "metadata": {"name": "high-priority"},
    "value": 1000,
}
RELEASES: dict[str, Obj | Path] = {
    "my-vcluster": {},
    "fleet": FLEET,
    **{path.name.partition(".")[0]: path for path in sorted(EXAMPLES.glob("*.values.yaml"))},
}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of a host cluster."""
    with api_servers(tmp_path_factory.mktemp("host"), {"host": "10.97.0.0/16"}) as files:
        yield files["host"]


@pytest.fixture(scope="module", params=list(RELEASES))
def release(
    request: pytest.FixtureRequest, host: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Release]:
    """One whose control planes and Redis run."""
    name, folder = request.param, tmp_path_factory.mktemp("release")
    said = RELEASES[name]
    values = said if isinstance(said, dict) else {}
    files = [said] if isinstance(said, Path) else []
    no_dns = {"controlPlane": {"dns": {"enabled": False}}}
    rendered = render({**values, **no_dns}, *files, release=name)
    block = f"10.97.{40 + list(RELEASES).index(name)}."
    found = Release(name, rendered, folder, host, planes_of(rendered, folder, block))
    with found.control_planes(), found.redis():
        yield found


def test_pods_can_trust_the_api_server_at_the_address_of_its_service(release: Release) -> None:
    for plane in release.planes:
        certificate = plane.place.folder / "serving" / "tls.crt"
        command = ["openssl", "x509", "-in", str(certificate), "-noout", "-ext", "subjectAltName"]
        shown = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        assert f"IP Address:{plane.address}" in shown
        assert f"DNS:{plane.name}.{NAMESPACE}.svc" in shown


async def test_tohost_is_no_administrator_of_the_virtual_cluster(release: Release) -> None:
    for plane in release.planes:
        async with plane.client("tohost") as client:
            assert (await client.request("GET", "/api/v1/pods"))["kind"] == "PodList"
            for path in ("/api/v1/replicationcontrollers", "/apis/apps/v1/deployments"):
                with pytest.raises(Refused, match="forbidden"):
                    await client.request("GET", path)


def test_the_dashboard_shows_redis_to_whoever_has_its_password(release: Release) -> None:
    password = data_of(release.rendered, "Secret", f"{release.full_name}-dashboard")["password"]
    with release.dashboard() as port:
        base = f"127.0.0.1:{port}/0/data/queues.json"
        wait_until(lambda: status(f"http://{base}") == HTTPStatus.UNAUTHORIZED)
        assert status(f"http://{base}", f"admin:{password}") == HTTPStatus.OK


def status(url: str, login: str = "") -> int:
    """0 when nobody answers."""
    request = urllib.request.Request(url)
    if login:
        words = base64.b64encode(login.encode()).decode()
        request.add_header("Authorization", f"Basic {words}")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            found: int = response.status
            return found
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


@pytest.mark.slow
async def test_an_application_of_each_virtual_cluster_gets_pods_on_the_host(
    release: Release, host: Path
) -> None:
    async with Client(read_access(host)) as client:
        await release.grant(client)
        await apply(client, HIGH)
        with ExitStack() as stack:
            for name in ("watcher", "worker"):
                token = await release.token(client, name)
                stack.enter_context(release.process(name, token))
            for plane in release.planes:
                async with plane.client() as virtual:
                    path = "/apis/apps/v1/namespaces/default/deployments"
                    await virtual.request("POST", path, WEB)
                [pod] = await host_pods(client, plane.cluster)
                assert variables(pod)["KUBERNETES_SERVICE_HOST"] == plane.address
    for name in ("watcher", "worker"):
        assert "forbidden" not in release.log(name).read_text().lower()


def variables(pod: Obj) -> dict[str, str]:
    environ = pod["spec"]["containers"][0]["env"]
    return {each["name"]: each["value"] for each in environ if "value" in each}


async def host_pods(client: Client, cluster: str) -> list[Obj]:
    """Those of the virtual cluster, once there are any."""
    path = f"/api/v1/pods?labelSelector=vcluster.loft.sh/managed-by={cluster}"
    for _ in range(int(READY_S / 0.2)):
        found = await client.request("GET", path)
        if found["items"]:
            return list(found["items"])
        await asyncio.sleep(0.2)
    return []
