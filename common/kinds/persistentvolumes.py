"""PersistentVolumes: the tenant's own on the host, and stand-ins for the host's other ones.

Without sync only the stand-ins exist: what claims are bound to must be there (`common.volume`).
"""

from collections.abc import Iterator

from common.actions import Action, Delete, EmitEvent, Patch
from common.context import Context, Ref
from common.kind import Doc, Kind, in_any_case
from common.objects import Obj, get_path, is_deleting, name_of, uid
from common.quantity import grown
from common.standin import let_go
from common.upward import status_up
from common.volume.claim_ref import (
    CLAIM,
    bound_claim,
    claim,
    claim_ref_down,
    claim_ref_up,
    note,
    translate_claim_ref,
)
from common.volume.deletion_secret import deletion_secret, follow_deletion_secret
from common.volume.reclaim import clean_up, is_lost
from common.volume.sources import homeless, source_refs, translate_sources
from common.volume.stand_in import (
    is_volume_stand_in,
    plan_stand_in,
    stands_for_host,
    volume_to_read,
)
from common.volume.storage_class import follow_class, storage_class_name

_PLURAL = "persistentvolumes"
_POLICY = "persistentVolumeReclaimPolicy"
_CHANGEABLE = ("accessModes", "mountOptions", "storageClassName")
_SECRET = "volume.kubernetes.io/provisioner-deletion"
# What the host's binder and its CSI migration note for themselves.
_HOSTS_NOTES = ("pv.kubernetes.io/bound-by-controller", "pv.kubernetes.io/migrated-to")
# Of the status, what the virtual API server fills in where the host's says nothing.
_FILLED_IN = ("phase", "lastPhaseTransitionTime")
_HAD_A_CLAIM = ("Bound", "Released", "Failed")


def _translate(virtual: Obj, context: Context) -> Obj:
    spec = translate_sources(virtual.get("spec") or {}, context)
    if spec.get("claimRef"):
        spec["claimRef"] = translate_claim_ref(virtual, context)
    if name := spec.get("storageClassName"):
        spec["storageClassName"] = storage_class_name(context.cluster, name)
    return {"spec": spec}


def _translate_annotations(notes: dict[str, str], virtual: Obj, context: Context) -> dict[str, str]:
    classed = follow_class(notes, context.cluster)
    return follow_deletion_secret(classed, _SECRET, virtual, context)


def _annotation_down(key: str) -> bool:
    return key not in _HOSTS_NOTES


def _decorate(
    virtual: Obj, context: Context, _labels: dict[str, str], notes: dict[str, str]
) -> None:
    if noted := note(virtual, context):
        notes[CLAIM] = noted


def _patch_down(virtual: Obj, translated: Obj, host: Obj, context: Context) -> Obj:
    """Where the data is never changes. A node affinity can be set once; the host's controllers
    may have set it before."""
    wanted, found = translated["spec"], host.get("spec") or {}
    spec = claim_ref_down(virtual, host, context)
    for key in _CHANGEABLE:
        if wanted.get(key) != found.get(key) and (wanted.get(key) or found.get(key)):
            spec[key] = wanted.get(key) or None
    if wanted.get(_POLICY) and wanted[_POLICY] != found.get(_POLICY):
        spec[_POLICY] = wanted[_POLICY]
    if wanted.get("nodeAffinity") and not found.get("nodeAffinity"):
        spec["nodeAffinity"] = wanted["nodeAffinity"]
    if larger := grown(wanted.get("capacity") or {}, found.get("capacity") or {}):
        spec["capacity"] = larger
    return {"spec": spec} if spec else {}


