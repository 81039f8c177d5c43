"""Clear the host's endpoints of a Service whose endpoints get another owner."""

from contextlib import suppress

from common.actions import RemoveEndpoints
from common.errors import NotFoundError
from common.kinds import REGISTRY
from common.kube import KubeClient, object_path

SERVICE_NAME = "kubernetes.io/service-name"


async def remove(host: KubeClient, action: RemoveEndpoints) -> None:
    """Delete the Endpoints of the Service's name and the slices labelled with it."""
    slices = object_path(REGISTRY["endpointslices"], action.namespace)
    selector = {"labelSelector": f"{SERVICE_NAME}={action.service}"}
    with suppress(NotFoundError):
        await host.delete(REGISTRY["endpoints"], action.namespace, action.service)
    await host.request("DELETE", slices, params=selector)
