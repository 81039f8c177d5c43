"""A volume's claimRef in both directions: people ask for a claim, the host's binder chooses one.

Which of the two changed it is told from a note on the host volume: whom the virtual volume was for
when it was last looked at. If the virtual one says something else now, its user wants that; if it
doesn't and the host's says something else, the binder does.
"""

from common.context import Context, Ref
from common.following import certain_namespace
from common.metadata import NAME, NAMESPACE, UID
from common.naming import PREFIX
from common.objects import Obj, annotations, get_path, merge_diff, uid

CLAIM = f"{PREFIX}claim"
_CLAIMS, _KIND = "persistentvolumeclaims", "PersistentVolumeClaim"
# In front of a note while the host name of the claim isn't sure: the note differs once it is.
_UNSURE = "? "


def claim(volume: Obj) -> Ref | None:
    """The claim that a virtual volume is for."""
    ref = get_path(volume, "spec.claimRef") or {}
    named = ref.get("namespace") and ref.get("name")
    return Ref(_CLAIMS, ref["namespace"], ref["name"]) if named else None


def translate_claim_ref(volume: Obj, context: Context) -> Obj:
    """What the host volume says; one that names nobody stays closed to everybody."""
    own = get_path(volume, "spec.claimRef") or {}
    result = {"apiVersion": own.get("apiVersion") or "v1", "kind": own.get("kind") or _KIND}
    if ref := claim(volume):
        result["namespace"] = certain_namespace(context.cluster, ref.namespace)
        result["name"] = context.host_name(_CLAIMS, ref.namespace, ref.name)
    return result


def note(virtual: Obj, context: Context) -> str:
    """Whom the virtual volume is for: `ns/name uid`, the uid as far as it says one; "" nobody."""
    own = get_path(virtual, "spec.claimRef")
    if not own:
        return ""
    ref = claim(virtual)
    unsure = _UNSURE if ref and context.unresolved([ref]) else ""
    return f"{unsure}{'/'.join(_place(own))} {own.get('uid') or ''}".rstrip()


def claim_ref_down(virtual: Obj, host: Obj, context: Context) -> Obj:
    """What the user changed, as a merge patch of the host volume's spec; {} for nothing."""
    known, own = annotations(host).get(CLAIM, ""), note(virtual, context)
    if own == known or own.startswith(_UNSURE):
        return {}
    found = get_path(host, "spec.claimRef") or {}
    if not own:
        return {"claimRef": None} if found else {}
    wanted = translate_claim_ref(virtual, context)
    if _place(found) != _place(wanted):
        return {"claimRef": merge_diff(found, wanted)}
    if found.get("uid") and _has_uid(known) and not _has_uid(own):
        return {"claimRef": {"uid": None, "resourceVersion": None}}
    return {}


def claim_ref_up(virtual: Obj, host: Obj, context: Context) -> Obj:
    """What the host's binder changed, as a merge patch of the virtual volume's spec."""
    if context.host_pending or note(virtual, context) != annotations(host).get(CLAIM, ""):
        return {}
    own, found = get_path(virtual, "spec.claimRef") or {}, get_path(host, "spec.claimRef") or {}
    if own and not found:
        return {"claimRef": None}
    bound = _bound(found, context)
    changes = merge_diff(own, bound) if bound else {}
    return {"claimRef": changes} if changes else {}


def bound_claim(host: Obj) -> Ref | None:
    """The host claim that the host volume is bound to, by its host namespace and name: it tells
    which virtual claim that is."""
    found = get_path(host, "spec.claimRef") or {}
    namespace, name = _place(found)
    return Ref(_CLAIMS, namespace, name) if found.get("uid") and namespace and name else None


def _bound(found: Obj, context: Context) -> Obj:
    """The virtual claim in place of the host's, {} when that isn't ours or not the bound one."""
    live = context.related.live_host
    if live is None or not context.related.live_field or uid(live) != found.get("uid"):
        return {}
    notes = annotations(live)
    return {
        "apiVersion": "v1",
        "kind": _KIND,
        "namespace": notes[NAMESPACE],
        "name": notes[NAME],
        "uid": notes[UID],
    }


def _place(ref: Obj | None) -> tuple[str, str]:
    return (ref or {}).get("namespace") or "", (ref or {}).get("name") or ""


def _has_uid(noted: str) -> bool:
    return " " in noted.removeprefix(_UNSURE)
