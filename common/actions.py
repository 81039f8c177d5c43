"""What a plan may ask for. Pure data: `workers.perform` carries it out.

Unless it says otherwise an action means the object of the key that was planned, under its
name on the given side; `uid` and `resource_version` are preconditions, "" for none.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from common.objects import Obj, Side


@dataclass(frozen=True, slots=True)
class TokenSpec:
    """A service account token that the virtual cluster mints for a pod.

    `annotation` is where the host pod's downward API reads it, or the key in the token Secret.
    """

    annotation: str
    service_account: str
    audiences: tuple[str, ...]
    expiration_s: int


@dataclass(frozen=True, slots=True)
class Create:
    side: Side
    body: Obj
    tokens: tuple[TokenSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Patch:
    """A merge patch; `subresource` such as "status", "" for the object itself.

    `patch_type` "strategic": items of lists are merged by their key instead, so that it needs no
    version to leave those of others alone.
    """

    side: Side
    namespace: str
    name: str
    patch: Obj
    uid: str = ""
    resource_version: str = ""
    subresource: str = ""
    patch_type: Literal["", "strategic"] = ""


@dataclass(frozen=True, slots=True)
class Delete:
    """`grace_s` None: the server's default. The performer first proves it by a live read of the
    other side: the object there is gone, deleting, has another uid, or (`unwanted`) is just not
    to be synced any more. `give_back`: a merge patch that is sent in place of the deletion, to an
    object that was someone else's before it was ours. `why`: "immutable" when it goes only to be
    made anew with another value of such a field."""

    side: Side
    namespace: str
    name: str
    uid: str
    grace_s: int | None = None
    unwanted: bool = False
    give_back: Obj | None = None
    why: Literal["", "immutable"] = ""


@dataclass(frozen=True, slots=True)
class Bind:
    """Bind the virtual pod to a node through the `binding` subresource."""

    namespace: str
    name: str
    uid: str
    node: str


@dataclass(frozen=True, slots=True)
class ReplaceService:
    """Re-create the virtual Service so that it shows the host's cluster IPs."""

    body: Obj
    uid: str
    resource_version: str


@dataclass(frozen=True, slots=True)
class RemoveEndpoints:
    """Delete, on the host, what answers for a Service that gained or lost its selector: the
    Endpoints of its name, and the EndpointSlices labelled with it, where they bear its mark. Their
    next owner makes them anew."""

    namespace: str
    service: str


@dataclass(frozen=True, slots=True)
class MintTokens:
    """Refresh the tokens of a running host pod."""

    host_name: str
    host_uid: str
    tokens: tuple[TokenSpec, ...]


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """An Event on the virtual object. `type` is "Warning" or "Normal"."""

    type: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class RequeueAfter:
    """Look at the key again after `after_s` seconds; `reason` is for people."""

    after_s: float
    reason: str


Action: TypeAlias = (
    Create
    | Patch
    | Delete
    | Bind
    | ReplaceService
    | RemoveEndpoints
    | MintTokens
    | EmitEvent
    | RequeueAfter
)
