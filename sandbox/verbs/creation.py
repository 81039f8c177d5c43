"""POST: from a body to a stored object."""

from __future__ import annotations

from typing import Any, Final

from sandbox.errors import (
    ApiError,
    already_exists,
    bad_request,
    forbidden,
    invalid,
    too_large_to_store,
)
from sandbox.kinds.defaults import DEFAULTS
from sandbox.kinds.pod_validation import validate_new_pod
from sandbox.kinds.resources import Resource
from sandbox.kinds.validation import validate
from sandbox.messages.decoding import decode
from sandbox.messages.reply import Reply
from sandbox.messages.request import Request
from sandbox.objects import GENERATIONS, generate_name, new_metadata
from sandbox.state import services
from sandbox.state.cluster import Cluster, render, render_unstored
from sandbox.state.storage import body_of
from sandbox.verbs import webhooks
from sandbox.verbs.admission import admit
from sandbox.verbs.webhook_rules import Write

Object = dict[str, Any]

# What etcd takes for one object, in bytes.
STORED_LIMIT: Final = 1_572_864
_SERVER_FIELDS: Final = (
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "managedFields",
)
# Kinds that may be created with a status although they have the subresource.
_STATUS_KEPT: Final = ("nodes",)


def create(cluster: Cluster, request: Request) -> Reply:
    obj = decode(request, request.parse_body())
    resource = request.resource
    if resource.custom and "create" not in resource.verbs:
        why = "create not allowed while custom resource definition is terminating"
        name = obj["metadata"].get("name", "")
        raise forbidden(resource.plural, resource.group, name, why)
    if obj["metadata"].get("resourceVersion"):
        raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
    return create_object(cluster, request, obj)


def create_object(cluster: Cluster, request: Request, obj: Object) -> Reply:
    """Stores a new object, given without `kind` and `apiVersion`."""
    resource = request.resource
    _place(resource, request.target.namespace, obj["metadata"])
    _prepare(resource, obj)
    admit(cluster, resource, obj)
    obj = _mutated(cluster, request, obj)
    _identify(request, obj["metadata"])
    name, namespace = obj["metadata"].get("name", ""), obj["metadata"].get("namespace", "")
    check_new(cluster, request, obj)
    webhooks.validate(cluster, Write(request, "CREATE", name, obj, None))
    check_size(obj, len(request.body))
    if cluster.storage.collection(resource.collection).get(namespace, name):
        raise already_exists(resource.plural, resource.group, name)
    if resource.collection == "services":
        services.allocate(obj, cluster.addresses)
    if request.dry_run:
        return Reply(201, render_unstored(resource, obj))
    item = cluster.storage.put(resource.collection, obj)
    if resource.collection == "services":
        services.record(obj, None, cluster.addresses)
    return Reply(201, render(resource, item))


def _place(resource: Resource, namespace: str, metadata: Object) -> None:
    """Namespace from the URL, and nothing that only the server may say."""
    check_namespace(metadata, namespace)
    if resource.namespaced:
        metadata["namespace"] = namespace
    for field in _SERVER_FIELDS:
        metadata.pop(field, None)


def _mutated(cluster: Cluster, request: Request, obj: Object) -> Object:
    """What webhooks make of the new object. They see it before it has an identity."""
    name = obj["metadata"].get("name") or ""
    mutated = webhooks.mutate(cluster, Write(request, "CREATE", name, obj, None))
    if mutated is None:
        return obj
    _place(request.resource, request.target.namespace, mutated["metadata"])
    _prepare(request.resource, mutated)
    return mutated


def _identify(request: Request, metadata: Object) -> None:
    """A fresh identity, with a name made up when only a prefix is given."""
    if not metadata.get("name") and metadata.get("generateName"):
        name = request.memory.setdefault("name", generate_name(metadata["generateName"]))
        metadata["name"] = name
    identity = request.memory.setdefault("identity", new_metadata(""))
    metadata |= identity | {"name": metadata.get("name") or ""}
    if request.resource.custom or request.resource.collection in GENERATIONS:
        metadata["generation"] = 1


def check_namespace(metadata: Object, namespace: str) -> None:
    if metadata.get("namespace") and metadata["namespace"] != namespace:
        raise bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )


def _prepare(resource: Resource, obj: Object) -> None:
    if resource.has_status and resource.collection not in _STATUS_KEPT:
        obj.pop("status", None)
    default = DEFAULTS.get(resource.collection)
    if default:
        default(obj)


def check_new(cluster: Cluster, request: Request, obj: Object) -> None:
    resource = request.resource
    causes = validate(resource, obj)
    if resource.collection == "pods":
        causes += validate_new_pod(obj)
    if resource.collection == "services" and not causes:
        causes = services.check(obj, None, cluster.addresses, dry_run=request.dry_run)
    if causes:
        raise invalid(resource.kind, resource.group, obj["metadata"].get("name", ""), causes)


def check_size(obj: Object, at_most: int) -> None:
    """Refuses what doesn't fit into etcd. Only looks closely at what may be too large."""
    if at_most > STORED_LIMIT // 2 and len(body_of(obj)) > STORED_LIMIT:
        raise too_large_to_store()
