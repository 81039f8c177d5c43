"""What depends on other objects when one is created.

Its namespace, its priority class, the default storage class.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.errors import Cause, forbidden
from sandbox.kinds.pod_defaults import fill, tolerate_bad_nodes
from sandbox.kinds.pod_validation import total_requests
from sandbox.kinds.quantity import amount
from sandbox.kinds.resources import Resource
from sandbox.kinds.volume_validation import requested_storage
from sandbox.state.cluster import Cluster

Object = dict[str, Any]

_DEFAULT_CLASS: Final = "storageclass.kubernetes.io/is-default-class"
_NOT_READY: Final = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


def admit(cluster: Cluster, resource: Resource, obj: Object) -> None:
    """Completes a new object from what else exists; raises 403 or 404 when it may not exist."""
    if resource.namespaced:
        _admit_namespace(cluster, resource, obj["metadata"])
    adjust = _ADMISSION.get(resource.collection)
    if adjust:
        adjust(cluster, obj)


def _admit_namespace(cluster: Cluster, resource: Resource, metadata: Object) -> None:
    namespace = metadata["namespace"]
    if cluster.namespace(namespace).obj["metadata"].get("deletionTimestamp"):
        why = (
            f"unable to create new content in namespace {namespace} because it is being terminated"
        )
        cause = Cause(
            "NamespaceTerminating",
            f"namespace {namespace} is being terminated",
            "metadata.namespace",
        )
        raise forbidden(resource.plural, resource.group, metadata.get("name", ""), why, [cause])


def _admit_pod(cluster: Cluster, pod: Object) -> None:
    spec = pod["spec"]
    tolerate_bad_nodes(spec)
    priority, policy = _priority(cluster, pod)
    asked = spec.get("priority")
    if asked not in (None, priority):
        why = (
            f"the integer value of priority ({asked}) must not be provided in pod spec; "
            f"priority admission controller computed {priority} from the given PriorityClass name"
        )
        raise forbidden("pods", "", pod["metadata"].get("name", ""), why)
    fill(spec, priority=priority, preemptionPolicy=policy)


def _priority(cluster: Cluster, pod: Object) -> tuple[int, str]:
    name = pod["spec"].get("priorityClassName")
    classes = cluster.storage.collection("priorityclasses.scheduling.k8s.io")
    if name:
        item = classes.get("", name)
        if item is None:
            why = f"no PriorityClass with name {name} was found"
            raise forbidden("pods", "", pod["metadata"].get("name", ""), why)
        return item.obj["value"], item.obj["preemptionPolicy"]
    for item in classes.items():
        if item.obj.get("globalDefault"):
            pod["spec"]["priorityClassName"] = item.name
            return item.obj["value"], item.obj["preemptionPolicy"]
    return 0, "PreemptLowerPriority"


def _admit_claim(cluster: Cluster, claim: Object) -> None:
    claim["metadata"].setdefault("finalizers", []).append("kubernetes.io/pvc-protection")
    if "storageClassName" in claim["spec"]:
        return
    for item in cluster.storage.collection("storageclasses.storage.k8s.io").items():
        if (item.obj["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true":
            claim["spec"]["storageClassName"] = item.name


def admit_growth(cluster: Cluster, new: Object, old: Object) -> None:
    """Refuses to grow a claim whose storage class doesn't say that its volumes can; raises 403."""
    if requested_storage(new) <= requested_storage(old):
        return
    classes = cluster.storage.collection("storageclasses.storage.k8s.io")
    item = classes.get("", new["spec"].get("storageClassName") or "")
    if item is None or not item.obj.get("allowVolumeExpansion"):
        why = (
            "only dynamically provisioned pvc can be resized and the storageclass that provisions "
            "the pvc must support resize"
        )
        raise forbidden("persistentvolumeclaims", "", new["metadata"]["name"], why)


def admit_resize(cluster: Cluster, new: Object, old: Object) -> None:
    """Refuses what the pod's node has no room for, whatever else runs there; raises 403."""
    name, node_name = new["metadata"]["name"], new["spec"].get("nodeName")
    if not node_name or new["spec"] == old["spec"]:
        return
    item = cluster.storage.collection("nodes").get("", node_name)
    if item is None:
        raise forbidden("pods", "", name, f'node "{node_name}" not found')
    if _once(new["spec"]) != _once(old["spec"]):
        feature = "InPlacePodVerticalScalingInitContainers"
        why = (
            f'pod update requires features {feature} which are not available on node "{node_name}"'
        )
        raise forbidden("pods", "", name, why)
    allocatable = item.obj["status"].get("allocatable") or {}
    lacking = []
    for resource, scale in (("cpu", 1000), ("memory", 1)):
        asked, there = (
            int(quantity * scale)
            for quantity in (
                total_requests(new["spec"])[resource],
                amount(allocatable.get(resource, "0")),
            )
        )
        if asked > there:
            lacking.append(f"{resource}, requested: {asked}, allocatable: {there}")
    if lacking:
        why = f"node didn't have enough allocatable resources: {'; '.join(lacking)}"
        raise forbidden("pods", "", name, why)


def _once(spec: Object) -> list[Object]:
    """The containers that run to their end before others start."""
    return [part for part in spec.get("initContainers") or () if not part.get("restartPolicy")]


def _admit_priority_class(cluster: Cluster, priority_class: Object) -> None:
    if not priority_class.get("globalDefault"):
        return
    name = priority_class["metadata"].get("name", "")
    for item in cluster.storage.collection("priorityclasses.scheduling.k8s.io").items():
        if item.obj.get("globalDefault") and item.name != name:
            why = f"PriorityClass {item.name} is already marked as default. "
            why += "Only one default can exist"
            raise forbidden("priorityclasses", "scheduling.k8s.io", name, why)


def _admit_volume(_: Cluster, volume: Object) -> None:
    volume["metadata"].setdefault("finalizers", []).append("kubernetes.io/pv-protection")


def _admit_node(_: Cluster, node: Object) -> None:
    """A new node takes no pods until a controller saw that it is ready."""
    taints = node["spec"].setdefault("taints", [])
    if not any(taint.get("key") == _NOT_READY["key"] for taint in taints):
        taints.append(dict(_NOT_READY))


_ADMISSION: Final[Mapping[str, Callable[[Cluster, Object], None]]] = {
    "pods": _admit_pod,
    "persistentvolumeclaims": _admit_claim,
    "persistentvolumes": _admit_volume,
    "nodes": _admit_node,
    "priorityclasses.scheduling.k8s.io": _admit_priority_class,
}
