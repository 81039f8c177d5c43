"""Priority classes by name, for PriorityClasses themselves and for the pods that use them."""

from common.cluster import Cluster
from common.naming import host_name_cluster


def priority_class_name(cluster: Cluster, name: str) -> str:
    """What a virtual priority class is called on the host, `system-...` too: by the host's own
    class of that name a tenant's pod would outrank all that users may define. "" stays."""
    return host_name_cluster(cluster, name) if name else name
