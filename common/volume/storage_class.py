"""Storage classes by name, for the volumes and claims that say one."""

from common.cluster import Cluster
from common.naming import host_name_cluster
from common.objects import Obj, annotations, get_path

CLASS_ANNOTATION = "volume.beta.kubernetes.io/storage-class"
"""The class's older place; where it is there, the field doesn't count."""


def storage_class_name(cluster: Cluster, name: str) -> str:
    """What a virtual storage class is called on the host; "" stays, and with storageClasses sync
    off so does every name: the classes are the host's then."""
    synced = "storageclasses" in cluster.enabled
    return host_name_cluster(cluster, name) if name and synced else name


def class_of(obj: Obj) -> str:
    """The class that a claim or volume has, "" for none."""
    notes = annotations(obj)
    if CLASS_ANNOTATION in notes:
        return notes[CLASS_ANNOTATION]
    return get_path(obj, "spec.storageClassName") or ""


def follow_class(notes: dict[str, str], cluster: Cluster) -> dict[str, str]:
    """The annotations with the class in the host's words."""
    if CLASS_ANNOTATION not in notes:
        return notes
    return {**notes, CLASS_ANNOTATION: storage_class_name(cluster, notes[CLASS_ANNOTATION])}
