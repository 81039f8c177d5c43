"""The manifests on real API servers: accepted, and with just enough rights to run tohost.

Needs kube-apiserver in the folder KUBEBUILDER_ASSETS.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from common.kinds import REGISTRY
from common.objects import Obj, name_of, namespace_of
from sandbox.client import Client
from sandbox.kubeconfig import read_access, write_kubeconfig
from sandbox.redis import RedisServer
from sandbox.run import attend
from tests.controlplane import ControlPlanes, assets, control_planes
from tests.integration.manifests import documents, named, virtual_documents
from tohost.demo import check
from tohost.demo.api import collection, key_of, manifests
from tohost.processes import ProcessTree, Program

pytestmark = pytest.mark.skipif(assets() is None, reason="KUBEBUILDER_ASSETS is not set")

HOST_NAMESPACE = "vc-my-vcluster"
GROUPS = {
    "Deployment": "/apis/apps/v1",
    "StatefulSet": "/apis/apps/v1",
    "NetworkPolicy": "/apis/networking.k8s.io/v1",
    **dict.fromkeys(
        ["Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"],
        "/apis/rbac.authorization.k8s.io/v1",
    ),
}
PLURALS = {"NetworkPolicy": "networkpolicies"}
CONVERGED_S = 60.0


@pytest.fixture(scope="module")
def planes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlanes]:
    with control_planes(tmp_path_factory.mktemp("planes")) as ready:
        yield ready


@dataclass(frozen=True, slots=True)
class Admins:
    """Clients that may do anything."""

    virtual: Client
    host: Client


@asynccontextmanager
async def admins(planes: ControlPlanes) -> AsyncIterator[Admins]:
    async with (
        Client(read_access(planes.virtual_kubeconfig)) as virtual,
        Client(read_access(planes.host_kubeconfig)) as host,
    ):
        yield Admins(virtual, host)


def object_path(obj: Obj) -> str:
    kind = obj["kind"]
    plural = PLURALS.get(kind, kind.lower() + "s")
    within = f"/namespaces/{namespace_of(obj)}" if namespace_of(obj) else ""
    return f"{GROUPS.get(kind, '/api/v1')}{within}/{plural}/{name_of(obj)}"


async def apply(client: Client, obj: Obj, *, dry_run: bool = False) -> None:
    """Server-side apply, strict about unknown fields."""
    query = "?fieldManager=test&force=true&fieldValidation=Strict"
    query += "&dryRun=All" if dry_run else ""
    await client.request("PATCH", object_path(obj) + query, obj, "application/apply-patch+yaml")


async def test_a_real_server_accepts_every_manifest(planes: ControlPlanes) -> None:
    async with admins(planes) as admin:
        for client, objects in ((admin.host, documents()), (admin.virtual, virtual_documents())):
            for obj in objects:
                await apply(client, obj, dry_run=obj["kind"] != "Namespace")


@pytest.mark.slow
async def test_the_roles_allow_what_tohost_does_and_no_more(
    planes: ControlPlanes, redis_server: RedisServer, tmp_path: Path
) -> None:
    Redis.from_url(redis_server.url).flushall()
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(admins(planes))
        await attend(stack, planes.virtual_kubeconfig, planes.host_kubeconfig, kubelet=True)
        await grant(admin)
        tree = await start(planes, admin, redis_server.url, tmp_path)
        try:
            for obj in [*manifests("1-base.yaml"), *manifests("2-pods.yaml")]:
                plural, namespace, _ = key_of(obj)
                await admin.virtual.request("POST", collection(plural, namespace), obj)
            assert await differences(admin) == []
            await admin.virtual.request("DELETE", "/api/v1/namespaces/shop/pods/db-0", {})
            assert await differences(admin) == []
        finally:
            tree.stop()
            await tree.wait()
        assert "forbidden" not in logs(tmp_path).lower()
        await assert_confined(admin)


def logs(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.glob("*.log"))


async def grant(admin: Admins) -> None:
    """The Roles of the manifests, for real."""
    for client, objects in ((admin.host, documents()), (admin.virtual, virtual_documents())):
        for obj in objects:
            if obj["kind"] in {"Namespace", "ServiceAccount"} or "Role" in obj["kind"]:
                await apply(client, obj)


async def start(planes: ControlPlanes, admin: Admins, redis_url: str, folder: Path) -> ProcessTree:
    """What the Deployments start, with the ConfigMap's file and the rights of their accounts."""
    (folder / "tohost.yaml").write_text(named("ConfigMap", "tohost")["data"]["tohost.yaml"])
    virtual_server = read_access(planes.virtual_kubeconfig).url
    token = await token_of(admin.virtual, "tohost")
    write_kubeconfig(folder / "my-vcluster.kubeconfig", virtual_server, token=token)
    tree = ProcessTree()
    for name in ("watcher", "worker"):
        token = await token_of(admin.host, f"tohost-{name}")
        kubeconfig = folder / f"{name}.kubeconfig"
        write_kubeconfig(kubeconfig, read_access(planes.host_kubeconfig).url, token=token)
        environ = {
            "TOHOST_HOST__KUBECONFIG": str(kubeconfig),
            "TOHOST_REDIS__URL": redis_url,
            "TOHOST_HEALTH__PORT": "0",
        }
        container = named("Deployment", name)["spec"]["template"]["spec"]["containers"][0]
        arguments = [word.replace("/etc/tohost", str(folder)) for word in container["args"]]
        log = (folder / f"{name}.log").open("wb")
        command = (sys.executable, "-m", "tohost", *arguments)
        tree.start(Program(name, command, environ, log))
    return tree


async def token_of(client: Client, account: str) -> str:
    path = f"/api/v1/namespaces/tohost/serviceaccounts/{account}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    answer = await client.request("POST", path, body)
    token: str = answer["status"]["token"]
    return token


async def differences(admin: Admins) -> list[str]:
    """What is still wrong when both sides had time to settle."""
    found = ["nothing was read"]
    for _ in range(int(CONVERGED_S / 0.5)):
        virtual, host = (
            await check.read(admin.virtual),
            await check.read(admin.host, HOST_NAMESPACE),
        )
        found = check.problems(virtual, host, "my-vcluster")
        if not found:
            return []
        await asyncio.sleep(0.5)
    return found


async def assert_confined(admin: Admins) -> None:
    """The accounts may touch neither other namespaces nor anything of the cluster's own."""
    for account in ("tohost-watcher", "tohost-worker"):
        for plural in ("secrets", "pods", "configmaps"):
            for namespace in ("default", "kube-system", "tohost"):
                for verb in ("get", "list", "create", "delete"):
                    assert not await allowed(admin.host, account, verb, namespace, plural)
    for verb in ("create", "patch", "delete"):
        for kind in REGISTRY.values():
            path = (verb, HOST_NAMESPACE, kind.plural, kind.group)
            assert not await allowed(admin.host, "tohost-watcher", *path)


async def allowed(
    client: Client, account: str, verb: str, namespace: str, plural: str, group: str = ""
) -> bool:
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": f"system:serviceaccount:tohost:{account}",
            "resourceAttributes": {
                "verb": verb,
                "namespace": namespace,
                "resource": plural,
                "group": group,
            },
        },
    }
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    answer = await client.request("POST", path, body)
    return bool(answer["status"]["allowed"])
