"""Free a service address that the virtual API server took and lost.

A server that is to give a Service an address notes it in an IPAddress object before it writes
the Service. When the Service changed or went in between, the note stays: the address counts as
taken, in the name of a Service that does not have it. The server's own repair takes minutes.
"""

from common.errors import ApiError
from common.kinds import REGISTRY
from common.kube.api import delete_options
from common.kube.client import KubeClient
from common.objects import Obj, get_path, meta, name_of, namespace_of, uid

IP_ADDRESSES = "/apis/networking.k8s.io/v1/ipaddresses"


async def free_leaked(virtual: KubeClient, service: Obj, address: str) -> bool:
    """Whether the address was noted for this Service, which lacks it, and is free now.

    Only notes in this Service's own name count: another one's may be about to be created. False
    too when the server has no such objects, or we may not touch them. Raises RetryError.
    """
    namespace, name = namespace_of(service), name_of(service)
    try:
        note = await virtual.request("GET", f"{IP_ADDRESSES}/{address}")
        parent = get_path(note, "spec.parentRef") or {}
        if (parent.get("namespace"), parent.get("name")) != (namespace, name):
            return False
        present = await virtual.get(REGISTRY["services"], namespace, name)
        if address in (get_path(present, "spec.clusterIPs") or ()):
            return False
        version = str(meta(note).get("resourceVersion") or "")
        options = delete_options(None, uid(note), version, "Background", False)
        await virtual.request("DELETE", f"{IP_ADDRESSES}/{address}", body=options)
    except ApiError:
        return False
    return True
