"""Labels, annotations and ownership: what every host object carries, and how to tell it is ours.

Everything below `vcluster.loft.sh/` on a host object is ours alone; a virtual object's own keys
there never arrive. Which other keys we set is remembered on the host object itself, so that a
virtual label that is removed goes while one that a host controller added stays.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from common.cluster import Cluster
from common.context import Context
from common.kind import Kind
from common.naming import (
    PREFIX,
    hashed_host_name,
    host_name,
    host_namespace,
    label_key,
    managed_by,
    namespace_label_key,
)
from common.objects import Obj, annotations, labels, meta, name_of, namespace_of, uid

NAME = f"{PREFIX}name"
NAMESPACE = f"{PREFIX}namespace"
UID = f"{PREFIX}uid"
KIND = f"{PREFIX}kind"
MANAGED_BY = f"{PREFIX}managed-by"
MANAGED_LABELS = f"{PREFIX}managed-labels"
MANAGED_ANNOTATIONS = f"{PREFIX}managed-annotations"
TOKEN = f"{PREFIX}token-"
SENT = f"{PREFIX}sent-"
TOKEN_REFRESH_AT = f"{PREFIX}token-refresh-at"
# On a host object that someone else made and handed over: it is given back, never deleted.
IMPORTED = f"{PREFIX}imported"
# On a pod that was created with a hosts file of its own, whatever the configuration says by now.
HOSTS_REWRITTEN = f"{PREFIX}hosts-rewritten"
_WRITTEN_APART = (TOKEN, SENT, IMPORTED, HOSTS_REWRITTEN)
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def translate_metadata(kind: Kind, virtual: Obj, context: Context) -> Obj:
    """The metadata that the host object is created with.

    Nothing owns objects of other namespaces than its own: the host would take them for orphans
    and delete them. So with namespace sync there is no owner.
    """
    cluster = context.cluster
    result: Obj = {"name": _host_name(kind, virtual, cluster)}
    if kind.namespaced:
        result["namespace"] = host_namespace(cluster, namespace_of(virtual))
    result["labels"], result["annotations"] = marks(kind, virtual, context)
    if cluster.owner is not None and kind.namespaced and cluster.namespaces is None:
        controlled = kind.runs_once and controller_of(virtual) is not None
        result["ownerReferences"] = [{**cluster.owner, "controller": controlled}]
    return result


def marks(kind: Kind, virtual: Obj, context: Context) -> tuple[dict[str, str], dict[str, str]]:
    """The labels and annotations that the host object must have, as new dicts."""
    cluster = context.cluster
    host_labels, host_annotations = _travelling(kind, virtual, context)
    _remember(host_annotations, MANAGED_ANNOTATIONS, list(host_annotations))
    _remember(host_annotations, MANAGED_LABELS, list(host_labels))
    host_labels[MANAGED_BY] = managed_by(cluster, kind.namespaced)
    host_annotations[NAME] = name_of(virtual)
    host_annotations[UID] = uid(virtual)
    host_annotations[KIND] = kind.kind_annotation
    if kind.namespaced:
        host_labels[NAMESPACE] = host_annotations[NAMESPACE] = namespace_of(virtual)
    kind.decorate(virtual, context, host_labels, host_annotations)
    return host_labels, host_annotations


def _travelling(
    kind: Kind, virtual: Obj, context: Context
) -> tuple[dict[str, str], dict[str, str]]:
    """The virtual object's own labels and annotations, as far as they go down."""
    own = travelling_annotations(annotations(virtual))
    notes = {key: value for key, value in own.items() if kind.annotation_down(key)}
    host_labels = translate_labels(context.cluster, labels(virtual))
    host_annotations = kind.translate_annotations(notes, virtual, context)
    kind.adjust(virtual, context, host_labels, host_annotations)
    return host_labels, host_annotations


