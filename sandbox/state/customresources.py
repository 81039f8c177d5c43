"""CustomResourceDefinitions.

Serving what one describes, and clearing up when it goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox.kinds.resources import Resource
from sandbox.state.cluster import Cluster
from sandbox.state.storage import Change

Object = dict[str, Any]

DEFINITIONS: Final = "customresourcedefinitions.apiextensions.k8s.io"


def on_change(cluster: Cluster, collection: str, change: Change) -> None:
    """Listens to the storage, so that a definition takes effect however it was written."""
    if collection != DEFINITIONS:
        return
    spec = change.item.obj["spec"]
    cluster.registry.remove(spec["group"], spec["names"]["plural"])
    if change.type == "DELETED":
        _forget_objects(cluster, spec)
        return
    for resource in _served(spec):
        cluster.registry.add(resource)


def _forget_objects(cluster: Cluster, spec: Object) -> None:
    name = f"{spec['names']['plural']}.{spec['group']}"
    for item in cluster.storage.collection(name).items():
        cluster.storage.remove(name, item)


def _served(spec: Object) -> Iterator[Resource]:
    names = spec["names"]
    for version in spec["versions"]:
        if version.get("served"):
            yield Resource(
                group=spec["group"],
                version=version["name"],
                plural=names["plural"],
                kind=names["kind"],
                namespaced=spec["scope"] == "Namespaced",
                short_names=tuple(names.get("shortNames") or ()),
                categories=tuple(names.get("categories") or ()),
                subresources=frozenset({"status"} & set(version.get("subresources") or ())),
                singular=names.get("singular") or names["kind"].lower(),
                collection=f"{names['plural']}.{spec['group']}",
                custom=True,
            )
