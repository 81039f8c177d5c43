"""Deletes what belongs to an object that is gone, as the garbage collector of a cluster does."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sandbox.kinds.resources import Resource
from sandbox.state.cluster import Cluster
from sandbox.state.storage import Change, Item
from sandbox.verbs import deletion

Object = dict[str, Any]
Key = tuple[str, str, str]


class Collector:
    """Remembers who is owned by which uid. Owners that never existed are ignored."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._owned: defaultdict[str, set[Key]] = defaultdict(set)

    def on_change(self, collection: str, change: Change) -> None:
        key = (collection, change.item.namespace, change.item.name)
        for uid in _owners(change.previous):
            self._owned[uid].discard(key)
        if change.type != "DELETED":
            for uid in _owners(change.item):
                self._owned[uid].add(key)
            return
        for dependent in self._owned.pop(change.item.obj["metadata"]["uid"], ()):
            self._collect(*dependent)

    def _collect(self, collection: str, namespace: str, name: str) -> None:
        item = self._cluster.storage.collection(collection).get(namespace, name)
        resource = self._resource(collection)
        if (
            item
            and resource
            and not any(self._exists(reference, namespace) for reference in _references(item))
        ):
            deletion.start(self._cluster, resource, item)

    def _resource(self, collection: str) -> Resource | None:
        return next(
            (part for part in self._cluster.registry if part.collection == collection), None
        )

    def _exists(self, reference: Object, namespace: str) -> bool:
        for resource in self._cluster.registry:
            if (resource.kind, resource.api_version) == (
                reference["kind"],
                reference["apiVersion"],
            ):
                place = namespace if resource.namespaced else ""
                owner = self._cluster.storage.collection(resource.collection).get(
                    place, reference["name"]
                )
                return owner is not None and owner.obj["metadata"]["uid"] == reference["uid"]
        return False


def _references(item: Item | None) -> list[Object]:
    return (item.obj["metadata"].get("ownerReferences") or []) if item else []


def _owners(item: Item | None) -> list[str]:
    return [reference["uid"] for reference in _references(item)]
