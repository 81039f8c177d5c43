"""Events on virtual objects: what a tenant sees of a sync that can't be done.

The name is made from object, reason and message, so repeats count up one Event instead of
filling the virtual cluster. What a server says of a failure may differ with every try (the quota
used, an id): of those there is one Event for each object and reason, with the last message. An
Event that can't be written is logged and never fails the sync.
"""

from datetime import UTC, datetime
from hashlib import sha256

from common.actions import EmitEvent
from common.errors import AlreadyExistsError, TohostError
from common.kube.client import MERGE_PATCH, KubeClient
from common.objects import Obj, uid
from common.process.logs import get_log
from workers.work import Work

COMPONENT = "tohost"
_MESSAGE_MAX = 1024
_NAME_MAX = 220
_log = get_log(__name__)


async def emit(
    virtual: KubeClient, work: Work, event: EmitEvent, now_s: float, one: bool = False
) -> None:
    """Write one Event, or count up the one that says the same (`one`: that has its reason)."""
    if work.virtual is None:
        return
    body = event_body(work, work.virtual, event, now_s, one)
    path = f"/api/v1/namespaces/{body['metadata']['namespace']}/events"
    try:
        try:
            await virtual.request("POST", path, body=body)
        except AlreadyExistsError:
            await _count_up(virtual, f"{path}/{body['metadata']['name']}", body)
    except TohostError as error:
        _log.warning("event not written", key=str(work.key), reason=event.reason, error=str(error))


async def _count_up(virtual: KubeClient, path: str, body: Obj) -> None:
    there = await virtual.request("GET", path)
    patch = {"count": int(there.get("count") or 1) + 1, "lastTimestamp": body["lastTimestamp"]}
    if there.get("message") != body["message"]:
        patch["message"] = body["message"]
    await virtual.request("PATCH", path, body=patch, content_type=MERGE_PATCH)


def event_body(work: Work, virtual: Obj, event: EmitEvent, now_s: float, one: bool = False) -> Obj:
    """A v1 Event on the virtual object; cluster-scoped objects' Events live in `default`."""
    key, message = work.key, event.message[:_MESSAGE_MAX]
    told = f"{uid(virtual)} {event.reason}" + ("" if one else f" {message}")
    digest = sha256(told.encode()).hexdigest()[:16]
    at = datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{key.name[:_NAME_MAX]}.{digest}",
            "namespace": key.namespace or "default",
        },
        "involvedObject": {
            "apiVersion": work.kind.api_version,
            "kind": work.kind.kind,
            "name": key.name,
            **({"namespace": key.namespace} if key.namespace else {}),
            "uid": uid(virtual),
        },
        "type": event.type,
        "reason": event.reason,
        "message": message,
        "count": 1,
        "firstTimestamp": at,
        "lastTimestamp": at,
        "source": {"component": COMPONENT},
        "reportingComponent": COMPONENT,
    }
