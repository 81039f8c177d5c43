"""DELETE: at once, after a grace period, or when the last finalizer is gone."""

from __future__ import annotations

from typing import Any, Final

from sandbox.errors import conflict, forbidden
from sandbox.kinds.definition_defaults import mark_terminating
from sandbox.kinds.resources import Resource
from sandbox.messages.reply import Reply, json_reply, success
from sandbox.messages.request import Request
from sandbox.objects import shift, timestamp
from sandbox.state import services
from sandbox.state.cluster import PROTECTED_NAMESPACES, Cluster, render
from sandbox.state.customresources import DEFINITIONS
from sandbox.state.storage import Item
from sandbox.verbs import webhooks

Object = dict[str, Any]

_DEFAULT_GRACE_S: Final = 30
_OBJECT_RETURNED: Final = frozenset(
    {
        "csidrivers.storage.k8s.io",
        "csinodes.storage.k8s.io",
        "deviceclasses.resource.k8s.io",
        "resourceclaims.resource.k8s.io",
        "resourceclaimtemplates.resource.k8s.io",
        "resourceslices.resource.k8s.io",
        "storageclasses.storage.k8s.io",
        "volumeattachments.storage.k8s.io",
        "volumeattributesclasses.storage.k8s.io",
        "namespaces",
        "persistentvolumeclaims",
        "persistentvolumes",
        "pods",
        "podtemplates",
        "resourcequotas",
        "serviceaccounts",
        "services",
    }
)


def delete(cluster: Cluster, request: Request) -> Reply:
    resource = request.resource
    item = cluster.item(request.target)
    options = read_options(request)
    _check_preconditions(resource, options, item)
    if resource.collection == "namespaces" and item.name in PROTECTED_NAMESPACES:
        raise forbidden("namespaces", "", item.name, "this namespace may not be deleted")
    webhooks.review_deletion(cluster, request, item.name, item.obj)
    if request.dry_run:
        return Reply(200, render(resource, item))
    left = start(cluster, resource, item, options.get("gracePeriodSeconds"))
    if left.obj["metadata"].get("deletionTimestamp") or resource.collection in _OBJECT_RETURNED:
        return Reply(200, render(resource, left))
    details = {"name": item.name, "group": resource.group, "kind": resource.plural}
    details["uid"] = item.obj["metadata"]["uid"]
    return json_reply(success({key: value for key, value in details.items() if value}))


def read_options(request: Request) -> Object:
    """DeleteOptions from the body, or from the query when there is no body."""
    options: Object = request.parse_body() if request.body else {}
    grace = request.number("gracePeriodSeconds")
    if grace is not None:
        options.setdefault("gracePeriodSeconds", grace)
    return options


def _check_preconditions(resource: Resource, options: Object, item: Item) -> None:
    asked, metadata = options.get("preconditions") or {}, item.obj["metadata"]
    uid, version = asked.get("uid"), asked.get("resourceVersion")
    if uid and uid != metadata["uid"]:
        why = (
            f"the UID in the precondition ({uid}) does not match the UID in record "
            f"({metadata['uid']}). "
            "The object might have been deleted and then recreated"
        )
        raise conflict(resource.kind, resource.group, item.name, why)
    if version and version != metadata["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({version}) does not match the "
            "ResourceVersion in record "
            f"({metadata['resourceVersion']}). The object might have been modified"
        )
        raise conflict(resource.kind, resource.group, item.name, why)


def start(cluster: Cluster, resource: Resource, item: Item, grace_s: int | None = None) -> Item:
    """Deletes as far as possible now; returns the state that is left, or the last one."""
    marked = _marked(resource, item, grace_s)
    if finished(resource, marked):
        # A pod's end is noted before it goes, as watchers of the real server see it.
        noted = cluster.storage.put("pods", marked) if resource.collection == "pods" else item
        return remove(cluster, resource, noted)
    if marked == item.obj:
        return item
    return cluster.storage.put(resource.collection, marked)


def _marked(resource: Resource, item: Item, grace_s: int | None) -> Object:
    """The object with its deletion noted."""
    marked = item.copy()
    metadata = marked["metadata"]
    period = _grace_period(marked, grace_s) if resource.collection == "pods" else 0
    if resource.collection == DEFINITIONS:
        if not metadata.get("deletionTimestamp"):
            metadata["deletionTimestamp"] = timestamp()
            mark_terminating(marked)
        return marked
    if not metadata.get("deletionTimestamp"):
        metadata["deletionTimestamp"] = timestamp(period)
        metadata["deletionGracePeriodSeconds"] = period
        if "generation" in metadata:
            metadata["generation"] += 1
    elif metadata.get("deletionGracePeriodSeconds") and (grace_s is not None):
        _shorten(metadata, period)
    if resource.collection == "namespaces":
        metadata.pop("deletionGracePeriodSeconds", None)
        marked["status"] = (marked.get("status") or {}) | {"phase": "Terminating"}
    return marked


def _shorten(metadata: Object, period: int) -> None:
    """A later, shorter grace period replaces the first one; a longer one is ignored."""
    before = metadata["deletionGracePeriodSeconds"]
    if period < before:
        metadata["deletionTimestamp"] = shift(metadata["deletionTimestamp"], period - before)
        metadata["deletionGracePeriodSeconds"] = period


def _grace_period(pod: Object, asked_s: int | None) -> int:
    """Nobody has to wait for a pod that no kubelet runs."""
    spec = pod["spec"]
    if not spec.get("nodeName") or pod["status"].get("phase") in ("Succeeded", "Failed"):
        return 0
    period = (
        asked_s
        if asked_s is not None
        else spec.get("terminationGracePeriodSeconds", _DEFAULT_GRACE_S)
    )
    return 1 if period < 0 else int(period)


def finished(resource: Resource, obj: Object) -> bool:
    """Whether nothing keeps a deleted object any more."""
    metadata = obj["metadata"]
    if not metadata.get("deletionTimestamp") or metadata.get("finalizers"):
        return False
    if resource.collection == "namespaces":
        return not obj["spec"].get("finalizers")
    return not metadata.get("deletionGracePeriodSeconds")


def remove(cluster: Cluster, resource: Resource, item: Item) -> Item:
    """Forgets the object and everything the server gave it."""
    last = cluster.storage.remove(resource.collection, item)
    if resource.collection == "services":
        services.record(None, item.obj, cluster.addresses)
    return last
