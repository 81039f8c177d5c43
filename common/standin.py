"""Stand-ins: virtual objects made here for what exists on the host alone (Nodes, volumes).

They bear the managed-by label; one without it is someone else's and is left alone.
"""

from typing import Any

from common.actions import Action, Create, Delete, Patch
from common.cluster import Cluster
from common.metadata import MANAGED_BY
from common.naming import managed_by
from common.objects import Obj, is_deleting, labels, meta, name_of, uid

STAND_INS = frozenset({"nodes", "persistentvolumes", "volumesnapshotcontents"})
"""The kinds that have some. Unless their kind is switched on the rest of them isn't ours to see."""

_PROTECTION = "kubernetes.io/pv-protection"


def standin_labels(cluster: Cluster) -> dict[str, str]:
    return {MANAGED_BY: managed_by(cluster)}


def keep_standin(current: Obj | None, desired: Obj, cluster: Cluster) -> list[Action]:
    """Create the stand-in, or bring its labels, spec and status to what is desired.

    Only what `desired` has is compared, dict by dict; anything else there may stay.
    """
    if current is None:
        return [Create("virtual", desired)]
    if not is_standin(current, cluster):
        return []
    if is_deleting(current):
        return let_go(current)
    actions: list[Action] = []
    parts: Obj = {key: desired[key] for key in ("metadata", "spec") if key in desired}
    if body := _additions(current, parts):
        actions.append(Patch("virtual", "", name_of(current), body, uid(current)))
    if status := _additions(current, {"status": desired.get("status") or {}}):
        patch = Patch("virtual", "", name_of(current), status, uid(current), subresource="status")
        actions.append(patch)
    return actions


def remove_standin(current: Obj | None, cluster: Cluster) -> list[Action]:
    """Delete the stand-in that nothing needs any more."""
    if current is None or not is_standin(current, cluster):
        return []
    if is_deleting(current):
        return let_go(current)
    return [Delete("virtual", "", name_of(current), uid(current), unwanted=True)]


def let_go(virtual: Obj) -> list[Action]:
    """End the protection of a deleted virtual volume. The controllers there would keep it as long
    as it is said to be bound, and its status has nobody left to change it."""
    finalizers = meta(virtual).get("finalizers") or []
    left = [each for each in finalizers if each != _PROTECTION]
    if left == finalizers:
        return []
    patch: Obj = {"metadata": {"finalizers": left or None}}
    version = str(meta(virtual).get("resourceVersion") or "")
    return [Patch("virtual", "", name_of(virtual), patch, uid(virtual), version)]


def is_standin(obj: Obj, cluster: Cluster) -> bool:
    return labels(obj).get(MANAGED_BY) == managed_by(cluster)


def _additions(current: Obj, desired: Obj) -> Obj:
    """The merge patch that gives `current` all that `desired` has, and takes nothing away."""
    patch: Obj = {}
    for key, value in desired.items():
        found = current.get(key)
        if isinstance(value, dict):
            if changes := _additions(found if isinstance(found, dict) else {}, value):
                patch[key] = changes
        elif (found or value) and not _covers(found, value):
            patch[key] = value
    return patch


def _covers(found: Any, value: Any) -> bool:
    """Whether `found` has all of `value`: servers add fields to the items of a list, nulls too."""
    if isinstance(value, dict) and isinstance(found, dict):
        return all(_covers(found.get(key), each) for key, each in value.items())
    if isinstance(value, list) and isinstance(found, list) and len(value) == len(found):
        return all(_covers(*pair) for pair in zip(found, value, strict=True))
    return bool(found == value)
