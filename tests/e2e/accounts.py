"""The accounts that tohost runs under on real API servers, with the rights that `tohost rbac`
prints for its configuration and no others."""

from collections.abc import Iterable
from pathlib import Path

import yaml

from common.config import load
from common.kube.client import KubeClient
from common.objects import Obj, name_of, namespace_of
from sandbox.kubeconfig import write_kubeconfig
from tests.backends import Backend
from tests.e2e.audited import Audited
from tohost import rbac

NAMESPACE = "tohost"
_ROLES = "/apis/rbac.authorization.k8s.io/v1"


async def accounts(made: Backend, audit: Audited, config: Path) -> dict[str, dict[str, str]]:
    """What to put into the environment of each module. The configuration leads to the virtual
    cluster under its account from now on."""
    settings = load(config)
    [virtual] = settings.virtual_clusters
    environ = {}
    async with await KubeClient.connect(str(made.host_kubeconfig), name="host") as client:
        await _grant(client, rbac.host_objects(settings, NAMESPACE))
        for module in ("watchers", "workers"):
            token = await _token(client, f"tohost-{module[:-1]}")
            file = config.parent / f"host-{module}.kubeconfig"
            write_kubeconfig(file, audit.host.url, token=token)
            environ[module] = {"TOHOST_HOST__KUBECONFIG": str(file)}
    async with await KubeClient.connect(str(made.virtual_kubeconfig), name="virtual") as client:
        await _grant(client, rbac.virtual_objects(virtual, NAMESPACE))
        file = config.parent / "virtual-account.kubeconfig"
        write_kubeconfig(file, audit.virtual.url, token=await _token(client, "tohost"))
    _lead_to(file, config)
    return environ


def _lead_to(kubeconfig: Path, config: Path) -> None:
    content = yaml.safe_load(config.read_text())
    content["virtualClusters"][0]["kubeconfig"] = str(kubeconfig)
    config.write_text(yaml.safe_dump(content))


async def _grant(client: KubeClient, objects: Iterable[Obj]) -> None:
    await client.request("POST", "/api/v1/namespaces", body={"metadata": {"name": NAMESPACE}})
    for obj in objects:
        within = f"/namespaces/{namespace_of(obj)}" if namespace_of(obj) else ""
        path = f"{_ROLES}{within}/{obj['kind'].lower()}s"
        assert name_of(await client.request("POST", path, body=obj)) == name_of(obj)


async def _token(client: KubeClient, account: str) -> str:
    path = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts"
    await client.request("POST", path, body={"metadata": {"name": account}})
    body = {"spec": {"expirationSeconds": 7200}}
    answer = await client.request("POST", f"{path}/{account}/token", body=body)
    token: str = answer["status"]["token"]
    return token
