"""References that a patch declares: names that follow to the host, and whom they wake."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from common.context import Context, Ref
from common.errors import ConfigError
from common.following import certain_name, certain_namespace
from common.kind import Kind
from common.naming import may_be_shared
from common.objects import Obj, namespace_of
from common.patches.path import Path, find, parse, rewritten, value_at
from common.patches.rules import ReferenceRule
from common.priority import priority_class_name
from common.selective import SELECTIVE


def find_kind(kinds: Mapping[str, Kind], api_version: str, name: str) -> Kind | None:
    """The kind that goes by this name in manifests, in any version; None for none.

    What a custom resource's kind is called is only known where it is served, so it is told from
    its plural, or as the only one of its group. `name` may also be its `<plural>.<group>`.
    """
    group, slash, _ = api_version.rpartition("/")
    in_group = [kind for kind in kinds.values() if not api_version or kind.group == group]
    named = [kind for kind in in_group if name and name in (kind.kind, kind.plural)]
    if named or not slash:
        return named[0] if len(named) == 1 else None
    nameless = [kind for kind in in_group if not kind.kind]
    guessed = [kind for kind in nameless if kind.resource in plurals_of(name)]
    found = guessed or nameless
    return found[0] if len(found) == 1 and name else None


def plurals_of(kind: str) -> tuple[str, ...]:
    """How a kind's plural usually is: Policy, policies; Ingress, ingresses; Widget, widgets."""
    word = kind.lower()
    return (f"{word}s", f"{word}es", f"{word.removesuffix('y')}ies", word)


@dataclass(frozen=True, slots=True)
class _Target:
    """What a value refers to."""

    kind: Kind
    namespace: str
    name: str

    @property
    def ref(self) -> Ref:
        return Ref(self.kind.plural, self.namespace, self.name)


class Reference:
    """One reference rule at one path, among the kinds of a virtual cluster."""

    def __init__(
        self, path: Path, rule: ReferenceRule, kinds: Mapping[str, Kind], namespaced: bool
    ) -> None:
        """`namespaced`: the objects that refer. Raises ConfigError when the rule can't be
        followed."""
        self.path = path
        self._kinds = kinds
        self._kind = self._declared(rule)
        if self._kind and self._kind.namespaced and not (namespaced or rule.namespace_path):
            raise ConfigError("doesn't say in which namespace; write namePath and namespacePath")
        self._api_version, self._name = rule.api_version, rule.kind
        paths = rule.api_version_path, rule.kind_path, rule.name_path, rule.namespace_path
        self._version_path, self._kind_path, self._name_path, self._namespace_path = (
            parse(path) if path else () for path in paths
        )

    def _declared(self, rule: ReferenceRule) -> Kind | None:
        found = find_kind(self._kinds, rule.api_version, rule.kind)
        if rule.kind and found is None:
            which = f"{rule.api_version} {rule.kind}".strip()
            raise ConfigError(
                f"{which} is no kind that is synced; write its apiVersion and kind, or the name of "
                "one of sync.toHost.customResources as its kind"
            )
        return found

    def refs(self, virtual: Obj) -> Iterator[Ref]:
        """Whom a virtual object refers to, and what must wake it because names may be shared."""
        for ref in self.named(virtual):
            if ref.plural in SELECTIVE:
                yield ref
            if may_be_shared(ref.namespace, ref.name):
                yield Ref(ref.plural, ref.namespace, ref.name, "referrer")

    def named(self, virtual: Obj) -> Iterator[Ref]:
        """The namespaced objects whose host names its translation contains."""
        for _, value in find(virtual, self.path):
            target = self._target(value, namespace_of(virtual))
            if target is not None and target.kind.namespaced:
                yield target.ref

    def followed(self, value: Any, namespace: str, context: Context) -> Any:
        """The value as the host must have it; what names no object stays as it is."""
        target = self._target(value, namespace)
        if target is None:
            return value
        name = _host_name(target, context)
        if not self._name_path:
            return name
        result = rewritten(value, self._name_path, lambda *_: name)
        if self._namespace_path and target.namespace:
            there = certain_namespace(context.cluster, target.namespace)
            result = rewritten(
                result, self._namespace_path, lambda own, exists, _: there if exists else own
            )
        return result

    def _target(self, value: Any, own_namespace: str) -> _Target | None:
        name = _text(value, self._name_path)
        kind = self._kind_of(value)
        if not name or kind is None:
            return None
        if not kind.namespaced:
            return _Target(kind, "", name)
        namespace = _text(value, self._namespace_path) if self._namespace_path else ""
        namespace = namespace or own_namespace
        return _Target(kind, namespace, name) if namespace else None

    def _kind_of(self, value: Any) -> Kind | None:
        if not self._kind_path and not self._version_path:
            return self._kind
        name = self._kind_path and _text(value, self._kind_path)
        api_version = self._version_path and _text(value, self._version_path)
        if not name and not api_version:
            return self._kind
        return find_kind(self._kinds, api_version or self._api_version, name or self._name)


def _text(value: Any, path: Path) -> str:
    """The text at a path within the value, "" for none."""
    found = value_at(value, path)
    return found if isinstance(found, str) else ""


def _host_name(target: _Target, context: Context) -> str:
    """Of a cluster-scoped kind that isn't synced the host has its own of that name."""
    cluster, kind, name = context.cluster, target.kind, target.name
    if kind.namespaced:
        return certain_name(target.ref, context)
    if kind.plural == "namespaces":
        return certain_namespace(cluster, name)
    if kind.plural not in cluster.enabled:
        return name
    if kind.plural == "priorityclasses":
        return priority_class_name(cluster, name)
    return kind.host_name(cluster, name)
