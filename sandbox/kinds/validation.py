"""Whether an object may be created at all.

Metadata for every kind, and for some the fields that people get wrong.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from sandbox.errors import Cause, bad_request
from sandbox.kinds.definition_defaults import validate_definition
from sandbox.kinds.device_validation import (
    validate_resource_claim,
    validate_resource_claim_template,
)
from sandbox.kinds.names import validate_metadata, validate_name
from sandbox.kinds.network_validation import (
    validate_ingress,
    validate_network_policy,
    validate_service,
)
from sandbox.kinds.pod_validation import validate_pod
from sandbox.kinds.reasons import refused, required, too_long, wrong
from sandbox.kinds.resources import Resource
from sandbox.kinds.structural import violations
from sandbox.kinds.volume_validation import (
    validate_claim,
    validate_storage_class,
    validate_volume,
)
from sandbox.kinds.webhook_defaults import validate_webhooks

Object = dict[str, Any]

DATA_LIMIT: Final = 1024 * 1024
HIGHEST_PRIORITY: Final = 1_000_000_000
_CONFIG_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")
_CONFIG_KEY_RULE: Final = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name', "
    " or 'KEY_NAME',  "
    "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


def validate(resource: Resource, obj: Object) -> list[Cause]:
    """Everything wrong with a new object; empty when it may be stored."""
    causes = [*validate_name(resource, obj["metadata"]), *validate_metadata(obj["metadata"])]
    if resource.schema is not None:
        return [*causes, *violations(obj, resource.schema)]
    check = _VALIDATORS.get(resource.collection)
    return [*causes, *check(obj)] if check else causes


def _validate_config_map(config: Object) -> Iterator[Cause]:
    yield from _validate_keys(config)
    size = sum(len(value.encode()) for value in (config.get("data") or {}).values())
    if size + _decoded_size(config.get("binaryData"), "ConfigMap") > DATA_LIMIT:
        yield too_long("[]", DATA_LIMIT)


def _validate_secret(secret: Object) -> Iterator[Cause]:
    data = secret.get("data") or {}
    if _decoded_size(data, "Secret") > DATA_LIMIT:
        yield too_long("data", DATA_LIMIT)
    yield from _validate_keys(secret)
    for key in _SECRET_KEYS.get(secret["type"], ()):
        if key not in data:
            yield required(f"data[{key}]")


_SECRET_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
}


def _validate_keys(obj: Object) -> Iterator[Cause]:
    for field in ("data", "binaryData"):
        for key in obj.get(field) or ():
            if not _CONFIG_KEY.fullmatch(key):
                yield wrong(f"{field}[{key}]", key, _CONFIG_KEY_RULE)


def _decoded_size(data: Object | None, kind: str) -> int:
    """Bytes that base64 values stand for; raises 400 when a value isn't base64."""
    try:
        return sum(
            len(base64.b64decode(value or "", validate=True)) for value in (data or {}).values()
        )
    except binascii.Error:
        raise bad_request(
            f'{kind} in version "v1" cannot be handled as a {kind}: '
            "illegal base64 data at input byte 0"
        ) from None


def _validate_event(event: Object) -> Iterator[Cause]:
    namespace = (event.get("involvedObject") or {}).get("namespace")
    if namespace and namespace != event["metadata"].get("namespace"):
        why = "does not match event.namespace"
        yield wrong("involvedObject.namespace", namespace, why)


def _validate_namespace(namespace: Object) -> Iterator[Cause]:
    phase = (namespace.get("status") or {}).get("phase")
    if phase != "Active" and not namespace["metadata"].get("deletionTimestamp"):
        why = "may only be 'Active' if `deletionTimestamp` is empty"
        yield wrong("status.Phase", phase, why)


def _validate_disruption_budget(budget: Object) -> Iterator[Cause]:
    spec, status = budget["spec"], budget["status"]
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        yield wrong("spec", spec, "minAvailable and maxUnavailable cannot be both set")
    for field in ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"):
        if status[field] < 0:
            yield wrong(f"status.{field}", status[field], "must be greater than or equal to 0")


def _validate_priority_class(priority_class: Object) -> Iterator[Cause]:
    """The system's own classes are there from the start; the limits are for everybody else's."""
    name = priority_class["metadata"].get("name") or ""
    if name.startswith("system-"):
        if name not in ("system-cluster-critical", "system-node-critical"):
            yield refused(
                "metadata.name",
                "priority class names with 'system-' prefix are reserved for system use only. "
                f"error: {name} is not a known system priority class",
            )
    elif priority_class["value"] > HIGHEST_PRIORITY:
        why = f"maximum allowed value of a user defined priority is {HIGHEST_PRIORITY}"
        yield refused("value", why)


_VALIDATORS: Final[Mapping[str, Callable[[Object], Iterator[Cause]]]] = {
    "pods": validate_pod,
    "services": validate_service,
    "configmaps": _validate_config_map,
    "secrets": _validate_secret,
    "events": _validate_event,
    "namespaces": _validate_namespace,
    "persistentvolumeclaims": validate_claim,
    "persistentvolumes": validate_volume,
    "customresourcedefinitions.apiextensions.k8s.io": validate_definition,
    "ingresses.networking.k8s.io": validate_ingress,
    "mutatingwebhookconfigurations.admissionregistration.k8s.io": validate_webhooks,
    "networkpolicies.networking.k8s.io": validate_network_policy,
    "poddisruptionbudgets.policy": _validate_disruption_budget,
    "priorityclasses.scheduling.k8s.io": _validate_priority_class,
    "resourceclaims.resource.k8s.io": validate_resource_claim,
    "resourceclaimtemplates.resource.k8s.io": validate_resource_claim_template,
    "storageclasses.storage.k8s.io": validate_storage_class,
    "validatingwebhookconfigurations.admissionregistration.k8s.io": validate_webhooks,
}
