"""What a claim's data comes from: another claim, or a snapshot, of the same virtual cluster."""

from collections.abc import Iterator

from common.context import Context, Ref
from common.objects import Obj, get_path, namespace_of

FIELDS = ("dataSource", "dataSourceRef")
_CLAIMS = "persistentvolumeclaims"
_PLURALS = {
    ("", "PersistentVolumeClaim"): _CLAIMS,
    ("snapshot.storage.k8s.io", "VolumeSnapshot"): "volumesnapshots",
}


def translate_sources(claim: Obj, context: Context) -> Obj:
    """The sources that a claim has, with their names followed."""
    result: Obj = {}
    for field in FIELDS:
        if source := get_path(claim, f"spec.{field}"):
            kept = {key: value for key, value in source.items() if key != "namespace"}
            ref = _ref(source, claim)
            name = context.host_name(ref.plural, ref.namespace, ref.name) if ref else None
            result[field] = {**kept, "name": name} if name else kept
    return result


def source_refs(claim: Obj) -> Iterator[Ref]:
    for field in FIELDS:
        if ref := _ref(get_path(claim, f"spec.{field}") or {}, claim):
            yield ref


def foreign_source(claim: Obj, context: Context) -> str:
    """Why a new claim can't be filled, "" when it can.

    A source that isn't synced would be whatever the host calls so, another tenant's perhaps; and
    who may take data out of another namespace is said in the virtual cluster alone.
    """
    for field in FIELDS:
        source = get_path(claim, f"spec.{field}") or {}
        ref = _ref(source, claim)
        if source and (ref is None or ref.plural not in {_CLAIMS, *context.cluster.enabled}):
            return f"its {field} is not synced: {source.get('kind')} {source.get('name')}"
        if ref and ref.namespace != namespace_of(claim):
            return f"its {field} is in another namespace"
    return ""


def _ref(source: Obj, claim: Obj) -> Ref | None:
    plural = _PLURALS.get((source.get("apiGroup") or "", source.get("kind") or ""))
    if plural is None or not source.get("name"):
        return None
    return Ref(plural, source.get("namespace") or namespace_of(claim), source["name"])
