"""Whose a host object is, told without the configuration that made it.

Label, annotations, kind, namespace and name must all agree, as for a running tohost; only which
format names had, and how namespaces were mapped, must be told from the objects. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from common.cluster import Cluster, NameFormat, NamespaceRules
from common.kind import Kind
from common.metadata import KIND, NAME, UID, is_untouched, ours
from common.naming import managed_by
from common.objects import Obj, annotations, meta, name_of, namespace_of, uid

_FORMATS: tuple[NameFormat, ...] = ("prefixed", "classic")


@dataclass(frozen=True, slots=True)
class Found:
    """A host object that is provably the virtual cluster's; `virtual`: the `ns/name` that it was
    made for."""

    kind: Kind
    obj: Obj
    virtual: str

    @property
    def place(self) -> str:
        """`ns/name` on the host."""
        return place(self.obj)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A host object that bears the label and isn't proven; `why` is for people."""

    kind: Kind
    obj: Obj
    why: str


@dataclass(slots=True)
class Sorted:
    """What a search found. follows: objects that the host makes and removes beside proven ones,
    such as a Service's Endpoints, with a copy of its labels."""

    found: list[Found] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    follows: list[Doubt] = field(default_factory=list)


def place(obj: Obj) -> str:
    return "/".join(filter(None, (namespace_of(obj), name_of(obj))))


def clusters_at(name: str, host_namespace: str) -> list[Cluster]:
    """The virtual cluster of that name and host namespace, with either format of names."""
    return [Cluster(name, host_namespace, name_format=each) for each in _FORMATS]


def with_mapping(cluster: Cluster, namespace: str, host: str) -> Cluster:
    """The same with one virtual namespace in a host namespace of its own."""
    return replace(cluster, namespaces=NamespaceRules({namespace: host}, only=True))


def prove_namespace(kind: Kind, obj: Obj, cluster: Cluster) -> str | None:
    """The virtual namespace that a host namespace was made for, or is lent to; None: no such."""
    name = annotations(obj).get(NAME, "")
    if not name or is_untouched(obj):
        return None
    return ours(kind, obj, with_mapping(cluster, name, name_of(obj)))


def prove(kind: Kind, obj: Obj, clusters: Iterable[Cluster]) -> str | None:
    """The field of the virtual object, if it is of one of these."""
    if is_untouched(obj):
        return None
    return next((field for each in clusters if (field := ours(kind, obj, each))), None)


def doubt(kind: Kind, obj: Obj) -> str:
    """Why an object that bears the label isn't proven."""
    notes = annotations(obj)
    if is_untouched(obj):
        return "bears the label only"
    told = notes.get(KIND, "")
    if UID not in notes or NAME not in notes:
        return "lacks annotations of ours"
    if told.partition(", Kind=")[2] != kind.kind:
        return f"its annotations are those of another kind ({told})"
    return "its name or namespace isn't the one that its annotations lead to"


def sort_doubts(doubts: Sequence[Doubt], found: Sequence[Found]) -> Sorted:
    """Which of the doubtful ones only follow proven objects: owned by one, or the Endpoints of a
    Service."""
    owners = {uid(each.obj) for each in found}
    services = {each.place for each in found if each.kind.plural == "services"}
    result = Sorted(list(found))
    for each in doubts:
        refs: list[Obj] = meta(each.obj).get("ownerReferences") or []
        owned = any(ref.get("uid") in owners for ref in refs)
        served = each.kind.plural == "endpoints" and place(each.obj) in services
        (result.follows if owned or served else result.doubts).append(each)
    return result


def marks(name: str, host_namespaces: Iterable[str]) -> Mapping[str, str]:
    """The label's value on cluster-scoped objects, and which host namespace it speaks of."""
    return {
        managed_by(Cluster(name, each), namespaced=False): each for each in sorted(host_namespaces)
    }
