"""Translate objects offline: what `tohost translate` prints. The same code that workers run.

The given documents and the related ones make up a small virtual cluster: its namespaces,
services and references decide what is synced and how.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from common.actions import Create, EmitEvent, RequeueAfter
from common.cluster import Cluster
from common.context import Context, Ref, Related
from common.errors import ConfigError, TerminalError
from common.kind import Kind
from common.kinds.namespaces import METADATA_NAME
from common.naming import hashed_host_name, host_name, may_be_shared
from common.objects import Obj, field_of, labels, meta, name_of, namespace_of
from common.pod.env_from import data_keys
from workers.manifest_kinds import ManifestKinds, Unknown
from workers.plan import plan, skip_reason

Result = TypeVar("Result")

_SERVICE_NAME = "kubernetes.io/service-name"
_DELETION = ("deletionTimestamp", "deletionGracePeriodSeconds")


@dataclass(frozen=True, slots=True)
class Translation:
    """Host objects in the order of the documents; skipped: (document, why it is not synced);
    failed: (document, what keeps it from being translated)."""

    objects: tuple[Obj, ...]
    skipped: tuple[tuple[str, str], ...]
    failed: tuple[tuple[str, str], ...] = ()


def translate_documents(
    documents: Iterable[Obj], related: Iterable[Obj], cluster: Cluster
) -> Translation:
    """Translate `documents`; `related` are other objects that the translation depends on.

    A namespaced object without a namespace is taken for one in `default`. Tokens are not minted:
    the host pod shows where they would be read from. Of two objects that would bear one host
    name the first has it, related objects before documents. Raises ConfigError for an object
    that no API server would take, and for a patch that can't be followed.
    """
    documents, related = list(documents), list(related)
    world = _World(cluster, ManifestKinds(cluster, [*documents, *related]))
    asked = [_checked(world.as_created, each) for each in documents]
    given = [*(_checked(world.as_created, each) for each in related), *asked]
    for each in given:
        _checked(world.note, each)
    for each in given:
        _checked(world.give_name, each)
    made: list[Obj] = []
    skipped: list[tuple[str, str]] = []
    failed: list[tuple[str, str]] = []
    for virtual in asked:
        try:
            host = _checked(world.host_object, virtual)
        except TerminalError as error:
            failed.append((_title(virtual), str(error)))
            continue
        if isinstance(host, str):
            skipped.append((_title(virtual), host))
        else:
            made.append(host)
    return Translation(tuple(made), tuple(skipped), tuple(failed))


def _checked(work: Callable[[Obj], Result], obj: Obj) -> Result:
    """Workers get objects from an API server, which has checked their form; files may hold any."""
    try:
        return work(obj)
    except (AttributeError, KeyError, TypeError, ValueError):
        kind = obj.get("kind")
        raise ConfigError(
            f"{_title(obj)}: does not have the form of a {kind}; "
            "kubectl create --dry-run=server -f FILE tells where"
        ) from None


class _World:
    """All given objects, and what a plan may ask of them."""

    def __init__(self, cluster: Cluster, kinds: ManifestKinds) -> None:
        self._cluster = cluster
        self._kinds = kinds
        self._namespaces: dict[str, Obj] = {}
        self._services: dict[str, dict[str, Obj]] = {}
        self._env_keys: dict[str, frozenset[str]] = {}
        self._referrers: dict[tuple[str, str, str], set[str]] = {}
        self._host_names: dict[str, str] = {}
        self._bearers: dict[tuple[str, str], str] = {}

    def host_object(self, virtual: Obj) -> Obj | str:
        """The host object, or why there is none."""
        kind = self._synced(virtual)
        if isinstance(kind, Unknown):
            return kind.reason
        context = Context(self._cluster, self._related(kind, virtual), now_s=math.inf)
        for action in plan(kind, virtual, None, context):
            if isinstance(action, Create) and action.side == "host":
                name = self._host_names.get(_member(kind, virtual), name_of(action.body))
                return {**action.body, "metadata": {**meta(action.body), "name": name}}
            if isinstance(action, RequeueAfter):
                return action.reason
            if isinstance(action, EmitEvent):
                return action.message
        return "it is being deleted, or comes from the host"

    def _synced(self, virtual: Obj) -> Kind | Unknown:
        """Its kind, when there is to be a host object."""
        kind = self._kinds.of(virtual)
        if isinstance(kind, Unknown):
            return kind
        if not kind.option:
            return Unknown(f"kind {kind.kind} is not synced")
        if kind.plural not in self._cluster.enabled:
            return Unknown(f"sync.toHost.{kind.option}.enabled is false")
        context = Context(self._cluster, self._related(kind, virtual))
        reason = skip_reason(kind, virtual, context)
        return Unknown(reason) if reason else kind

    def _related(self, kind: Kind, virtual: Obj) -> Related:
        namespace = namespace_of(virtual)
        services = self._services.get(namespace, {})
        service = labels(virtual).get(_SERVICE_NAME, name_of(virtual))
        target = (kind.plural, namespace, name_of(virtual))
        host_service = self._host_names.get(f"services {namespace}/{service}")
        return Related(
            namespace=self._namespaces.get(namespace),
            namespaces=tuple(self._namespaces.values()) if kind.wants_all(virtual) else (),
            services=tuple(services.values()),
            service=services.get(service),
            host_service={"metadata": {"name": host_service}} if host_service else None,
            env_keys=self._env_keys,
            host_names=dict(map(self._host_name, kind.named(virtual))),
            referrers=frozenset(self._referrers.get(target, ())),
        )

    def _host_name(self, ref: Ref) -> tuple[str, str]:
        plain = host_name(self._cluster, ref.namespace, ref.name, ref.plural)
        return ref.member, self._host_names.get(ref.member, plain)

    def give_name(self, obj: Obj) -> None:
        """Settle its host name, where another object that was noted could bear the same."""
        namespace, name = namespace_of(obj), name_of(obj)
        if not may_be_shared(namespace, name):
            return
        kind = self._synced(obj)
        if isinstance(kind, Unknown) or not kind.namespaced:
            return
        member, plain = _member(kind, obj), host_name(self._cluster, namespace, name, kind.plural)
        if self._bearers.setdefault((kind.plural, plain), member) != member:
            plain = hashed_host_name(self._cluster, namespace, name, kind.plural)
        self._host_names[member] = plain

    def as_created(self, document: Obj) -> Obj:
        """The document as a server that just got it would show it: one that already ran has
        not."""
        obj: Obj = _without_nulls(document)
        metadata = {key: value for key, value in meta(obj).items() if key not in _DELETION}
        result = {**obj, "metadata": metadata}
        kind = self._kinds.of(obj)
        if isinstance(kind, Unknown):
            return result
        if kind.namespaced:
            metadata.setdefault("namespace", "default")
        if kind.plural == "namespaces":
            metadata["labels"] = {**labels(obj), METADATA_NAME: name_of(obj)}
        if kind.already_ran(obj):
            result["spec"] = {key: obj["spec"][key] for key in obj["spec"] if key != "nodeName"}
            del result["status"]
        return result

    def note(self, obj: Obj) -> None:
        """Make it part of the virtual cluster."""
        kind = self._kinds.of(obj)
        if isinstance(kind, Unknown):
            return
        if kind.plural == "namespaces":
            self._namespaces[name_of(obj)] = obj
        if kind.plural == "services":
            self._services.setdefault(namespace_of(obj), {})[name_of(obj)] = obj
        if kind.plural in self._cluster.enabled & {"configmaps", "secrets"}:
            self._env_keys[_member(kind, obj)] = data_keys(obj)
        for ref in kind.references(obj) if kind.plural in self._cluster.enabled else ():
            if ref.wakes == "target":
                target = ref.plural, ref.namespace, ref.name
                self._referrers.setdefault(target, set()).add(_member(kind, obj))


def _member(kind: Kind, obj: Obj) -> str:
    return f"{kind.plural} {field_of(obj)}"


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
