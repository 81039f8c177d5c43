"""Objects in memory under one growing resourceVersion, with enough history to resume a watch.

Nothing here knows HTTP or a kind. Stored objects are never changed in place: a write replaces the
`Item`, so readers may hold on to one. Objects are kept without `kind` and `apiVersion`, which every
served version puts in front.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

Object = dict[str, Any]
Listener = Callable[["Change"], None]

HISTORY_LENGTH: Final = 20_000
SNAPSHOTS_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Item:
    """One stored object; `body` is its JSON without the opening brace."""

    namespace: str
    name: str
    obj: Object
    body: bytes
    version: int

    def copy(self) -> Object:
        """The object again, free to change."""
        copied: Object = orjson.loads(b"{" + self.body)
        return copied


@dataclass(frozen=True, slots=True)
class Change:
    """ADDED, MODIFIED or DELETED; a deleted item carries the version of its deletion."""

    type: str
    item: Item
    previous: Item | None

    @property
    def version(self) -> int:
        return self.item.version


@dataclass(slots=True)
class Collection:
    """The objects of one type, by namespace ("" when cluster-scoped) and name."""

    namespaces: dict[str, dict[str, Item]] = field(default_factory=dict)
    history: deque[Change] = field(default_factory=deque)
    forgotten: int = 0
    listeners: set[Listener] = field(default_factory=set)

    def get(self, namespace: str, name: str) -> Item | None:
        return self.namespaces.get(namespace, {}).get(name)

    def items(self, namespace: str = "") -> list[Item]:
        """Sorted as etcd would: by namespace and name. An empty namespace means all of them."""
        if namespace:
            return _sorted(self.namespaces.get(namespace, {}))
        return [item for ns in sorted(self.namespaces) for item in _sorted(self.namespaces[ns])]

    def remember(self, change: Change) -> None:
        if len(self.history) >= HISTORY_LENGTH:
            self.forgotten = self.history.popleft().version
        self.history.append(change)
        for listener in tuple(self.listeners):
            listener(change)

    def since(self, version: int) -> Iterator[Change]:
        """Changes after `version`, oldest first.

        Ask `forgotten` first whether they are all still known.
        """
        recent: list[Change] = []
        for change in reversed(self.history):
            if change.version <= version:
                break
            recent.append(change)
        return reversed(recent)


def _sorted(by_name: dict[str, Item]) -> list[Item]:
    return [by_name[name] for name in sorted(by_name)]


class Storage:
    """All collections of one API server."""

    def __init__(self) -> None:
        self.version = 1
        self._collections: dict[str, Collection] = {}
        self._snapshots: OrderedDict[tuple[str, str, int], list[Item]] = OrderedDict()
        self.listeners: list[Callable[[str, Change], None]] = []

    def collection(self, name: str) -> Collection:
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = Collection()
        return found

    def collections(self) -> Iterator[tuple[str, Collection]]:
        yield from list(self._collections.items())

    def put(self, collection: str, obj: Object) -> Item:
        """Stores a new object or a new state of one, under the next version.

        Takes ownership of `obj`.
        """
        items = self.collection(collection)
        item = self._next_item(obj)
        by_name = items.namespaces.setdefault(item.namespace, {})
        previous = by_name.get(item.name)
        by_name[item.name] = item
        self._tell(collection, Change("MODIFIED" if previous else "ADDED", item, previous))
        return item

    def remove(self, collection: str, item: Item) -> Item:
        """Forgets an object; returns its last state under the version of the deletion."""
        by_name = self.collection(collection).namespaces[item.namespace]
        last = self._next_item({**item.obj, "metadata": dict(item.obj["metadata"])})
        del by_name[item.name]
        self._tell(collection, Change("DELETED", last, item))
        return last

    def _next_item(self, obj: Object) -> Item:
        self.version += 1
        metadata = obj["metadata"]
        metadata["resourceVersion"] = str(self.version)
        return Item(
            metadata.get("namespace", ""), metadata["name"], obj, body_of(obj), self.version
        )

    def _tell(self, collection: str, change: Change) -> None:
        self.collection(collection).remember(change)
        for listener in self.listeners:
            listener(collection, change)

    def snapshot(self, collection: str, namespace: str) -> list[Item]:
        """The items as they are now, kept for a while so that paging sees one consistent state."""
        items = self.collection(collection).items(namespace)
        self._snapshots[collection, namespace, self.version] = items
        while len(self._snapshots) > SNAPSHOTS_KEPT:
            self._snapshots.popitem(last=False)
        return items

    def snapshot_at(self, collection: str, namespace: str, version: int) -> list[Item] | None:
        return self._snapshots.get((collection, namespace, version))

    def expire_history(self) -> None:
        """Forgets every past version, as a compaction of etcd does.

        Old watches and pages answer 410.
        """
        self._snapshots.clear()
        for _, items in self.collections():
            items.history.clear()
            items.forgotten = self.version


def as_of(item: Item, version: int) -> Item:
    """The same state under another version."""
    obj = {**item.obj, "metadata": {**item.obj["metadata"], "resourceVersion": str(version)}}
    return Item(item.namespace, item.name, obj, body_of(obj), version)


def body_of(obj: Object) -> bytes:
    """JSON without the opening brace, so that `kind` and `apiVersion` can be put in front."""
    return orjson.dumps(obj)[1:]