def metadata_patch(kind: Kind, virtual: Obj, host: Obj, context: Context) -> Obj:
    """The merge patch of labels and annotations that are ours; {} when they agree."""
    host_labels, host_annotations = marks(kind, virtual, context)
    current = annotations(host)
    if IMPORTED in current or is_untouched(host):
        _yield_to_maker(host, host_labels, host_annotations, context)
    patch: Obj = {}
    if changes := _changes(labels(host), host_labels, current.get(MANAGED_LABELS)):
        patch["labels"] = changes
    noted = _changes(current, host_annotations, current.get(MANAGED_ANNOTATIONS))
    if changes := {key: noted[key] for key in noted if key not in kind.fixed_annotations}:
        patch["annotations"] = changes
    return patch


def is_untouched(host: Obj) -> bool:
    """Whether a host object bears nothing yet that only we write."""
    return not (UID in annotations(host) or KIND in annotations(host))


def give_back(host: Obj) -> Obj:
    """The merge patch that takes everything of ours off a host object that was handed over."""
    notes = annotations(host)
    return {
        "metadata": {
            "labels": dict.fromkeys(_set_by_us(labels(host), notes.get(MANAGED_LABELS))),
            "annotations": dict.fromkeys(_set_by_us(notes, notes.get(MANAGED_ANNOTATIONS))),
        }
    }


def ours(kind: Kind, host: Obj, cluster: Cluster) -> str | None:
    """The field (`ns/name`) of the virtual object that this host object was made for.

    None unless label, annotations, kind, namespace and computed name all agree: a tenant can
    write most of these, but not all of them.
    """
    notes = annotations(host)
    if labels(host).get(MANAGED_BY) != managed_by(cluster, kind.namespaced):
        return None
    if is_untouched(host):
        return kind.handed_over(cluster, host) or None
    name, namespace = notes.get(NAME), notes.get(NAMESPACE, "")
    if not name or not _is_of_kind(kind, notes.get(KIND, "")) or UID not in notes:
        return None
    if not kind.namespaced:
        return name if name_of(host) == kind.host_name(cluster, name) else None
    if not namespace or labels(host).get(NAMESPACE) != namespace:
        return None
    if namespace_of(host) != host_namespace(cluster, namespace):
        return None
    if name_of(host) == host_name(cluster, namespace, name, kind.plural):
        return f"{namespace}/{name}"
    hashed = name_of(host) == hashed_host_name(cluster, namespace, name, kind.plural)
    return f"{namespace}/{name}" if hashed else None


def _is_of_kind(kind: Kind, told: str) -> bool:
    """Whether `group/version, Kind=Kind` tells this kind; of those whose version is found at run
    time an earlier one is as good."""
    if not kind.discovered:
        return told == kind.kind_annotation
    group, _, rest = told.partition("/")
    return (group, rest.partition(", Kind=")[2]) == (kind.group, kind.kind)


def made_for(kind: Kind, host: Obj, virtual: Obj, cluster: Cluster) -> bool:
    """Whether a host object that is ours is this virtual object's (its uid may be a
    predecessor's), and where the configuration wants it by now."""
    notes = annotations(host)
    named = notes.get(NAME, name_of(virtual)), notes.get(NAMESPACE, "")
    if named != (name_of(virtual), namespace_of(virtual)):
        return False
    if not kind.namespaced:
        return name_of(host) == kind.host_name(cluster, name_of(virtual))
    return namespace_of(host) == host_namespace(cluster, namespace_of(virtual))


def translate_labels(cluster: Cluster, virtual_labels: Mapping[str, str]) -> dict[str, str]:
    """Virtual labels under their host keys, less those below `vcluster.loft.sh/`."""
    return {
        label_key(cluster, key): value
        for key, value in virtual_labels.items()
        if not key.startswith(PREFIX)
    }


def travelling_annotations(virtual_annotations: Mapping[str, str]) -> dict[str, str]:
    """Virtual annotations, less those below our prefix and kubectl's copy of the object."""
    return {
        key: value
        for key, value in virtual_annotations.items()
        if key != LAST_APPLIED and not key.startswith(PREFIX)
    }


