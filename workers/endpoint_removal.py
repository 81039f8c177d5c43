"""Clear the host's endpoints of a Service whose endpoints get another owner.

Whoever makes endpoints for a Service copies its labels onto them, the host's own controllers too.
So what bears the virtual cluster's mark was made for one of its Services, and nothing else is
deleted, whatever becomes of the Service while we ask.
"""

from contextlib import suppress

from common.actions import RemoveEndpoints
from common.cluster import Cluster
from common.errors import NotFoundError
from common.kinds import REGISTRY
from common.kube.client import KubeClient, object_path
from common.metadata import MANAGED_BY
from common.naming import managed_by
from common.objects import labels, uid

SERVICE_NAME = "kubernetes.io/service-name"


async def remove(host: KubeClient, cluster: Cluster, action: RemoveEndpoints) -> None:
    """Delete the Endpoints of the Service's name and the slices labelled with it, if they bear the
    mark."""
    endpoints, mark = REGISTRY["endpoints"], managed_by(cluster)
    with suppress(NotFoundError):
        there = await host.get(endpoints, action.namespace, action.service)
        if labels(there).get(MANAGED_BY) == mark:
            await host.delete(endpoints, action.namespace, action.service, uid=uid(there))
    slices = object_path(REGISTRY["endpointslices"], action.namespace)
    selector = f"{SERVICE_NAME}={action.service},{MANAGED_BY}={mark}"
    with suppress(NotFoundError):
        await host.request("DELETE", slices, params={"labelSelector": selector})
