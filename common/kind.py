"""What a kind is: data, and the pure functions that data can't say.

Each file in `common/kinds/` makes one and calls it KIND; `common.kinds.REGISTRY` finds them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from common.actions import Action, TokenSpec
from common.cluster import Cluster
from common.context import Context, Need, Ref
from common.naming import host_name_cluster
from common.objects import Obj, Side


@dataclass(frozen=True, slots=True)
class Doc:
    """What the kinds page of the documentation says, in phrases."""

    down: str = ""
    up: str = ""
    translated: str = ""


def _no_refs(_: Obj) -> Iterable[Ref]:
    return ()


def _no_actions(_virtual: Obj, _host: Obj, _context: Context) -> list[Action]:
    return []


def _no_reason(_virtual: Obj, _context: Context) -> str:
    return ""


def _welcome(_virtual: Obj, _context: Context) -> list[Action]:
    return []


def _no_name(_cluster: Cluster, _host: Obj) -> str:
    return ""


def _deleted(_host: Obj) -> Obj | None:
    return None


def _silent(_virtual: Obj, _reason: str) -> list[Action]:
    return []


def _no_tokens(_virtual: Obj, _context: Context) -> tuple[TokenSpec, ...]:
    return ()


def _no_decoration(_v: Obj, _c: Context, _l: dict[str, str], _a: dict[str, str]) -> None:
    return None


def _never(*_: Obj) -> bool:
    return False


def in_any_case(_: object) -> bool:
    return True


def _every_key(_key: str) -> bool:
    return True


def _same_annotations(notes: dict[str, str], _virtual: Obj, _context: Context) -> dict[str, str]:
    return notes


def _as_translated(_virtual: Obj, translated: Obj, _host: Obj, _context: Context) -> Obj:
    return translated


def _whole(obj: Obj, _digest_key: bytes) -> Obj:
    return obj


@dataclass(frozen=True, slots=True)
class Kind:
    """One synced kind.

    plural: its name in keys, `<plural>.<group>` for custom resources. option: its name below
    `sync.toHost`, "" for kinds that only follow others (nodes). always: watched in the virtual
    cluster whether it is switched on or not. follows: the plural of a kind; while that is switched
    on, this one is watched in the virtual cluster for the stand-ins that it needs. discovered: the
    servers may lack it, and which version both serve is found at run time; `version` is what is
    tried first. has_status: the status is a subresource in the virtual cluster.
    host_name: of a cluster-scoped object, from its virtual name.
    translate: what the host object is created with, besides apiVersion, kind and metadata
    (`workers.plan.host_object` puts them together). mutable: the part of that which may change
    later, where that is cheaper to make; None: all of it.
    decorate: adds to the host object's labels and annotations, in place: (virtual, context,
    labels, annotations). annotation_down: whether a virtual annotation of that key travels.
    translate_annotations: those that travel, in the host's words. fixed_annotations: those that no
    API server lets change once the object is there. adjust: changes the labels and
    annotations that travel, in place, before they are remembered as ours; it gets what `decorate`
    gets.
    owned: dotted paths of the translation that are kept equal on the host afterwards (metadata
    always is). patch_down replaces that comparison: it gets (virtual, translation, host, context)
    and returns the merge patch, {} for nothing. before_patch: what must happen before that patch
    is sent. settle: (virtual, translation, host, context) the translation as it is compared, where
    the host's server may fill in what it leaves open. subresources_down: what else makes the host
    object as desired, by subresources.
    recreate: (patch, host) whether the host would refuse the patch because of an immutable
    field, and deleting and creating again loses nothing.
    up: what to change in the virtual object when both exist; to_the_end: also while one of them is
    being deleted. skip: why the virtual object is not synced ("" when it is). wait: why it should
    not be created just yet ("" for now), beside names in it that aren't sure (see `named`).
    refuse: what to do instead of creating the host object, [] when it may be there; one that is
    there already stays.
    tokens: what the performer must mint for a new host object.
    references / host_references: whom a virtual / host object refers to. named: the objects whose
    host names its translation contains; names_later: whether one that exists on the host already
    may be given such names. wants_all: whether its translation depends on the other
    namespaces too.
    stored: the object as Redis may hold it (no secrets); it gets the key for digests.
    runs_once: the host object is never created a second time for the same virtual object;
    already_ran: the virtual object shows that it was created before.
    adopt: a host object of a deleted predecessor of the same name is taken over.
    outlives: the host object stays while the virtual one is being deleted, until it is gone.
    handed_over: the virtual name for a host object that an operator gave our label and no more
    (cluster, host object); "" when it has none. given_back: the merge patch to send in place of a
    deletion, {} for nothing at all; None: it is deleted.
    untold: (virtual object, why it is not synced) what makes that known.
    on: whether the virtual cluster wants it, for kinds without an option. virtual_watched,
    host_watched: there is a stream of that side. host_read_only: nothing of the kind is ever
    written to the host.
    unseen_labels: no stream shows objects that bear such a label with one of these values, as they
    are never synced; unseen_fields: nor virtual objects where such a field, which never changes,
    has this value.
    live: (virtual, host, context) what to read from the host itself, by its host namespace and
    name; None for nothing.
    plan: comes before the general plan, and unless it answers None replaces it.
    virtual_access, host_access: what tohost must be allowed besides the base (on the virtual side
    to get, list and watch the kind, on the host also to create, patch and delete it), each as
    `<resource>[.<group>][/<subresource>]: <verb> <verb>`.
    """

    plural: str
    kind: str
    option: str
    translate: Callable[[Obj, Context], Obj]
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    default: bool = False
    always: bool = False
    follows: str = ""
    discovered: bool = False
    has_status: bool = True
    host_name: Callable[[Cluster, str], str] = host_name_cluster
    mutable: Callable[[Obj, Context], Obj] | None = None
    decorate: Callable[[Obj, Context, dict[str, str], dict[str, str]], None] = _no_decoration
    annotation_down: Callable[[str], bool] = _every_key
    translate_annotations: Callable[[dict[str, str], Obj, Context], dict[str, str]] = (
        _same_annotations
    )
    fixed_annotations: frozenset[str] = frozenset()
    adjust: Callable[[Obj, Context, dict[str, str], dict[str, str]], None] = _no_decoration
    owned: tuple[str, ...] = ()
    patch_down: Callable[[Obj, Obj, Obj, Context], Obj] | None = None
    before_patch: Callable[[Obj, Obj, Context], list[Action]] = _no_actions
    settle: Callable[[Obj, Obj, Obj, Context], Obj] = _as_translated
    subresources_down: Callable[[Obj, Obj, Context], list[Action]] = _no_actions
    recreate: Callable[[Obj, Obj], bool] = _never
    up: Callable[[Obj, Obj, Context], list[Action]] = _no_actions
    to_the_end: bool = False
    skip: Callable[[Obj, Context], str] = _no_reason
    wait: Callable[[Obj, Context], str] = _no_reason
    refuse: Callable[[Obj, Context], list[Action]] = _welcome
    tokens: Callable[[Obj, Context], tuple[TokenSpec, ...]] = _no_tokens
    references: Callable[[Obj], Iterable[Ref]] = _no_refs
    named: Callable[[Obj], Iterable[Ref]] = _no_refs
    names_later: Callable[[Obj], bool] = _never
    wants_all: Callable[[Obj], bool] = _never
    host_references: Callable[[Obj], Iterable[Ref]] = _no_refs
    stored: Callable[[Obj, bytes], Obj] = _whole
    needs: frozenset[Need] = frozenset()
    adopt: bool = False
    outlives: bool = False
    handed_over: Callable[[Cluster, Obj], str] = _no_name
    given_back: Callable[[Obj], Obj | None] = _deleted
    untold: Callable[[Obj, str], list[Action]] = _silent
    runs_once: bool = False
    already_ran: Callable[[Obj], bool] = _never
    on: Callable[[Cluster], bool] = in_any_case
    virtual_watched: bool = True
    host_watched: bool = True
    host_read_only: bool = False
    unseen_labels: tuple[tuple[str, tuple[str, ...]], ...] = ()
    unseen_fields: tuple[tuple[str, str], ...] = ()
    live: Callable[[Obj | None, Obj | None, Context], Ref | None] | None = None
    plan: Callable[[Obj | None, Obj | None, Context], list[Action] | None] | None = None
    virtual_access: tuple[str, ...] = ()
    host_access: tuple[str, ...] = ()
    doc: Doc = Doc()

    @property
    def resource(self) -> str:
        """The plural that the API's paths say."""
        return self.plural.partition(".")[0]

    @property
    def tells(self) -> bool:
        """Whether anything of the host object goes up."""
        return self.up is not _no_actions

    @property
    def refers(self) -> bool:
        """Whether its virtual objects may refer to others."""
        return self.references is not _no_refs

    @property
    def host_refers(self) -> bool:
        """Whether its host objects may refer to others."""
        return self.host_references is not _no_refs

    @property
    def in_steps(self) -> bool:
        """Whether a patch may be one step of several, so that another plan must follow it."""
        return self.before_patch is not _no_actions

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def kind_annotation(self) -> str:
        """`group/version, Kind=Kind`, the value of `vcluster.loft.sh/kind`."""
        return f"{self.group}/{self.version}, Kind={self.kind}"

    def sides(self, cluster: Cluster) -> tuple[Side, ...]:
        """Where its objects are watched for this virtual cluster, () for nowhere. Of a kind that
        is being cleaned up only the host objects count."""
        needed = self.always or self.follows in cluster.enabled | cluster.draining
        if self.plural in cluster.draining:
            return ("virtual", "host") if needed else ("host",)
        on = self.plural in cluster.enabled if self.option else self.on(cluster)
        virtual = self.virtual_watched and (on or needed)
        watched: tuple[tuple[Side, bool], ...] = (
            ("virtual", virtual),
            ("host", on and self.host_watched),
        )
        return tuple(side for side, is_watched in watched if is_watched)