def _up(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    actions: list[Action] = []
    if spec := claim_ref_up(virtual, host, context) | _resized(virtual, host):
        actions.append(Patch("virtual", "", name_of(virtual), {"spec": spec}, uid(virtual)))
    own: Obj = virtual.get("status") or {}
    usual = {key: own.get(key) for key in _FILLED_IN}
    return actions + status_up(virtual, usual | (host.get("status") or {}))


def _resized(virtual: Obj, host: Obj) -> Obj:
    """What the host changed because the claim asked for it: size, and volume attributes class."""
    own, found = virtual.get("spec") or {}, host.get("spec") or {}
    spec: Obj = {}
    if larger := grown(found.get("capacity") or {}, own.get("capacity") or {}):
        spec["capacity"] = larger
    attributes = found.get("volumeAttributesClassName")
    if attributes and attributes != own.get("volumeAttributesClassName"):
        spec["volumeAttributesClassName"] = attributes
    return spec


def _plan(virtual: Obj | None, host: Obj | None, context: Context) -> list[Action] | None:
    """Stand-ins, and where the tenant's own volumes need more care than other objects."""
    cluster = context.cluster
    if host is None and (virtual is None or is_volume_stand_in(virtual, cluster)):
        return plan_stand_in(virtual, context)
    if _PLURAL not in cluster.enabled:
        draining = host is not None and _PLURAL in cluster.draining
        return clean_up(host, _POLICY, in_use=_in_use(host)) if host and draining else []
    return _plan_alone(virtual, context) if virtual is not None and host is None else None


def _plan_alone(virtual: Obj, context: Context) -> list[Action] | None:
    """There is no host volume, or none any more."""
    if is_deleting(virtual):
        return let_go(virtual)
    had_a_claim = get_path(virtual, "status.phase") in _HAD_A_CLAIM
    if had_a_claim and is_lost(virtual, _POLICY, context):
        return [Delete("virtual", "", name_of(virtual), uid(virtual))]
    if name := homeless(virtual.get("spec") or {}):
        reason = (
            f"{name} in its source has no namespace, and without a claimRef there is no usual one"
        )
        return [EmitEvent("Warning", "NotSynced", reason)]
    return None


def _in_use(host: Obj) -> bool:
    """Bound, or about to be reclaimed: the host removes such a volume itself."""
    phase, policy = get_path(host, "status.phase"), get_path(host, f"spec.{_POLICY}")
    return phase == "Bound" or (phase, policy) == ("Released", "Delete")


def _live(virtual: Obj | None, host: Obj | None, context: Context) -> Ref | None:
    if host is not None:
        return bound_claim(host) if _PLURAL in context.cluster.enabled else None
    if virtual is None or is_volume_stand_in(virtual, context.cluster):
        return volume_to_read(virtual, context)
    return None


def _skip(virtual: Obj, _context: Context) -> str:
    return "it only stands for a volume of the host" if stands_for_host(virtual) else ""


def _named(virtual: Obj) -> Iterator[Ref]:
    yield from _secrets(virtual)
    if ref := claim(virtual):
        yield ref


def _secrets(virtual: Obj) -> Iterator[Ref]:
    """What its source names (for glusterfs that's Endpoints), and its deletion needs."""
    yield from source_refs(virtual.get("spec") or {})
    if ref := deletion_secret(virtual, _SECRET):
        yield ref


def _references(virtual: Obj) -> Iterator[Ref]:
    """Also of a stand-in its claim: the volume grows with it."""
    if ref := claim(virtual):
        yield Ref(ref.plural, ref.namespace, ref.name, wakes="referrer")
    yield from _secrets(virtual)


KIND = Kind(
    plural=_PLURAL,
    kind="PersistentVolume",
    option="persistentVolumes",
    namespaced=False,
    always=True,
    translate=_translate,
    annotation_down=_annotation_down,
    translate_annotations=_translate_annotations,
    decorate=_decorate,
    patch_down=_patch_down,
    up=_up,
    to_the_end=True,
    skip=_skip,
    references=_references,
    named=_named,
    names_later=in_any_case,
    needs=frozenset({"referrers", "host_referrers", "live_host"}),
    live=_live,
    plan=_plan,
    virtual_access=("persistentvolumes: create patch delete", "persistentvolumes/status: patch"),
    doc=Doc(
        down=(
            "the whole spec at creation; later access modes, mount options, reclaim policy, class,"
            " claim, a larger capacity, a first node affinity"
        ),
        up=(
            "status, the claim that it is bound to, capacity and volume attributes class; host"
            " volumes of synced claims appear as stand-ins, with or without this option"
        ),
        translated=(
            "claim, class (with storageClasses), Secrets of the source and their namespaces. With"
            " reclaim policy Delete it goes once the host has reclaimed it; cleaning up keeps data"
        ),
    ),
)
