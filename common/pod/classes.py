"""Runtime and priority classes, which the host's admission turns into what it must.

What the virtual cluster's admission made of its own classes (`priority`, `preemptionPolicy`,
`overhead`) is not sent: where it differs from what the host's makes, that refuses the pod.
"""

from common.cluster import Cluster
from common.objects import Obj
from common.priority import priority_class_name


def set_classes(spec: Obj, own: Obj, cluster: Cluster) -> None:
    """Give the host pod's spec its classes, in place; `own` is the virtual pod's."""
    if runtime_class := cluster.pods.runtime_class:
        spec["runtimeClassName"] = runtime_class
    if name := _priority_class(own, cluster):
        spec["priorityClassName"] = name


def _priority_class(own: Obj, cluster: Cluster) -> str:
    """The pod's own, when those are synced; else the configured one, which is the host's."""
    if "priorityclasses" in cluster.enabled and own.get("priorityClassName"):
        return priority_class_name(cluster, own["priorityClassName"])
    return cluster.pods.priority_class
