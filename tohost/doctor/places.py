"""Host namespaces that are missing or on their way out."""

from common.config import VirtualCluster
from common.errors import ApiError, NotFoundError, RetryError
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.objects import Obj, is_deleting
from tohost.doctor.finding import HOST, Finding, ok, skipped
from tohost.doctor.patient import Patient

CHECK = "host namespace"
_PROBE: Obj = {"metadata": {"generateName": "tohost-doctor-"}}


async def check(patient: Patient) -> list[Finding]:
    """With namespace sync tohost makes them itself."""
    host = patient.host
    if host is None:
        return []
    every = patient.config.virtual_clusters
    fixed = [each for each in every if not each.sync.to_host.namespaces.enabled]
    return [await _namespace(host.client, each) for each in fixed]


async def _namespace(client: KubeClient, virtual: VirtualCluster) -> Finding:
    name = virtual.host_namespace
    try:
        found = await client.get(REGISTRY["namespaces"], "", name)
    except NotFoundError:
        return _missing(virtual)
    except ApiError as error:
        return await _probed(client, virtual, error)
    except RetryError as error:
        return skipped(HOST, CHECK, f"{name} of {virtual.name}: {error}")
    if is_deleting(found):
        words = f"{name} of {virtual.name} is being deleted, and nothing can be created in it"
        remedy = "find out who deletes it; make it anew once it's gone"
        return Finding(HOST, CHECK, "problem", words, remedy, [manifest(name)])
    return _there(virtual)


async def _probed(client: KubeClient, virtual: VirtualCluster, error: ApiError) -> Finding:
    """Who may not read it, as few may, can see it by what a creation that isn't meant would do."""
    try:
        await client.create(REGISTRY["configmaps"], virtual.host_namespace, _PROBE, dry_run=True)
    except NotFoundError:
        return _missing(virtual)
    except (ApiError, RetryError):
        return skipped(HOST, CHECK, f"{virtual.host_namespace} of {virtual.name}: {error}")
    return _there(virtual)


def _missing(virtual: VirtualCluster) -> Finding:
    name = virtual.host_namespace
    words = f"{name} of {virtual.name} is missing, and nothing can be created in it"
    remedy = "apply the manifest, or correct hostNamespace"
    return Finding(HOST, CHECK, "problem", words, remedy, [manifest(name)])


def _there(virtual: VirtualCluster) -> Finding:
    return ok(HOST, CHECK, f"{virtual.host_namespace} of {virtual.name} is there")


def manifest(name: str) -> Obj:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
