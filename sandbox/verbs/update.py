"""PUT and PATCH.

From an old state to a new one, through the part of the object that the URL opens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sandbox.errors import ApiError, bad_request, conflict, invalid
from sandbox.kinds.defaults import DEFAULTS, follow_phase
from sandbox.kinds.immutable import validate_update
from sandbox.kinds.pod_defaults import keep_observed_generations, tolerate_bad_nodes
from sandbox.kinds.reasons import wrong
from sandbox.kinds.resources import Resource
from sandbox.kinds.validation import validate
from sandbox.messages.decoding import decode
from sandbox.messages.reply import Reply
from sandbox.messages.request import Request
from sandbox.objects import GENERATIONS, desired_part
from sandbox.patch.apply import apply, remember
from sandbox.patch.patching import patched
from sandbox.patch.untyped import APPLY
from sandbox.state import services
from sandbox.state.cluster import Cluster, render, render_unstored
from sandbox.state.storage import Item
from sandbox.verbs import deletion, webhooks
from sandbox.verbs.admission import admit_growth, admit_resize
from sandbox.verbs.creation import check_namespace, check_size, create_object
from sandbox.verbs.webhook_rules import Write

Object = dict[str, Any]

# Metadata that only the server writes.
_KEPT: Final = (
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
)


def put(cluster: Cluster, request: Request) -> Reply:
    new = decode(request, request.parse_body())
    if not new["metadata"].get("name"):
        name = request.target.name
        raise bad_request(
            f"the name of the object ({name} based on URL) was undeterminable: "
            "name must be provided"
        )
    old = cluster.item(request.target)
    _check_uid(request.resource, new["metadata"], old)
    _require_version(request, new["metadata"])
    return replace(cluster, request, new, old)


def _check_uid(resource: Resource, metadata: Object, old: Item) -> None:
    """A PUT that names another uid is meant for another object.

    409. (In a patch it is an immutable field: 422.)
    """
    uid, current = metadata.get("uid"), old.obj["metadata"]["uid"]
    if uid and uid != current:
        why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {current}"
        raise conflict(resource.plural, resource.group, old.name, why)


def _require_version(request: Request, metadata: Object) -> None:
    resource = request.resource
    if resource.custom and not metadata.get("resourceVersion"):
        cause = wrong("metadata.resourceVersion", 0, "must be specified for an update")
        raise invalid(resource.plural, resource.group, request.target.name, [cause])


def patch(cluster: Cluster, request: Request) -> Reply:
    if request.content_type == APPLY:
        return _apply(cluster, request)
    old = cluster.item(request.target)
    return replace(cluster, request, patched(request, old), old)


def _apply(cluster: Cluster, request: Request) -> Reply:
    """Server-side apply, which also creates."""
    target, collection = request.target, request.resource.collection
    items = cluster.storage.collection(collection)
    old = items.get(target.namespace, target.name)
    applied = apply(cluster, request, old)
    if old is None:
        reply = create_object(cluster, request, applied.new)
    else:
        reply = replace(cluster, request, applied.new, old)
    item = items.get(target.namespace, target.name)
    if item and not request.dry_run:
        remember(cluster, request, item.obj["metadata"]["uid"], applied.wanted)
    return reply


def replace(cluster: Cluster, request: Request, new: Object, old: Item) -> Reply:
    """Stores `new` in place of `old` as far as the URL's subresource lets it.

    A change of nothing is not a write.
    """
    resource = request.resource
    _check_name(request, new["metadata"], old)
    new = webhooks.mutate(cluster, Write(request, "UPDATE", old.name, new, old.obj)) or new
    _check_version(resource, new["metadata"], old)
    new = _PARTS.get(request.target.subresource, _all_but_status)(resource, new, old.copy())
    _keep_metadata(new["metadata"], old.obj["metadata"])
    _prepare(resource, new, old.obj)
    _check(cluster, request, new, old.obj)
    webhooks.validate(cluster, Write(request, "UPDATE", old.name, new, old.obj))
    if new == old.obj:
        return Reply(200, render(resource, old))
    check_size(new, len(request.body) + len(old.body))
    if _generation_counts(resource) and _desired(resource, new) != _desired(resource, old.obj):
        new["metadata"]["generation"] = old.obj["metadata"].get("generation", 0) + 1
    if request.dry_run:
        return Reply(200, render_unstored(resource, new))
    if deletion.finished(resource, new):
        # The object ends as it was: what took its last finalizer off is never stored.
        deletion.remove(cluster, resource, old)
        return Reply(200, render_unstored(resource, new))
    return Reply(200, render(resource, _store(cluster, resource, new, old)))


def _store(cluster: Cluster, resource: Resource, new: Object, old: Item) -> Item:
    if resource.collection == "services":
        services.allocate(new, cluster.addresses)
    item = cluster.storage.put(resource.collection, new)
    if resource.collection == "services":
        services.record(new, old.obj, cluster.addresses)
    return item


def _generation_counts(resource: Resource) -> bool:
    """Nothing that a priority class asks for can change."""
    counted = resource.custom or resource.collection in GENERATIONS
    return counted and resource.collection != "priorityclasses.scheduling.k8s.io"


def _desired(resource: Resource, obj: Object) -> Object:
    """Without the subresource a status is nothing special, except in built-in kinds."""
    status = {} if resource.has_status or not resource.custom else {"status": obj.get("status")}
    return desired_part(obj) | status


def _check_name(request: Request, metadata: Object, old: Item) -> None:
    """Raises 400 for another name than the URL's."""
    name = metadata.get("name")
    if name != old.name:
        raise bad_request(
            f"the name of the object ({name}) does not match the name on the URL ({old.name})"
        )
    check_namespace(metadata, old.namespace)


