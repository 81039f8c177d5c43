"""What every real cluster starts with: system namespaces, priorities, the `kubernetes` Service."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from sandbox.objects import new_metadata, timestamp
from sandbox.state import services
from sandbox.state.addresses import SERVICE_CIDRS, Addresses
from sandbox.state.cluster import Cluster
from sandbox.state.storage import Storage

Object = dict[str, Any]

_NAMESPACES: Final = ("default", "kube-system", "kube-public", "kube-node-lease")
_PRIORITIES: Final = {
    "system-cluster-critical": 2_000_000_000,
    "system-node-critical": 2_000_001_000,
}
# Where the API server says it can be reached; an address reserved for documentation.
_ADVERTISED: Final = "192.0.2.2"
_PORT: Final = 6443


def new_cluster(service_cidr: str) -> Cluster:
    storage = Storage()
    cluster = Cluster(storage, Addresses(storage))
    for name in _NAMESPACES:
        metadata = new_metadata(name, labels={"kubernetes.io/metadata.name": name})
        active: Object = {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        storage.put("namespaces", {"metadata": metadata} | active)
    for name, value in _PRIORITIES.items():
        metadata = new_metadata(name) | {"generation": 1}
        policy = {"value": value, "preemptionPolicy": "PreemptLowerPriority"}
        storage.put("priorityclasses.scheduling.k8s.io", {"metadata": metadata, **policy})
    _add_default_range(storage, service_cidr)
    _add_own_service(cluster, service_cidr)
    return cluster


def _add_default_range(storage: Storage, cidr: str) -> None:
    ready = {
        "type": "Ready",
        "status": "True",
        "lastTransitionTime": timestamp(),
        "reason": "",
        "message": "Kubernetes default Service CIDR is ready",
    }
    spec, status = {"cidrs": [cidr]}, {"conditions": [ready]}
    metadata = new_metadata("kubernetes")
    storage.put(SERVICE_CIDRS, {"metadata": metadata, "spec": spec, "status": status})


def _add_own_service(cluster: Cluster, cidr: str) -> None:
    """The first address of the range leads to the API server itself."""
    address = str(ipaddress.ip_network(cidr).network_address + 1)
    port = {"name": "https", "protocol": "TCP", "port": 443, "targetPort": _PORT}
    spec: Object = {"ports": [port], "clusterIP": address, "type": "ClusterIP"}
    spec |= {"sessionAffinity": "None", "internalTrafficPolicy": "Cluster"}
    labels = {"component": "apiserver", "provider": "kubernetes"}
    metadata = new_metadata("kubernetes", "default", labels)
    service = {"metadata": metadata, "spec": spec, "status": {"loadBalancer": {}}}
    services.allocate(service, cluster.addresses)
    cluster.storage.put("services", service)
    services.record(service, None, cluster.addresses)
    _add_own_endpoints(cluster.storage)


def _add_own_endpoints(storage: Storage) -> None:
    port = {"name": "https", "port": _PORT, "protocol": "TCP"}
    skipped = {"endpointslice.kubernetes.io/skip-mirror": "true"}
    subsets = [{"addresses": [{"ip": _ADVERTISED}], "ports": [port]}]
    metadata = new_metadata("kubernetes", "default", skipped)
    storage.put("endpoints", {"metadata": metadata, "subsets": subsets})
    named = {"kubernetes.io/service-name": "kubernetes"}
    slice_: Object = {"metadata": new_metadata("kubernetes", "default", named) | {"generation": 1}}
    slice_ |= {"addressType": "IPv4", "ports": [port]}
    slice_["endpoints"] = [{"addresses": [_ADVERTISED], "conditions": {"ready": True}}]
    storage.put("endpointslices.discovery.k8s.io", slice_)
