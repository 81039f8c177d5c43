"""Clear the host's endpoints of a Service whose endpoints get another owner."""

from contextlib import suppress

from common.actions import RemoveEndpoints
from common.cluster import Cluster
from common.errors import NotFoundError
from common.kinds import REGISTRY
from common.kube import KubeClient, object_path
from common.metadata import ours

SERVICE_NAME = "kubernetes.io/service-name"


async def remove(host: KubeClient, cluster: Cluster, action: RemoveEndpoints) -> None:
    """Delete the Endpoints of the Service's name and the slices labelled with it; nothing when it
    isn't there, or isn't ours by now."""
    services, endpoints = REGISTRY["services"], REGISTRY["endpoints"]
    with suppress(NotFoundError):
        there = await host.get(services, action.namespace, action.service)
        if ours(services, there, cluster) is None:
            return
        with suppress(NotFoundError):
            await host.delete(endpoints, action.namespace, action.service)
        slices = object_path(REGISTRY["endpointslices"], action.namespace)
        selector = {"labelSelector": f"{SERVICE_NAME}={action.service}"}
        await host.request("DELETE", slices, params=selector)
