"""Objects of one API server by plural, namespace and name; independent of how tohost sees kinds."""

from collections.abc import Mapping

from common.errors import NotFoundError
from common.kube.client import MERGE_PATCH, KubeClient
from common.objects import Obj

_GROUPS = {
    "apiextensions.k8s.io/v1": "customresourcedefinitions",
    "admissionregistration.k8s.io/v1": (
        "mutatingwebhookconfigurations validatingwebhookconfigurations"
    ),
    "apps/v1": "daemonsets deployments replicasets statefulsets",
    "batch/v1": "jobs",
    "discovery.k8s.io/v1": "endpointslices",
    "example.com/v1": "widgets",
    "networking.k8s.io/v1": "ingresses ipaddresses networkpolicies",
    "policy/v1": "poddisruptionbudgets",
    "resource.k8s.io/v1": "deviceclasses resourceclaims resourceclaimtemplates",
    "scheduling.k8s.io/v1": "priorityclasses",
    "snapshot.storage.k8s.io/v1": "volumesnapshots volumesnapshotcontents",
    "storage.k8s.io/v1": "storageclasses",
}
_ROOTS = {
    plural: f"/apis/{group}" for group, plurals in _GROUPS.items() for plural in plurals.split()
}
_CLUSTER_SCOPED = frozenset(
    "customresourcedefinitions deviceclasses ipaddresses mutatingwebhookconfigurations namespaces"
    " nodes persistentvolumes priorityclasses storageclasses validatingwebhookconfigurations"
    " volumesnapshotcontents".split()
)
_NONE: Mapping[str, str] = {}


class Api:
    """`client` stays the caller's to close."""

    def __init__(self, client: KubeClient) -> None:
        self._client = client

    async def get(self, plural: str, namespace: str, name: str) -> Obj | None:
        try:
            return await self._client.request("GET", _path(plural, namespace, name))
        except NotFoundError:
            return None

    async def list(self, plural: str, namespace: str = "", selector: str = "") -> list[Obj]:
        params = {"labelSelector": selector} if selector else _NONE
        answer = await self._client.request("GET", _path(plural, namespace), params=params)
        return list(answer["items"])

    async def create(self, plural: str, namespace: str, obj: Obj) -> Obj:
        return await self._client.request("POST", _path(plural, namespace), body=obj)

    async def patch(
        self, plural: str, namespace: str, name: str, patch: Obj, subresource: str = ""
    ) -> Obj:
        """A merge patch."""
        path = _path(plural, namespace, name) + (f"/{subresource}" if subresource else "")
        return await self._client.request("PATCH", path, body=patch, content_type=MERGE_PATCH)

    async def delete(
        self, plural: str, namespace: str, name: str, grace_s: int | None = None
    ) -> None:
        options = {} if grace_s is None else {"gracePeriodSeconds": grace_s}
        await self._client.request("DELETE", _path(plural, namespace, name), body=options)


def _path(plural: str, namespace: str = "", name: str = "") -> str:
    path = _ROOTS.get(plural, "/api/v1")
    if namespace and plural not in _CLUSTER_SCOPED:
        path += f"/namespaces/{namespace}"
    return f"{path}/{plural}/{name}" if name else f"{path}/{plural}"
