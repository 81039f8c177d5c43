"""The plan: what to do so that a virtual object and its host object agree.

A pure function of the two objects and their relations. What a tenant could confuse is not
decided here: host objects reach it only after `common.metadata.ours` proved them ours, and the
performer proves by a live read that what it deletes must go.
"""

from collections.abc import Sequence
from dataclasses import replace

from common.actions import Action, Create, Delete, Patch, RequeueAfter
from common.context import Context
from common.following import wait_for
from common.kind import Kind
from common.metadata import UID, made_for, metadata_patch, translate_metadata
from common.naming import host_namespace
from common.objects import (
    Obj,
    Side,
    annotations,
    get_path,
    is_deleting,
    is_ended,
    merge_diff,
    merge_patch,
    meta,
    name_of,
    namespace_of,
    set_path,
    timestamp_s,
    uid,
)

# Before a creation that waits for other objects is looked at again: soon at first.
_SOON_S, _SOON_FOR_S, _LATER_S = 0.05, 5.0, 2.0
STALLED_S = 5.0
"""How long an API server may take between the two steps of a deletion with no grace period."""

# What a patch may hold without making a new generation of the object.
_NO_GENERATION = {"metadata", "status"}


def plan(kind: Kind, virtual: Obj | None, host: Obj | None, context: Context) -> list[Action]:
    """The actions that bring the two nearer; [] when they agree."""
    own = None if kind.plan is None else kind.plan(virtual, host, context)
    if own is not None:
        return own
    if kind.plural in context.cluster.draining:
        return _remove(kind, host, context, unwanted=True)
    if kind.always and kind.plural not in context.cluster.enabled:
        return []  # off: it is only looked at, and what is left of it on the host stays
    if virtual is None:
        return _remove(kind, host, context, unwanted=False)
    if host is not None and not made_for(kind, host, virtual, context.cluster):
        host = None  # another object's; the performer finds it in the way, and a name beside it
    if reason := skip_reason(kind, virtual, context):
        return [*_remove(kind, host, context, unwanted=True), *kind.untold(virtual, reason)]
    if is_deleting(virtual):
        return _follow_deletion(kind, virtual, host, context)
    if host is None:
        return _create(kind, virtual, context)
    if annotations(host).get(UID) != uid(virtual) and not kind.adopt:
        return _remove(kind, host, context, unwanted=False)
    if is_deleting(host):
        return _host_deleting(kind, virtual, host, context)
    return _update(kind, virtual, host, context)


def skip_reason(kind: Kind, virtual: Obj, context: Context) -> str:
    """Why the virtual object is not synced, "" when it is."""
    namespace = namespace_of(virtual)
    if kind.namespaced and not host_namespace(context.cluster, namespace):
        return f"its namespace {namespace} has no mapping in sync.toHost.namespaces"
    return kind.skip(virtual, context)


def host_object(kind: Kind, virtual: Obj, context: Context) -> Obj:
    """The whole host object as it is created."""
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": translate_metadata(kind, virtual, context),
        **kind.translate(virtual, context),
    }


def _create(kind: Kind, virtual: Obj, context: Context) -> list[Action]:
    if kind.runs_once and (
        context.related.host_gone_uid == uid(virtual) != "" or kind.already_ran(virtual)
    ):
        return [_delete("virtual", virtual, grace_s=0)]
    if instead := kind.refuse(virtual, context):
        return instead
    if reason := wait_for(kind.named(virtual), context) or kind.wait(virtual, context):
        return [RequeueAfter(_wait_s(virtual, context), reason)]
    return [Create("host", host_object(kind, virtual, context), kind.tokens(virtual, context))]


def _wait_s(virtual: Obj, context: Context) -> float:
    created_s = timestamp_s(str(meta(virtual).get("creationTimestamp") or ""))
    return _SOON_S if context.now_s - created_s < _SOON_FOR_S else _LATER_S


def _update(kind: Kind, virtual: Obj, host: Obj, context: Context) -> list[Action]:
    """A pod tells its status even where the host refuses what it is to change."""
    patch = _patch_down(kind, virtual, host, context)
    if patch and kind.recreate(patch, host):
        return [replace(_delete("host", host, unwanted=True), why="immutable")]
    down = [*_send(kind, virtual, host, patch, context)] if patch else []
    down += kind.subresources_down(virtual, host, context)
    pending = any(isinstance(each, Patch) and each.patch.keys() - _NO_GENERATION for each in down)
    up = kind.up(virtual, host, replace(context, host_pending=pending))
    return [*up, *down] if kind.runs_once else [*down, *up]


