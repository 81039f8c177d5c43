"""The end of a CustomResourceDefinition: first its objects go, then the definition itself."""

from __future__ import annotations

from sandbox.kinds.definition_defaults import CLEANUP
from sandbox.state.cluster import Cluster
from sandbox.state.customresources import DEFINITIONS, collection_of
from sandbox.state.storage import Change
from sandbox.verbs import deletion


def on_change(cluster: Cluster, collection: str, change: Change) -> None:
    """Listens to the storage; comes after the registry, which knows the definition until then."""
    if collection == DEFINITIONS and change.type == "MODIFIED":
        if change.item.obj["metadata"].get("deletionTimestamp"):
            _clean_up(cluster, collection_of(change.item.obj))
    elif change.type == "DELETED":
        _release(cluster, collection)


def _clean_up(cluster: Cluster, collection: str) -> None:
    resource = next((each for each in cluster.registry if each.collection == collection), None)
    for item in cluster.storage.collection(collection).items():
        if resource is None:
            cluster.storage.remove(collection, item)
        elif not item.obj["metadata"].get("deletionTimestamp"):
            deletion.start(cluster, resource, item)
    _release(cluster, collection)


def _release(cluster: Cluster, collection: str) -> None:
    """Takes the server's own finalizer off when there is nothing left to clean up."""
    definitions = cluster.storage.collection(DEFINITIONS)
    current = definitions.get("", collection)
    if current is None or not current.obj["metadata"].get("deletionTimestamp"):
        return
    if cluster.storage.collection(collection).items():
        return
    metadata = current.obj["metadata"]
    others = [name for name in metadata.get("finalizers") or () if name != CLEANUP]
    if not others:
        cluster.storage.remove(DEFINITIONS, current)
    elif others != metadata["finalizers"]:
        released = current.copy()
        released["metadata"]["finalizers"] = others
        cluster.storage.put(DEFINITIONS, released)
