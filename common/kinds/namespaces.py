"""Namespaces: with namespace sync each becomes a host namespace; else only its labels matter.

They are watched in the virtual cluster either way, for their labels travel on their pods: the
kinds to wake when these change are `common.kinds.needing("namespace")`.

A host namespace is made by us and goes once the virtual one is gone, or an operator hands one over
by our label and it is given back then (`Kind.handed_over`, `Kind.given_back`). Any other is never
written to.
"""

from typing import Final

from common.actions import Action, EmitEvent, Patch
from common.cluster import Cluster
from common.context import Context
from common.kind import Doc, Kind
from common.metadata import IMPORTED, NAME, give_back, is_untouched
from common.naming import PREFIX, host_name_namespace, virtual_namespace
from common.objects import Obj, annotations, meta, name_of, uid

# On a virtual Namespace that is not synced: why.
NOT_SYNCED: Final = f"{PREFIX}not-synced"
METADATA_NAME: Final = "kubernetes.io/metadata.name"
# What the host's own admission goes by when it decides about the pods of a namespace.
_HOST_DECIDES = (
    "openshift.io/",
    "pod-security.kubernetes.io/",
    "scheduler.alpha.kubernetes.io/",
    "security.openshift.io/",
)
_SYSTEM = "kube-system"


def _translate(_virtual: Obj, _context: Context) -> Obj:
    """Finalizers are each server's own, and so is the status."""
    return {}


def _annotation_down(key: str) -> bool:
    return not key.startswith(_HOST_DECIDES)


def _adjust(
    _virtual: Obj, context: Context, host_labels: dict[str, str], _notes: dict[str, str]
) -> None:
    rules = context.cluster.namespaces
    for key in list(host_labels):
        if key == METADATA_NAME or key.startswith(_HOST_DECIDES):
            del host_labels[key]
    host_labels |= rules.labels if rules else {}


def _skip(virtual: Obj, context: Context) -> str:
    if host_name_namespace(context.cluster, name_of(virtual)):
        return ""
    if context.cluster.namespaces is None:
        return "sync.toHost.namespaces.enabled is false"
    return "no mapping in sync.toHost.namespaces names it; nothing in it is synced"


def _untold(virtual: Obj, reason: str) -> list[Action]:
    """Said once: what was said stays on the Namespace."""
    if annotations(virtual).get(NOT_SYNCED) == reason:
        return []
    message = f"namespace {name_of(virtual)} is not synced: {reason}"
    return [EmitEvent("Warning", "NamespaceNotSynced", message), _note(virtual, reason)]


def _up(virtual: Obj, _host: Obj, _context: Context) -> list[Action]:
    return [_note(virtual, None)] if NOT_SYNCED in annotations(virtual) else []


def _note(virtual: Obj, reason: str | None) -> Patch:
    patch = {"metadata": {"annotations": {NOT_SYNCED: reason}}}
    return Patch("virtual", "", name_of(virtual), patch, uid(virtual))


def _patch_down(_virtual: Obj, _translated: Obj, host: Obj, _context: Context) -> Obj:
    """Marks a namespace that an operator has just handed over."""
    return {"metadata": {"annotations": {IMPORTED: "true"}}} if is_untouched(host) else {}


def _handed_over(cluster: Cluster, host: Obj) -> str:
    """Told by the mappings, or where they leave it open by an annotation."""
    name = annotations(host).get(NAME) or virtual_namespace(cluster, name_of(host))
    return name if host_name_namespace(cluster, name) == name_of(host) else ""


def _given_back(host: Obj) -> Obj | None:
    if is_untouched(host):
        return {}  # handed over before there is a virtual namespace for it
    return give_back(host) if IMPORTED in annotations(host) else None


def without_identity(namespace: Obj) -> Obj:
    """The Namespace as it may be kept and copied: the uid of kube-system is a secret, for Secret
    digests are keyed with it (`common.safety.identity`)."""
    if name_of(namespace) == _SYSTEM:
        return {**namespace, "metadata": {**meta(namespace), "uid": ""}}
    return namespace


def _stored(obj: Obj, _digest_key: bytes) -> Obj:
    return without_identity(obj)


KIND = Kind(
    plural="namespaces",
    kind="Namespace",
    option="namespaces",
    namespaced=False,
    always=True,
    host_name=host_name_namespace,
    translate=_translate,
    annotation_down=_annotation_down,
    adjust=_adjust,
    patch_down=_patch_down,
    skip=_skip,
    untold=_untold,
    up=_up,
    adopt=True,
    outlives=True,
    handed_over=_handed_over,
    given_back=_given_back,
    stored=_stored,
    virtual_access=("namespaces: patch",),
    doc=Doc(
        down="labels, annotations, and `extraLabels`",
        up="annotation `vcluster.loft.sh/not-synced` on those that `mappingsOnly` leaves out",
        translated=(
            "the name, by `mappings`; keys of pod security, `scheduler.alpha.kubernetes.io/` and"
            " OpenShift stay, as the host decides about pods by them. What is in it keeps its name"
        ),
    ),
)
