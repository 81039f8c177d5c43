"""Everything one API server knows: its objects, the types it serves, the addresses it gives out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.errors import not_found
from sandbox.kinds import events
from sandbox.kinds.resources import Registry, Resource, builtin_registry
from sandbox.messages.request import Target
from sandbox.state.addresses import Addresses
from sandbox.state.storage import Item, Storage, body_of

Object = dict[str, Any]

PROTECTED_NAMESPACES: Final = ("default", "kube-system", "kube-public")


@dataclass(slots=True)
class Cluster:
    """The state that requests act on.

    `applied` is what field managers last applied: by uid, then manager.
    """

    storage: Storage
    addresses: Addresses
    registry: Registry = field(default_factory=builtin_registry)
    applied: dict[str, dict[str, Object]] = field(default_factory=dict)

    def item(self, target: Target) -> Item:
        """The stored object that a URL names; raises 404."""
        resource = target.resource
        item = self.storage.collection(resource.collection).get(target.namespace, target.name)
        if item is None:
            raise not_found(resource.plural, resource.group, target.name)
        return item

    def namespace(self, name: str) -> Item:
        item = self.storage.collection("namespaces").get("", name)
        if item is None:
            raise not_found("namespaces", "", name)
        return item


def render(resource: Resource, item: Item) -> bytes:
    """The JSON of an object in the version asked for."""
    if resource.group == events.GROUP:
        return resource.prefix + body_of(events.from_core(item.obj))
    return resource.prefix + item.body


def render_unstored(resource: Resource, obj: Object) -> bytes:
    """As `render`, for an object that was never stored, such as the outcome of a dry run."""
    return render(resource, Item("", "", obj, body_of(obj), 0))
