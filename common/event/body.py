"""The virtual Event that tells what a host Event told: on the virtual object, in its words."""

import hashlib
import re

from common.context import Context
from common.event.message import Words, translate_message
from common.keys import Key
from common.naming import hashed_host_name, host_name_cluster, token_secret_name
from common.objects import Obj, name_of, namespace_of, uid

CLUSTER_SCOPED_IN = "default"
"""Where Events on cluster-scoped objects live."""

_IDENTITY = ("name", "namespace", "resourceVersion", "creationTimestamp")
_TOLD = (
    "type",
    "reason",
    "message",
    "count",
    "series",
    "firstTimestamp",
    "lastTimestamp",
    "eventTime",
    "action",
    "source",
    "reportingComponent",
    "reportingInstance",
)
_NAME_MAX = 253
_SUFFIX = re.compile(r"[a-z0-9]{1,20}")
# API servers refuse longer messages, in bytes, of Events that have an eventTime.
_MESSAGE_MAX = 1024


def trimmed(event: Obj) -> Obj:
    """A host Event without what nobody needs."""
    metadata = event.get("metadata") or {}
    kept = {key: metadata[key] for key in _IDENTITY if key in metadata}
    told = {key: event[key] for key in ("involvedObject", *_TOLD) if event.get(key)}
    return {"apiVersion": "v1", "kind": "Event", "metadata": kept, **told}


def virtual_event(event: Obj, virtual: Obj, context: Context) -> Obj:
    """What to create for a host Event that is proven to be about the host object of `virtual`."""
    namespace, about = namespace_of(virtual), event["involvedObject"]
    words = _words(about, virtual, context)
    told = {key: event[key] for key in _TOLD if key in event}
    if message := told.get("message"):
        told["message"] = _cut(translate_message(message, words), bool(event.get("eventTime")))
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": event_name(name_of(event), str(about.get("name")), name_of(virtual)),
            "namespace": namespace or CLUSTER_SCOPED_IN,
        },
        "involvedObject": _reference(virtual, about),
        **told,
    }


def event_name(host_event: str, host_object: str, virtual_object: str) -> str:
    """Different for different host Events, and always the same for one.

    Clients call an Event `<object>.<time>`; the time is kept, of other names a digest.
    """
    suffix = host_event.removeprefix(f"{host_object}.")
    name = f"{virtual_object}.{suffix}"
    if suffix == host_event or not _SUFFIX.fullmatch(suffix) or len(name) > _NAME_MAX:
        suffix = hashlib.sha256(host_event.encode()).hexdigest()[:16]
        name = f"{virtual_object[: _NAME_MAX - len(suffix) - 1].rstrip('.-')}.{suffix}"
    return name


def _reference(virtual: Obj, about: Obj) -> Obj:
    namespace = namespace_of(virtual)
    return {
        "apiVersion": virtual["apiVersion"],
        "kind": virtual["kind"],
        **({"namespace": namespace} if namespace else {}),
        "name": name_of(virtual),
        "uid": uid(virtual),
        **({"fieldPath": about["fieldPath"]} if about.get("fieldPath") else {}),
    }


def _words(about: Obj, virtual: Obj, context: Context) -> Words:
    """What a message about `virtual` may mention: itself, and what it refers to."""
    cluster, names = context.cluster, {}
    for member, on_host in context.related.host_names.items():
        key = Key.from_member(cluster.name, member)
        names[on_host] = names[_other_name(key, context)] = (key.namespace, key.name)
    namespace, name = namespace_of(virtual), name_of(virtual)
    if namespace:
        names[token_secret_name(cluster, namespace, name)] = (namespace, f"{name}-sa-tokens")
    names[str(about.get("name"))] = (namespace, name)
    host_namespace = str(about.get("namespace") or "")
    return Words(cluster, host_namespace, namespace, names, {str(about.get("uid")): uid(virtual)})


def _other_name(key: Key, context: Context) -> str:
    """What an object is called where its usual host name is taken."""
    if not key.namespace:
        return host_name_cluster(context.cluster, key.name)
    return hashed_host_name(context.cluster, key.namespace, key.name, key.plural)


def _cut(message: str, limited: bool) -> str:
    if not limited or len(message.encode()) <= _MESSAGE_MAX:
        return message
    return message.encode()[: _MESSAGE_MAX - 3].decode(errors="ignore") + "..."
