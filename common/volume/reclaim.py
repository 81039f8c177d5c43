"""What becomes of a volume or snapshot when its objects go: nothing deletes data by the way.

A virtual object that its user deletes takes the host object along, and the host does with the data
what the policy says, as any cluster would. Cleaning up after a kind that was switched off is no
such wish: what is in use stays until it isn't, and of the rest only the object goes.
"""

from common.actions import Action, Delete, Patch
from common.context import Context
from common.metadata import UID
from common.objects import Obj, is_deleting, meta, name_of, uid

KEEPS = "Retain"


def clean_up(host: Obj, policy: str, *, in_use: bool) -> list[Action]:
    """The kind is switched off and its host objects are to go. `policy`: the name of the field of
    the spec that says what the host does with the data.

    First the host is told to keep the data; and that the object is nobody's any more, so that its
    end isn't taken for the data's (see `is_lost`).
    """
    keeps = (host.get("spec") or {}).get(policy) == KEEPS
    if is_deleting(host) or in_use:
        return []
    if keeps:
        return [Delete("host", "", name_of(host), uid(host), unwanted=True)]
    patch = {"metadata": {"annotations": {UID: ""}}, "spec": {policy: KEEPS}}
    version = str(meta(host).get("resourceVersion") or "")
    return [Patch("host", "", name_of(host), patch, uid(host), version)]


def is_lost(virtual: Obj, policy: str, context: Context) -> bool:
    """Whether the host reclaimed the data: its object was seen to go by itself, and the policy was
    not to keep it. A new host object would stand for data that isn't there."""
    gone = context.related.host_gone_uid == uid(virtual) != ""
    return gone and (virtual.get("spec") or {}).get(policy) != KEEPS