def _check_version(resource: Resource, metadata: Object, old: Item) -> None:
    """Raises 409 for a version that is no longer the current one."""
    version = str(metadata.get("resourceVersion") or "0")
    if not version.isdigit():
        raise ApiError(500, "", f'strconv.ParseUint: parsing "{version}": invalid syntax')
    if version not in ("0", old.obj["metadata"]["resourceVersion"]):
        raise conflict(resource.plural, resource.group, old.name)


def _keep_metadata(new: Object, old: Object) -> None:
    for field in _KEPT:
        if field in old:
            new[field] = old[field]
        else:
            new.pop(field, None)
    new["uid"] = new.get("uid") or old["uid"]
    new["resourceVersion"] = old["resourceVersion"]
    if "namespace" in old:
        new["namespace"] = old["namespace"]
    for field in ("labels", "annotations", "finalizers", "ownerReferences"):
        if field in new and not new[field]:
            del new[field]


def _prepare(resource: Resource, new: Object, old: Object) -> None:
    default = DEFAULTS.get(resource.collection)
    if default:
        default(new)
    if resource.collection == "services":
        services.carry_over(new, old)
    elif resource.collection == "persistentvolumes":
        follow_phase(new, old)
    elif resource.collection == "pods":
        tolerate_bad_nodes(new["spec"])
        keep_observed_generations(new, old)


def _check(cluster: Cluster, request: Request, new: Object, old: Object) -> None:
    resource = request.resource
    causes = validate(resource, new)
    causes += validate_update(resource, new, old, request.target.subresource)
    if resource.collection == "services" and not causes:
        causes = services.check(new, old, cluster.addresses, dry_run=request.dry_run)
    if causes:
        raise invalid(resource.kind, resource.group, old["metadata"]["name"], causes)
    if resource.collection == "persistentvolumeclaims":
        admit_growth(cluster, new, old)
    elif request.target.subresource == "resize":
        admit_resize(cluster, new, old)


def _all_but_status(resource: Resource, new: Object, old: Object) -> Object:
    if not resource.has_status:
        return new
    without = {key: value for key, value in new.items() if key != "status"}
    return without | ({"status": old["status"]} if "status" in old else {})


def _status(resource: Resource, new: Object, old: Object) -> Object:
    """A status write also takes most metadata, except on the kinds that say otherwise."""
    if not resource.custom and resource.collection not in _STATUS_ONLY:
        for field in ("labels", "annotations", "finalizers"):
            old["metadata"].pop(field, None)
            if new["metadata"].get(field):
                old["metadata"][field] = new["metadata"][field]
    old["metadata"]["uid"] = new["metadata"].get("uid") or old["metadata"]["uid"]
    without = {key: value for key, value in old.items() if key != "status"}
    return without | ({"status": new["status"]} if "status" in new else {})


def _finalizers(_: Resource, new: Object, old: Object) -> Object:
    """namespaces/finalize changes spec.finalizers, nothing else."""
    old["spec"]["finalizers"] = (new.get("spec") or {}).get("finalizers") or []
    return old


def _ephemeral_containers(_: Resource, new: Object, old: Object) -> Object:
    old["spec"]["ephemeralContainers"] = (new.get("spec") or {}).get("ephemeralContainers") or []
    return old


def _container_resources(_: Resource, new: Object, old: Object) -> Object:
    """pods/resize changes what containers request and are limited to.

    The lists are left to be refused when they name other containers.
    """
    for field in ("containers", "initContainers"):
        asked, there = new["spec"].get(field) or [], old["spec"].get(field) or []
        if [part.get("name") for part in asked] != [part["name"] for part in there]:
            old["spec"][field] = asked
            continue
        for container, wanted in zip(there, asked, strict=True):
            for part in ("resources", "resizePolicy"):
                container.pop(part, None)
                if wanted.get(part):
                    container[part] = wanted[part]
    return old


# Built-in kinds whose status subresource takes nothing but the status.
_STATUS_ONLY: Final = (
    "customresourcedefinitions.apiextensions.k8s.io",
    "resourceclaims.resource.k8s.io",
)
_PARTS: Final[Mapping[str, Callable[[Resource, Object, Object], Object]]] = {
    "status": _status,
    "finalize": _finalizers,
    "ephemeralcontainers": _ephemeral_containers,
    "resize": _container_resources,
}
