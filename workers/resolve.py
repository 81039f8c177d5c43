"""What a virtual cluster's settings leave to be found on the host: addresses and the owner."""

from common.cluster import Cluster
from common.config import Config, VirtualCluster
from common.errors import RetryError
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.objects import Obj, uid


async def resolve(virtual: VirtualCluster, config: Config, host: KubeClient) -> Cluster:
    """Raises RetryError, or NotFoundError for an object that the configuration names in vain."""
    owner = config.host.owner
    network = virtual.networking
    return virtual.cluster(
        await find_owner(virtual, config, host) if owner else None,
        api_service_ip=await _service_ip(host, network.api_service),
        dns_service_ip=await _service_ip(host, network.dns_service),
    )


async def _service_ip(host: KubeClient, reference: str) -> str:
    """The cluster IP of the host Service `namespace/name`; "" for no reference."""
    if not reference:
        return ""
    namespace, _, name = reference.partition("/")
    service = await host.get(REGISTRY["services"], namespace, name)
    return str((service.get("spec") or {}).get("clusterIP") or "")


async def find_owner(virtual: VirtualCluster, config: Config, host: KubeClient) -> Obj:
    """An ownerReference to the object in the host namespace that is to own everything. Raises as
    `resolve` does."""
    owner = config.host.owner
    core = "/" not in owner.api_version
    root = f"/api/{owner.api_version}" if core else f"/apis/{owner.api_version}"
    resources = await host.request("GET", root)
    plural = next(
        (
            str(each["name"])
            for each in resources.get("resources") or []
            if each.get("kind") == owner.kind and "/" not in each["name"]
        ),
        None,
    )
    if plural is None:
        raise RetryError(f"host.owner: the host serves no {owner.kind} in {owner.api_version}")
    path = f"{root}/namespaces/{virtual.host_namespace}/{plural}/{owner.name}"
    there = await host.request("GET", path)
    return {
        "apiVersion": owner.api_version,
        "kind": owner.kind,
        "name": owner.name,
        "uid": uid(there),
    }
