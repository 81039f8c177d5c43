"""Translate objects offline: what `tohost translate` prints. The same code that workers run.

The given documents and the related ones make up a small virtual cluster: its namespaces,
services and references decide what is synced and how.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from common.actions import Create
from common.cluster import Cluster
from common.kind import Context, Kind, Related
from common.kinds import REGISTRY
from common.objects import Obj, labels, meta, name_of, namespace_of
from workers.plan import plan

_SERVICE_NAME = "kubernetes.io/service-name"
_DELETION = ("deletionTimestamp", "deletionGracePeriodSeconds")


@dataclass(frozen=True, slots=True)
class Translation:
    """Host objects in the order of the documents; skipped: (document, why it is not synced)."""

    objects: tuple[Obj, ...]
    skipped: tuple[tuple[str, str], ...]


def translate_documents(
    documents: Iterable[Obj], related: Iterable[Obj], cluster: Cluster
) -> Translation:
    """Translate `documents`; `related` are other objects that the translation depends on.

    A namespaced object without a namespace is taken for one in `default`. Tokens are not minted:
    the host pod shows where they would be read from.
    """
    asked = [_as_created(each) for each in documents]
    world = _World([*asked, *(_as_created(each) for each in related)], cluster)
    made: list[Obj] = []
    skipped: list[tuple[str, str]] = []
    for virtual in asked:
        host = world.host_object(virtual)
        if isinstance(host, str):
            skipped.append((_title(virtual), host))
        else:
            made.append(host)
    return Translation(tuple(made), tuple(skipped))


class _World:
    """All given objects, and what a plan may ask of them."""

    def __init__(self, objects: Sequence[Obj], cluster: Cluster) -> None:
        self._cluster = cluster
        self._namespaces: dict[str, Obj] = {}
        self._services: dict[str, dict[str, Obj]] = {}
        self._referrers: dict[tuple[str, str, str], set[str]] = {}
        for obj in objects:
            self._note(obj)

    def host_object(self, virtual: Obj) -> Obj | str:
        """The host object, or why there is none."""
        kind = _kind_of(virtual)
        if kind is None or not kind.option:
            return f"kind {virtual.get('kind') or '?'} is not synced"
        if kind.plural not in self._cluster.enabled:
            return f"sync.toHost.{kind.option}.enabled is false"
        context = Context(self._cluster, self._related(kind, virtual), now_s=math.inf)
        if reason := kind.skip(virtual, context):
            return reason
        actions = plan(kind, virtual, None, context)
        return next(action.body for action in actions if isinstance(action, Create))

    def _related(self, kind: Kind, virtual: Obj) -> Related:
        namespace = namespace_of(virtual)
        services = self._services.get(namespace, {})
        service = labels(virtual).get(_SERVICE_NAME, name_of(virtual))
        target = (kind.plural, namespace, name_of(virtual))
        return Related(
            namespace=self._namespaces.get(namespace),
            services=tuple(services.values()),
            service=services.get(service),
            referrers=frozenset(self._referrers.get(target, ())),
        )

    def _note(self, obj: Obj) -> None:
        kind = _kind_of(obj)
        if kind is None:
            return
        if kind.plural == "namespaces":
            self._namespaces[name_of(obj)] = obj
        if kind.plural == "services":
            self._services.setdefault(namespace_of(obj), {})[name_of(obj)] = obj
        member = f"{kind.plural} {namespace_of(obj)}/{name_of(obj)}"
        for ref in kind.references(obj) if kind.plural in self._cluster.enabled else ():
            if ref.wakes == "target":
                self._referrers.setdefault((ref.plural, ref.namespace, ref.name), set()).add(member)


def _kind_of(obj: Obj) -> Kind | None:
    group_version = str(obj.get("apiVersion") or "")
    for kind in REGISTRY.values():
        if kind.kind == obj.get("kind") and kind.api_version == group_version:
            return kind
    return None


def _as_created(document: Obj) -> Obj:
    """The document as a server that just got it would show it: one that already ran has not."""
    obj: Obj = _without_nulls(document)
    metadata = {key: value for key, value in meta(obj).items() if key not in _DELETION}
    kind = _kind_of(obj)
    if kind is not None and kind.namespaced:
        metadata.setdefault("namespace", "default")
    result = {**obj, "metadata": metadata}
    if kind is not None and kind.already_ran(obj):
        result["spec"] = {key: obj["spec"][key] for key in obj["spec"] if key != "nodeName"}
        del result["status"]
    return result


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in value]
    return value


def _title(obj: Obj) -> str:
    namespace = namespace_of(obj)
    place = f"{namespace}/{name_of(obj)}" if namespace else name_of(obj)
    return f"{obj.get('kind') or '?'} {place}"
