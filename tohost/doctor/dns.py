"""The addresses that pods of a virtual cluster need: its DNS, and its API server."""

from collections.abc import AsyncIterator

from common.config import VirtualCluster
from common.errors import ApiError, NotFoundError, RetryError
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.naming import host_name, host_namespace
from common.objects import Obj
from tohost.doctor.finding import Finding, ok, skipped
from tohost.doctor.patient import Patient

SYSTEM, NAME = "kube-system", "kube-dns"
SERVICES = REGISTRY["services"]
_WITHOUT = "pods ask the host's DNS, and find no Service of the virtual cluster by name"


async def check(patient: Patient) -> list[Finding]:
    host = patient.host
    if host is None:
        return []
    found: list[Finding] = []
    for virtual, server in patient.pairs().values():
        found += [each async for each in _named(host.client, virtual)]
        found.append(await _dns(server.client, virtual))
    return found


async def _named(host: KubeClient, virtual: VirtualCluster) -> AsyncIterator[Finding]:
    """The host Services that the configuration names."""
    network = virtual.networking
    for option, reference in (
        ("apiService", network.api_service),
        ("dnsService", network.dns_service),
    ):
        if not reference:
            continue
        namespace, _, name = reference.partition("/")
        check_name = f"networking.{option}"
        try:
            address = _address(await host.get(SERVICES, namespace, name))
        except NotFoundError:
            words = f"the host has no Service {reference}, and until it has, nothing is synced"
            remedy = _remedy(option, virtual)
            yield Finding(virtual.name, check_name, "problem", words, remedy)
        except (ApiError, RetryError) as error:
            yield skipped(virtual.name, check_name, str(error))
        else:
            yield ok(virtual.name, check_name, f"the host's {reference} has {address or 'none'}")


def _remedy(option: str, virtual: VirtualCluster) -> str:
    if option == "apiService":
        return f"create it, or write another one, or {option}IP"
    return (
        f"write networking.dnsService: {_synced(virtual)}, if it has the default name; or create it"
    )


def _synced(virtual: VirtualCluster) -> str:
    """The host Service of the virtual kube-dns."""
    cluster = virtual.cluster()
    namespace = host_namespace(cluster, SYSTEM) or cluster.host_namespace
    return f"{namespace}/{host_name(cluster, SYSTEM, NAME, SERVICES.plural)}"


async def _dns(client: KubeClient, virtual: VirtualCluster) -> Finding:
    """Whether the virtual cluster has a DNS Service to which the configuration leads. A Service of
    the virtual cluster has the address that it has on the host."""
    network = virtual.networking
    configured = bool(network.dns_service or network.dns_service_ip)
    try:
        address = _address(await client.get(SERVICES, SYSTEM, NAME))
    except NotFoundError:
        return _missing(virtual, configured)
    except (ApiError, RetryError) as error:
        return skipped(virtual.name, "DNS", str(error))
    if not configured:
        remedy = f"write networking.dnsService: {_synced(virtual)}"
        words = f"{SYSTEM}/{NAME} is there, and the configuration doesn't name it: {_WITHOUT}"
        return Finding(virtual.name, "DNS", "warning", words, remedy)
    wanted = network.dns_service_ip
    if wanted and address and wanted != address:
        words = f"networking.dnsServiceIP is {wanted}, and {SYSTEM}/{NAME} has {address}"
        remedy = f"write networking.dnsServiceIP: {address}, unless {wanted} is a DNS of your own"
        return Finding(virtual.name, "DNS", "warning", words, remedy)
    return ok(virtual.name, "DNS", f"{SYSTEM}/{NAME} has {address or 'no address yet'}")


def _missing(virtual: VirtualCluster, configured: bool) -> Finding:
    """A DNS server of another name, or one elsewhere, is fine."""
    words = f"the virtual cluster has no Service {SYSTEM}/{NAME}"
    install = "install CoreDNS there, with the manifest's Service"
    if configured:
        remedy = f"{install}, unless networking.dnsService or dnsServiceIP is a DNS of your own"
    else:
        words = f"{words}, and the configuration names no DNS: {_WITHOUT}"
        remedy = f"{install}; then write networking.dnsService: {_synced(virtual)}"
    return Finding(virtual.name, "DNS", "warning", words, remedy, [manifest()])


def _address(service: Obj) -> str:
    return str((service.get("spec") or {}).get("clusterIP") or "")


def manifest() -> Obj:
    """As CoreDNS installations have it."""
    ports = [{"name": "dns", "port": 53, "protocol": "UDP"}]
    ports.append({"name": "dns-tcp", "port": 53, "protocol": "TCP"})
    labels = {"k8s-app": NAME}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": NAME, "namespace": SYSTEM, "labels": labels},
        "spec": {"selector": labels, "ports": ports},
    }
