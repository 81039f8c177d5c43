"""Storage classes by name, for the volumes and claims that say one."""

from common.cluster import Cluster
from common.naming import host_name_cluster


def storage_class_name(cluster: Cluster, name: str) -> str:
    """What a virtual storage class is called on the host; "" stays, and with storageClasses sync
    off so does every name: the classes are the host's then."""
    synced = "storageclasses" in cluster.enabled
    return host_name_cluster(cluster, name) if name and synced else name
