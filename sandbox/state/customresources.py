"""CustomResourceDefinitions: serving what one describes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sandbox.kinds.resources import CRUD, Resource
from sandbox.state.cluster import Cluster
from sandbox.state.storage import Change

Object = dict[str, Any]

DEFINITIONS: Final = "customresourcedefinitions.apiextensions.k8s.io"
# What a definition that is being deleted no longer serves.
_ENDING: Final = ("create", "patch", "update")


def on_change(cluster: Cluster, collection: str, change: Change) -> None:
    """Listens to the storage, so that a definition takes effect however it was written."""
    if collection != DEFINITIONS:
        return
    definition = change.item.obj
    spec = definition["spec"]
    cluster.registry.remove(spec["group"], spec["names"]["plural"])
    if change.type == "DELETED":
        return
    for resource in _served(spec, ending=bool(definition["metadata"].get("deletionTimestamp"))):
        cluster.registry.add(resource)


def collection_of(definition: Object) -> str:
    spec = definition["spec"]
    return f"{spec['names']['plural']}.{spec['group']}"


def _served(spec: Object, *, ending: bool) -> Iterator[Resource]:
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
                schema=version["schema"]["openAPIV3Schema"],
                verbs=tuple(verb for verb in CRUD if not (ending and verb in _ENDING)),
            )
