"""Whether an object may be created at all.

Metadata for every kind, and for some the fields that people get wrong.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import orjson

from sandbox.errors import Cause, bad_request
from sandbox.kinds.resources import Resource

Object = dict[str, Any]

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_CONFIG_KEY: Final = re.compile(r"[-._a-zA-Z0-9]+")

_LABEL_RULE: Final = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SUBDOMAIN_RULE: Final = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_QUALIFIED_RULE: Final = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_CONFIG_KEY_RULE: Final = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name', "
    " or 'KEY_NAME',  "
    "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)

ANNOTATIONS_LIMIT: Final = 256 * 1024
DATA_LIMIT: Final = 1024 * 1024
_LABEL_NAMED: Final = ("services", "namespaces")
_PATH_NAMED: Final = "rbac.authorization.k8s.io"


def wrong(field: str, value: Any, why: str) -> Cause:
    shown = orjson.dumps(value).decode()
    return Cause("FieldValueInvalid", f"Invalid value: {shown}: {why}", field)


def required(field: str, why: str = "") -> Cause:
    return Cause("FieldValueRequired", f"Required value: {why}" if why else "Required value", field)


def refused(field: str, why: str) -> Cause:
    return Cause("FieldValueForbidden", f"Forbidden: {why}", field)


def _too_long(field: str, limit: int) -> Cause:
    return Cause("FieldValueTooLong", f"Too long: may not be more than {limit} bytes", field)


def validate(resource: Resource, obj: Object) -> list[Cause]:
    """Everything wrong with a new object; empty when it may be stored."""
    causes = [*_validate_name(resource, obj["metadata"]), *validate_metadata(obj["metadata"])]
    check = _VALIDATORS.get(resource.collection)
    return [*causes, *check(obj)] if check else causes


def _validate_name(resource: Resource, metadata: Object) -> Iterator[Cause]:
    name = metadata.get("name")
    if not name:
        yield required("metadata.name", "name or generateName is required")
    elif resource.group == _PATH_NAMED:
        if name in (".", "..") or "/" in name or "%" in name:
            yield wrong("metadata.name", name, "may not contain '/' or '%'")
    elif resource.collection in _LABEL_NAMED:
        yield from _validate_label_name(name)
    elif len(name) > 253:
        yield wrong("metadata.name", name, "must be no more than 253 bytes")
    elif not _SUBDOMAIN.fullmatch(name) and resource.collection != "ipaddresses.networking.k8s.io":
        yield wrong("metadata.name", name, _SUBDOMAIN_RULE)


def _validate_label_name(name: str) -> Iterator[Cause]:
    if len(name) > 63:
        yield wrong("metadata.name", name, "must be no more than 63 bytes")
    if "." in name:
        yield wrong("metadata.name", name, "must not contain dots")
    elif not _LABEL.fullmatch(name):
        yield wrong("metadata.name", name, _LABEL_RULE)


def validate_metadata(metadata: Object) -> Iterator[Cause]:
    labels = metadata.get("labels")
    for key, value in (labels or {}).items():
        yield from _validate_key("metadata.labels", key)
        if len(value) > 63:
            yield wrong("metadata.labels", value, "must be no more than 63 bytes")
        elif value and not _QUALIFIED.fullmatch(value):
            yield wrong(
                "metadata.labels",
                value,
                "a valid label must be an empty string or " + _QUALIFIED_RULE[10:],
            )
    annotations = metadata.get("annotations") or {}
    for key in annotations:
        yield from _validate_key("metadata.annotations", key.lower())
    if sum(len(key) + len(value) for key, value in annotations.items()) > ANNOTATIONS_LIMIT:
        yield _too_long("metadata.annotations", ANNOTATIONS_LIMIT)


def _validate_key(field: str, key: str) -> Iterator[Cause]:
    prefix, slash, name = key.rpartition("/")
    if slash and not _SUBDOMAIN.fullmatch(prefix):
        yield wrong(field, key, "prefix part " + _SUBDOMAIN_RULE)
    if len(name) > 63:
        yield wrong(field, key, "name part must be no more than 63 bytes")
    if not _QUALIFIED.fullmatch(name):
        yield wrong(field, key, _QUALIFIED_RULE)


def _validate_pod(pod: Object) -> Iterator[Cause]:
    spec = pod.get("spec") or {}
    if not spec.get("containers"):
        yield required("spec.containers")
    seen: set[str] = set()
    for index, container in enumerate(spec.get("containers") or ()):
        name = container.get("name")
        field = f"spec.containers[{index}]"
        if not name:
            yield required(f"{field}.name")
        elif not _LABEL.fullmatch(name):
            yield wrong(f"{field}.name", name, _LABEL_RULE)
        elif name in seen:
            yield Cause("FieldValueDuplicate", f'Duplicate value: "{name}"', f"{field}.name")
        if not container.get("image"):
            yield required(f"{field}.image")
        seen.add(name or "")
        yield from _validate_mounts(container, field, spec)
    yield from _validate_tokens(spec)
    yield from _validate_choice(spec, "restartPolicy", ("Always", "OnFailure", "Never"))
    policies = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
    yield from _validate_choice(spec, "dnsPolicy", policies)


def _validate_tokens(spec: Object) -> Iterator[Cause]:
    """A token needs an account to be for."""
    for index, volume in enumerate(spec.get("volumes") or ()):
        for number, source in enumerate((volume.get("projected") or {}).get("sources") or ()):
            if source.get("serviceAccountToken") and not spec.get("serviceAccountName"):
                field = f"spec.volumes[{index}].projected.sources[{number}].serviceAccountToken"
                yield refused(field, "must not be specified when serviceAccountName is not set")


def _validate_mounts(container: Object, field: str, spec: Object) -> Iterator[Cause]:
    volumes = {volume["name"] for volume in spec.get("volumes") or ()}
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        if mount["name"] not in volumes:
            where = f"{field}.volumeMounts[{index}].name"
            yield Cause("FieldValueNotFound", f'Not found: "{mount["name"]}"', where)


def _validate_choice(spec: Object, field: str, choices: tuple[str, ...]) -> Iterator[Cause]:
    value = spec.get(field)
    if value is not None and value not in choices:
        listed = ", ".join(f'"{choice}"' for choice in choices)
        message = f'Unsupported value: "{value}": supported values: {listed}'
        yield Cause("FieldValueNotSupported", message, f"spec.{field}")


def _validate_service(service: Object) -> Iterator[Cause]:
    spec = service["spec"]
    headless = spec.get("clusterIP") == "None"
    if spec["type"] == "ExternalName":
        if not spec.get("externalName"):
            yield required("spec.externalName")
    elif not spec.get("ports") and not headless:
        yield required("spec.ports")
    ports = spec.get("ports") or ()
    for index, port in enumerate(ports):
        yield from _validate_port(f"spec.ports[{index}]", port, named=len(ports) > 1)
        if any(_same_port(port, other) for other in ports[:index]):
            yield Cause("FieldValueDuplicate", "Duplicate value", f"spec.ports[{index}]")
    types = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
    yield from _validate_choice(spec, "type", types)
    balancer = (service.get("status") or {}).get("loadBalancer") or {}
    if balancer.get("ingress") and spec["type"] != "LoadBalancer":
        why = "may only be used when `spec.type` is 'LoadBalancer'"
        yield refused("status.loadBalancer.ingress", why)


def _validate_port(field: str, port: Object, *, named: bool) -> Iterator[Cause]:
    if named and not port.get("name"):
        yield required(f"{field}.name")
    for name in ("port", "targetPort"):
        number = port.get(name)
        if isinstance(number, int) and not 1 <= number <= 65535:
            yield wrong(f"{field}.{name}", number, "must be between 1 and 65535, inclusive")


def _same_port(one: Object, other: Object) -> bool:
    return (one["port"], one["protocol"]) == (other["port"], other["protocol"])


def _validate_config_map(config: Object) -> Iterator[Cause]:
    yield from _validate_keys(config)
    size = sum(len(value.encode()) for value in (config.get("data") or {}).values())
    if size + _decoded_size(config.get("binaryData"), "ConfigMap") > DATA_LIMIT:
        yield _too_long("[]", DATA_LIMIT)


def _validate_secret(secret: Object) -> Iterator[Cause]:
    data = secret.get("data") or {}
    if _decoded_size(data, "Secret") > DATA_LIMIT:
        yield _too_long("data", DATA_LIMIT)
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


def _validate_claim(claim: Object) -> Iterator[Cause]:
    spec = claim["spec"]
    if not spec.get("accessModes"):
        yield required("spec.accessModes", "at least 1 access mode is required")
    if "storage" not in ((spec.get("resources") or {}).get("requests") or {}):
        yield required("spec.resources[storage]")


def _validate_ingress(ingress: Object) -> Iterator[Cause]:
    spec = ingress["spec"]
    if not spec.get("defaultBackend") and not spec.get("rules"):
        yield wrong("spec", None, "either `defaultBackend` or `rules` must be specified")


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


_VALIDATORS: Final[Mapping[str, Callable[[Object], Iterator[Cause]]]] = {
    "pods": _validate_pod,
    "services": _validate_service,
    "configmaps": _validate_config_map,
    "secrets": _validate_secret,
    "events": _validate_event,
    "namespaces": _validate_namespace,
    "persistentvolumeclaims": _validate_claim,
    "ingresses.networking.k8s.io": _validate_ingress,
}
