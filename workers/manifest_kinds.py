"""Which kind a document from a file is of, as far as that can be told without an API server."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from common.cluster import Cluster
from common.kind import Kind
from common.kinds import kinds_of
from common.objects import Obj, get_path
from common.patches.reference import plurals_of

_DEFINITION = ("apiextensions.k8s.io", "CustomResourceDefinition")


@dataclass(frozen=True, slots=True)
class Unknown:
    """The document is of no kind that is synced, or it can't be told which; `reason` says why."""

    reason: str


class ManifestKinds:
    """The kinds of a virtual cluster. `documents` may define custom resources.

    Raises ConfigError for a patch that can't be followed.
    """

    def __init__(self, cluster: Cluster, documents: Iterable[Obj]) -> None:
        kinds = kinds_of(cluster).values()
        self._built_in = [kind for kind in kinds if kind.kind]
        self._custom = [kind for kind in kinds if not kind.kind]
        self._defined = dict(filter(None, map(_definition, documents)))

    def of(self, document: Obj) -> Kind | Unknown:
        """In the document's own version, where others are synced too."""
        name = str(document.get("kind") or "")
        group, _, version = str(document.get("apiVersion") or "").rpartition("/")
        for kind in self._built_in:
            if (kind.kind, kind.group) == (name, group) and _serves(kind, version):
                return replace(kind, version=version)
        found = self._declared(group, name)
        return found if isinstance(found, Unknown) else replace(found, kind=name, version=version)

    def _declared(self, group: str, name: str) -> Kind | Unknown:
        """The custom resource that this kind is."""
        candidates = [kind for kind in self._custom if kind.group == group]
        if plural := self._defined.get((group, name)):
            named = [kind for kind in candidates if kind.resource == plural]
        else:
            named = [kind for kind in candidates if kind.resource in plurals_of(name)]
        if named:
            return named[0]
        if candidates and not plural:
            listed = ", ".join(kind.plural for kind in candidates)
            return Unknown(
                f"can't tell whether kind {name} is one of {listed}; give its "
                "CustomResourceDefinition with --related"
            )
        return Unknown(f"kind {name or '?'} is not synced")


def _serves(kind: Kind, version: str) -> bool:
    return kind.version == version or (kind.discovered and bool(version))


def _definition(document: Obj) -> tuple[tuple[str, str], str] | None:
    """(group, kind) and plural, when the document is a CRD."""
    group = str(document.get("apiVersion") or "").rpartition("/")[0]
    if (group, document.get("kind")) != _DEFINITION:
        return None
    of_group, kind, plural = (
        str(get_path(document, path) or "")
        for path in ("spec.group", "spec.names.kind", "spec.names.plural")
    )
    return ((of_group, kind), plural) if of_group and kind and plural else None
