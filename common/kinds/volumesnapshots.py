"""VolumeSnapshots: the host's snapshot controller takes them, of host claims."""

from collections.abc import Iterator

from common.actions import Action, EmitEvent, RequeueAfter
from common.context import Context, Ref
from common.kind import Doc, Kind
from common.naming import host_name_cluster, host_namespace
from common.objects import Obj, get_path, is_deleting, namespace_of
from common.upward import status_up
from common.volume.bound_name import bound_name, name_to_read

_CONTENTS = "volumesnapshotcontents"
_CLASS, _BOUND = "volumeSnapshotClassName", "boundVolumeSnapshotContentName"
_CONTENT_SOURCE = "spec.source.volumeSnapshotContentName"
# Before the content that the host bound is looked at again.
_AGAIN_S = 30.0


def _translate(virtual: Obj, context: Context) -> Obj:
    own: Obj = virtual.get("spec") or {}
    source = dict(own.get("source") or {})
    if ref := _claim(virtual):
        source["persistentVolumeClaimName"] = context.host_name(*_named_by(ref))
    if content := source.get("volumeSnapshotContentName"):
        source["volumeSnapshotContentName"] = host_name_cluster(context.cluster, content)
    spec = {"source": source}
    return {"spec": {**spec, _CLASS: own[_CLASS]} if own.get(_CLASS) else spec}


def _claim(virtual: Obj) -> Ref | None:
    name = get_path(virtual, "spec.source.persistentVolumeClaimName")
    return Ref("persistentvolumeclaims", namespace_of(virtual), name) if name else None


def _named_by(ref: Ref) -> tuple[str, str, str]:
    return ref.plural, ref.namespace, ref.name


def _named(virtual: Obj) -> Iterator[Ref]:
    if ref := _claim(virtual):
        yield ref


def _patch_down(_virtual: Obj, translated: Obj, host: Obj, _context: Context) -> Obj:
    """The source never changes, and of a class only the first counts: of one that nobody asked
    for the host's controller fills in its default."""
    wanted = translated["spec"].get(_CLASS)
    settled = get_path(host, f"status.{_BOUND}") or wanted == get_path(host, f"spec.{_CLASS}")
    return {"spec": {_CLASS: wanted}} if wanted and not settled else {}


def _up(virtual: Obj, host: Obj, context: Context) -> list[Action]:
    status = dict(host.get("status") or {})
    bound = status.pop(_BOUND, None)
    if not bound:
        return status_up(virtual, status)
    shown = _known_name(virtual, bound, context) or bound_name(bound, _CONTENTS, context)
    if shown:
        return status_up(virtual, {**status, _BOUND: shown})
    later = RequeueAfter(_AGAIN_S, f"the host's snapshot content {bound} can't be read")
    return [*status_up(virtual, status), later]


def _known_name(virtual: Obj, bound: str, context: Context) -> str:
    """The virtual name of the bound content when the snapshot itself says it; "" else."""
    names = (get_path(virtual, _CONTENT_SOURCE), get_path(virtual, f"status.{_BOUND}"))
    return next((n for n in names if n and host_name_cluster(context.cluster, n) == bound), "")


def _plan(virtual: Obj | None, host: Obj | None, context: Context) -> list[Action] | None:
    """Without contents of our own a name of one would be that of any on the host."""
    if virtual is None or host is not None or is_deleting(virtual):
        return None
    content = get_path(virtual, _CONTENT_SOURCE)
    if not content or _CONTENTS in context.cluster.enabled:
        return None
    if not host_namespace(context.cluster, namespace_of(virtual)):
        return None
    message = f"its content {content} is not synced: sync.toHost.volumeSnapshotContents is off"
    return [EmitEvent("Warning", "NotSynced", message)]


def _live(virtual: Obj | None, host: Obj | None, context: Context) -> Ref | None:
    """The host's content, when it may be one of the tenant's own."""
    bound = get_path(host or {}, f"status.{_BOUND}")
    if virtual is None or not bound or _known_name(virtual, bound, context):
        return None
    return name_to_read(bound, _CONTENTS, context)


def _host_references(host: Obj) -> Iterator[Ref]:
    if content := get_path(host, f"status.{_BOUND}"):
        yield Ref(_CONTENTS, "", content)


KIND = Kind(
    plural="volumesnapshots",
    kind="VolumeSnapshot",
    group="snapshot.storage.k8s.io",
    option="volumeSnapshots",
    discovered=True,
    translate=_translate,
    patch_down=_patch_down,
    up=_up,
    named=_named,
    host_references=_host_references,
    needs=frozenset({"live_host"}),
    live=_live,
    plan=_plan,
    virtual_access=("volumesnapshots.snapshot.storage.k8s.io/status: patch",),
    host_access=("volumesnapshotcontents.snapshot.storage.k8s.io: get",),
    doc=Doc(
        down="source and class, at creation",
        up="status, with the bound content's virtual name",
        translated="claim or content that it is of; a content only with volumeSnapshotContents",
    ),
)
