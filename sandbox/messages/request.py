"""What a client asks for, read off the URL: resource, namespace, name, subresource and options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import yaml

from sandbox.errors import (
    PageNotFound,
    bad_request,
    invalid,
    not_found,
    unknown_resource,
    unsupported_media_type,
)
from sandbox.kinds.reasons import wrong
from sandbox.kinds.resources import Registry, Resource
from sandbox.messages import protobuf

Object = dict[str, Any]

USER: Final = {
    "username": "admin",
    "uid": "admin",
    "groups": ["system:masters", "system:authenticated"],
}
NAMESPACE_SUBRESOURCES: Final = ("status", "finalize")
JSON_TYPES: Final = ("", "application/json")
YAML_TYPES: Final = ("application/yaml", "application/x-yaml", "text/yaml")


@dataclass(frozen=True, slots=True)
class Target:
    """The part of a URL that names something; `name` is empty for a whole collection."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """One call of the API on a target, with everything that decides its outcome.

    `memory` is what stays the same when the request is carried out again: the answers of webhooks,
    and a new object's identity.
    """

    method: str
    target: Target
    query: Mapping[str, str] = field(default_factory=dict)
    content_type: str = ""
    accept: str = ""
    agent: str = ""
    body: bytes = b""
    memory: dict[Any, Any] = field(default_factory=dict)

    @property
    def resource(self) -> Resource:
        return self.target.resource

    @property
    def dry_run(self) -> bool:
        return self.query.get("dryRun") == "All"

    @property
    def manager(self) -> str:
        """Who owns the fields written.

        As asked, else what stands before the slash of the User-Agent.
        """
        return self.query.get("fieldManager") or self.agent.partition("/")[0] or "unknown"

    def flag(self, name: str) -> bool:
        return self.query.get(name, "false").lower() in ("1", "true")

    def number(self, name: str) -> int | None:
        text = self.query.get(name, "")
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None

    def parse_body(self) -> Object:
        """The body as an object; an empty one is an empty object, as the real server has it."""
        if self.content_type in JSON_TYPES:
            return parse_json(self.body, self.resource.kind)
        if self.content_type in YAML_TYPES:
            return parse_yaml(self.body)
        if self.content_type == protobuf.CONTENT_TYPE:
            return protobuf.decode(self.body)
        raise unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json, application/yaml, application/vnd.kubernetes.protobuf"
        )


def parse_json(body: bytes, kind: str) -> Object:
    try:
        parsed = orjson.loads(body) if body else {}
    except orjson.JSONDecodeError as error:
        raise bad_request(
            f"the object provided is unrecognized (must be of type {kind}): "
            f"couldn't get version/kind; json parse error: {error}"
        ) from None
    if not isinstance(parsed, dict):
        raise bad_request(f"json: cannot unmarshal {type(parsed).__name__} into a {kind}")
    return parsed


def parse_yaml(body: bytes) -> Object:
    try:
        parsed = yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise bad_request(f"error decoding YAML: {error}") from None
    if not isinstance(parsed, dict):
        raise bad_request("error decoding YAML: the body is not an object")
    # Dates and other YAML-only types become the strings that JSON would have had.
    normalized: Object = orjson.loads(orjson.dumps(parsed, option=orjson.OPT_NON_STR_KEYS))
    return normalized


def parse_target(registry: Registry, path: str) -> Target:
    """Reads /api/v1/...

    And /apis/<group>/<version>/...; raises 404 or PageNotFound when no such resource is served.
    """
    parts = [part for part in path.split("/") if part]
    if parts[0] == "api":
        group, version, rest = "", parts[1], parts[2:]
    else:
        group, version, rest = parts[1], parts[2], parts[3:]
    namespace, rest = _split_namespace(rest)
    unknown = unknown_resource() if group in registry.builtin else PageNotFound()
    resource = registry.find(group, version, rest[0])
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        raise unknown
    if len(rest) > 1 and resource.namespaced and not namespace:
        raise unknown
    name, subresource = [*rest[1:], "", ""][:2]
    if subresource and subresource not in resource.subresources:
        raise not_found(resource.plural, group, name) if resource.custom else unknown
    return Target(resource, namespace, name, subresource)


def _split_namespace(parts: list[str]) -> tuple[str, list[str]]:
    """Tells namespaces/x/pods (pods in x) from namespaces/x/status (a part of the namespace
    itself).
    """
    inside = len(parts) > 2 and parts[0] == "namespaces" and parts[2] not in NAMESPACE_SUBRESOURCES
    return (parts[1], parts[2:]) if inside else ("", parts)


def check_type(obj: Object, resource: Resource) -> None:
    """Refuses an object of another kind or version than the URL's; raises 400 or 422."""
    kind, version = obj.get("kind", ""), obj.get("apiVersion", "")
    if resource.custom:
        _check_custom_type(obj, resource, kind, version)
        return
    if (kind and kind != resource.kind) or (version and version != resource.api_version):
        raise bad_request(
            f'{kind} in version "{version}" cannot be handled as a {resource.kind}: '
            f'no kind "{kind}" is registered for version "{version}"'
        )


def _check_custom_type(obj: Object, resource: Resource, kind: str, version: str) -> None:
    """Custom resources must say what they are."""
    missing = [name for name, value in (("Kind", kind), ("apiVersion", version)) if not value]
    if missing:
        raise bad_request(
            f"the object provided is unrecognized (must be of type {resource.kind}): "
            f"Object '{missing[0]}' is missing"
        )
    if version != resource.api_version:
        raise bad_request(
            f"the API version in the data ({version}) does not match the expected API version "
            f"({resource.api_version})"
        )
    if kind != resource.kind:
        cause = wrong("kind", kind, f"must be {resource.kind}")
        name = (obj.get("metadata") or {}).get("name", "")
        raise invalid(kind, resource.group, name, [cause])
