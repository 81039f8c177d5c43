"""What names, labels and annotations may look like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from sandbox.errors import Cause
from sandbox.kinds.reasons import required, too_long, wrong
from sandbox.kinds.resources import Resource

Object = dict[str, Any]

_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_QUALIFIED: Final = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")

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

ANNOTATIONS_LIMIT: Final = 256 * 1024
_LABEL_NAMED: Final = ("services", "namespaces")
_PATH_NAMED: Final = "rbac.authorization.k8s.io"


def validate_name(resource: Resource, metadata: Object) -> Iterator[Cause]:
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


def check_label(field: str, name: str) -> Iterator[Cause]:
    """The name of a part of an object, such as a container."""
    if not _LABEL.fullmatch(name):
        yield wrong(field, name, _LABEL_RULE)


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
        yield too_long("metadata.annotations", ANNOTATIONS_LIMIT)


def _validate_key(field: str, key: str) -> Iterator[Cause]:
    prefix, slash, name = key.rpartition("/")
    if slash and not _SUBDOMAIN.fullmatch(prefix):
        yield wrong(field, key, "prefix part " + _SUBDOMAIN_RULE)
    if len(name) > 63:
        yield wrong(field, key, "name part must be no more than 63 bytes")
    if not _QUALIFIED.fullmatch(name):
        yield wrong(field, key, _QUALIFIED_RULE)
