"""What a request to an API server is about, from its method, path and query alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_VERBS: Final = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_OF_NAMESPACES: Final = ("status", "finalize")


@dataclass(frozen=True, slots=True)
class Target:
    """`name` "" is a collection, `namespace` "" all namespaces or none, `group` "" the core's;
    `plural` "" is what leads to no objects, such as discovery and health."""

    group: str
    version: str
    namespace: str
    plural: str
    name: str = ""
    subresource: str = ""

    @property
    def resource(self) -> str:
        """As in RBAC: `pods`, `pods/status`."""
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural

    def path(self) -> str:
        """That of the object or collection, whatever the subresource."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        within = f"/namespaces/{self.namespace}" if self.namespace else ""
        return f"{root}{within}/{self.plural}" + (f"/{self.name}" if self.name else "")


_NOTHING: Final = Target("", "", "", "")


def parse_target(path: str) -> Target:
    match path.strip("/").split("/"):
        case ["api", version, *rest]:
            return _target("", version, rest)
        case ["apis", group, version, *rest]:
            return _target(group, version, rest)
    return _NOTHING


def _target(group: str, version: str, rest: list[str]) -> Target:
    match rest:
        case ["namespaces", namespace, plural, *more] if plural not in _OF_NAMESPACES:
            return Target(group, version, namespace, plural, *_ends(more))
        case [plural, *more]:
            return Target(group, version, "", plural, *_ends(more))
    return _NOTHING


def _ends(more: list[str]) -> tuple[str, str]:
    return (more[0] if more else "", "/".join(more[1:]))


def verb_of(method: str, target: Target, query: Mapping[str, str]) -> str:
    """The verb as RBAC knows it; "" for what is about no object."""
    if not target.plural:
        return ""
    if method == "GET":
        if query.get("watch", "0").lower() in ("1", "true"):
            return "watch"
        return "get" if target.name else "list"
    verb = _VERBS.get(method, "")
    return "deletecollection" if verb == "delete" and not target.name else verb