def _send(kind: Kind, virtual: Obj, host: Obj, patch: Obj, context: Context) -> list[Action]:
    version = str(meta(host).get("resourceVersion") or "")
    send = Patch("host", namespace_of(host), name_of(host), patch, uid(host), version)
    return [*kind.before_patch(virtual, host, context), send]


def _patch_down(kind: Kind, virtual: Obj, host: Obj, context: Context) -> Obj:
    translated = (kind.mutable or kind.translate)(virtual, context)
    desired = kind.settle(virtual, translated, host, context)
    if kind.patch_down is not None:
        patch = kind.patch_down(virtual, desired, host, context)
    else:
        patch = body_patch(kind.owned, desired, host)
    if merge_patch(host, patch) == host:
        patch = {}
    if marks := metadata_patch(kind, virtual, host, context):
        own = patch.get("metadata") or {}
        joined = {key: {**own.get(key, {}), **value} for key, value in marks.items()}
        patch["metadata"] = {**own, **joined}
    return patch


def body_patch(owned: Sequence[str], desired: Obj, host: Obj) -> Obj:
    """The merge patch that makes the owned paths of a host object as desired.

    Missing, null, empty and false are the same: API servers turn one into another.
    """
    patch: Obj = {}
    for path in owned:
        wanted, found = get_path(desired, path), get_path(host, path)
        if wanted == found or not (wanted or found):
            continue
        set_path(patch, path, merge_diff(found, wanted) if wanted else None)
    return patch


def _follow_deletion(kind: Kind, virtual: Obj, host: Obj | None, context: Context) -> list[Action]:
    """The virtual object has a deletionTimestamp. A pod goes for good when its host pod has."""
    if kind.outlives:
        return []
    if host is None:
        return _end("virtual", virtual, context) if kind.runs_once else []
    actions: list[Action] = []
    grace_s = _grace_s(virtual) if kind.runs_once else None
    if not is_deleting(host) or (kind.runs_once and _sooner(grace_s, _grace_s(host))):
        actions.append(_delete("host", host, grace_s=grace_s))
    elif kind.runs_once and _grace_s(host) == 0:
        actions += _end("host", host, context)
    tells = kind.runs_once or kind.to_the_end
    if tells and annotations(host).get(UID) == uid(virtual):
        actions += kind.up(virtual, host, context)
    return actions


def _host_deleting(kind: Kind, virtual: Obj, host: Obj, context: Context) -> list[Action]:
    """Only the host object is going. A pod's virtual one goes with it, others come again."""
    if not kind.runs_once:
        return kind.up(virtual, host, context) if kind.to_the_end else []
    going = _delete("virtual", virtual, grace_s=_grace_s(host))
    return [*kind.up(virtual, host, context), going]


def _end(side: Side, pod: Obj, context: Context) -> list[Action]:
    """The last step of a pod's deletion. One without a grace period takes the API server two steps;
    when it was interrupted between them the pod stays until somebody asks again."""
    if _grace_s(pod) != 0:
        return [_delete(side, pod, grace_s=0)]
    if not is_ended(pod):
        return []
    since_s = context.now_s - timestamp_s(str(meta(pod)["deletionTimestamp"]))
    if since_s < STALLED_S:
        return [RequeueAfter(STALLED_S - max(since_s, 0), "its deletion is under way")]
    return [_delete(side, pod, grace_s=0)]


def _remove(kind: Kind, host: Obj | None, context: Context, *, unwanted: bool) -> list[Action]:
    """Nothing wants the host object. A pod whose virtual one is gone was deleted with grace 0."""
    if host is None:
        return []
    grace_s = 0 if kind.runs_once and not unwanted else None
    if is_deleting(host) and not (kind.runs_once and _sooner(grace_s, _grace_s(host))):
        return _end("host", host, context) if kind.runs_once and _grace_s(host) == 0 else []
    patch = kind.given_back(host)
    if patch == {}:
        return []
    return [replace(_delete("host", host, grace_s=grace_s, unwanted=unwanted), give_back=patch)]


def _delete(side: Side, obj: Obj, *, grace_s: int | None = None, unwanted: bool = False) -> Delete:
    return Delete(side, namespace_of(obj), name_of(obj), uid(obj), grace_s, unwanted)


def _grace_s(obj: Obj) -> int | None:
    """The grace period of a deletion under way, in seconds."""
    grace_s = meta(obj).get("deletionGracePeriodSeconds")
    return None if grace_s is None else int(grace_s)


def _sooner(grace_s: int | None, other_s: int | None) -> bool:
    """Whether a deletion with `grace_s` shortens one that has `other_s` (None: unknown)."""
    return grace_s is not None and other_s is not None and grace_s < other_s