def without_last_applied(virtual: Obj) -> Obj:
    """The object without kubectl's copy of it, which doubles its size and which nothing reads."""
    notes = annotations(virtual)
    if LAST_APPLIED not in notes:
        return virtual
    kept = {key: note for key, note in notes.items() if key != LAST_APPLIED}
    return {**virtual, "metadata": {**meta(virtual), "annotations": kept}}


def namespace_labels(cluster: Cluster, namespace: Obj | None) -> dict[str, str]:
    """A virtual namespace's labels in the form that its pods bear on the host."""
    found = labels(namespace) if namespace else {}
    return {namespace_label_key(cluster, key): value for key, value in found.items()}


def translate_selector(cluster: Cluster, selector: Obj, *, of_namespaces: bool = False) -> Obj:
    """A label selector with its keys renamed.

    `of_namespaces`: it selected namespaces, and will select their pods by ns-labels.
    """
    rename = namespace_label_key if of_namespaces else label_key
    result = dict(selector)
    if matched := selector.get("matchLabels"):
        result["matchLabels"] = {rename(cluster, key): value for key, value in matched.items()}
    if expressions := selector.get("matchExpressions"):
        result["matchExpressions"] = [
            {**each, "key": rename(cluster, each.get("key") or "")} for each in expressions
        ]
    return result


def own_labels(cluster: Cluster, namespace: str) -> dict[str, str]:
    """What confines a pod selector to this virtual cluster, and namespace unless ""."""
    result = {MANAGED_BY: managed_by(cluster)}
    if namespace:
        result[NAMESPACE] = namespace
    return result


def controller_of(virtual: Obj) -> Obj | None:
    """The owner reference of the controller, if any."""
    owners: list[Obj] = meta(virtual).get("ownerReferences") or []
    return next((owner for owner in owners if owner.get("controller")), None)


def _host_name(kind: Kind, virtual: Obj, cluster: Cluster) -> str:
    if kind.namespaced:
        return host_name(cluster, namespace_of(virtual), name_of(virtual), kind.plural)
    return kind.host_name(cluster, name_of(virtual))


def _remember(host_annotations: dict[str, str], key: str, keys: list[str]) -> None:
    kept = sorted(each for each in keys if not each.startswith(PREFIX))
    if kept:
        host_annotations[key] = "\n".join(kept)


def _yield_to_maker(
    host: Obj, host_labels: dict[str, str], host_annotations: dict[str, str], context: Context
) -> None:
    """What its maker wrote on a handed-over object stays: nothing in the virtual cluster changes
    it, only the configuration does. In place."""
    rules, notes = context.cluster.namespaces, annotations(host)
    fixed = rules.labels if rules else {}
    for desired, found, key in (
        (host_labels, labels(host), MANAGED_LABELS),
        (host_annotations, notes, MANAGED_ANNOTATIONS),
    ):
        own = {*_set_by_us(found, notes.get(key)), *fixed}
        for theirs in found.keys() & desired.keys() - own:
            del desired[theirs]
        host_annotations.pop(key, None)
    _remember(host_annotations, MANAGED_ANNOTATIONS, list(host_annotations))
    _remember(host_annotations, MANAGED_LABELS, list(host_labels))


def _set_by_us(found: Iterable[str], managed: str | None) -> Iterator[str]:
    """Those of the keys that are ours: below the prefix, or listed in `managed`."""
    listed = (managed or "").split("\n")
    return (key for key in found if key.startswith(PREFIX) or key in listed)


def _changes(
    current: Mapping[str, str], desired: Mapping[str, str], managed: str | None
) -> dict[str, str | None]:
    """What to set and (None) remove so that the keys that are ours become `desired`.

    Keys are ours below the prefix and where `managed` (keys joined by newline) lists them, but
    for tokens, which only the performer writes, and for what a kind notes about its last patch.
    """
    changes: dict[str, str | None] = {
        key: value
        for key, value in desired.items()
        if current.get(key) != value and not key.startswith(_WRITTEN_APART)
    }
    ours_there = (key for key in current if key.startswith(PREFIX))
    for key in chain(ours_there, managed.split("\n") if managed else ()):
        if key in current and key not in desired and not key.startswith(_WRITTEN_APART):
            changes[key] = None
    return changes
