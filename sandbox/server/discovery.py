"""What the server says about itself.

Version, groups, resources, and enough OpenAPI for kubectl to apply.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from sandbox.errors import unknown_resource
from sandbox.kinds.resources import Registry, Resource

Object = dict[str, Any]

VERSION: Final = {
    "major": "1",
    "minor": "36",
    "gitVersion": "v1.36.2+sandbox",
    "gitCommit": "",
    "gitTreeState": "",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "linux/amd64",
}
_VERSION_NAME: Final = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?")
_READ_WRITE: Final = ["get", "patch", "update"]
_SUBRESOURCES: Final = {
    "binding": ("Binding", "", "", ["create"]),
    "eviction": ("Eviction", "policy", "v1", ["create"]),
    "finalize": ("", "", "", ["update"]),
    "log": ("", "", "", ["get"]),
    "scale": ("Scale", "autoscaling", "v1", _READ_WRITE),
    "token": ("TokenRequest", "authentication.k8s.io", "v1", ["create"]),
}


def api_versions() -> Object:
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}


def api_groups(registry: Registry) -> Object:
    groups = [_group(name, versions) for name, versions in registry.groups.items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def api_group(registry: Registry, name: str) -> Object | None:
    if name not in registry.groups:
        return None
    return {"kind": "APIGroup", "apiVersion": "v1"} | _group(name, registry.groups[name])


def _group(name: str, versions: Iterable[str]) -> Object:
    ordered = sorted(versions, key=_preference)
    served = [{"groupVersion": f"{name}/{version}", "version": version} for version in ordered]
    return {"name": name, "versions": served, "preferredVersion": served[0]}


def _preference(version: str) -> tuple[int, int, int, str]:
    """Stable before beta before alpha, higher before lower, other names last."""
    match = _VERSION_NAME.fullmatch(version)
    if match is None:
        return 3, 0, 0, version
    stage = {None: 0, "beta": 1, "alpha": 2}[match[2]]
    return stage, -int(match[1]), -int(match[3] or 0), version


def api_resources(registry: Registry, group: str, version: str) -> Object | None:
    plurals = registry.groups.get(group, {}).get(version)
    if plurals is None:
        return None
    listed = [entry for resource in plurals.values() for entry in _entries(resource)]
    group_version = f"{group}/{version}" if group else version
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": listed,
    }


def _entries(resource: Resource) -> Iterator[Object]:
    entry: Object = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    yield entry
    for name in sorted(resource.subresources):
        yield _subresource_entry(resource, name)


def _subresource_entry(resource: Resource, name: str) -> Object:
    kind, group, version, verbs = _SUBRESOURCES.get(name, ("", "", "", _READ_WRITE))
    entry: Object = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": kind or resource.kind,
        "verbs": verbs,
    }
    return entry | ({"group": group, "version": version} if group else {})


def openapi_index(registry: Registry) -> Object:
    paths = {}
    for group, versions in registry.groups.items():
        for version in versions:
            path = f"apis/{group}/{version}" if group else f"api/{version}"
            paths[path] = {"serverRelativeURL": f"/openapi/v3/{path}"}
    return {"paths": paths}


def openapi_document(registry: Registry, group: str, version: str) -> Object:
    """Says of every resource that the server validates fields itself, which is what kubectl looks
    for.
    """
    plurals = registry.groups.get(group, {}).get(version)
    if plurals is None:
        raise unknown_resource()
    paths = {
        _object_path(resource): {"patch": _patch_operation(resource)}
        for resource in plurals.values()
    }
    info = {"title": "Kubernetes", "version": VERSION["gitVersion"]}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": {}}}


def _object_path(resource: Resource) -> str:
    root = (
        f"/apis/{resource.group}/{resource.version}"
        if resource.group
        else f"/api/{resource.version}"
    )
    namespace = "/namespaces/{namespace}" if resource.namespaced else ""
    return f"{root}{namespace}/{resource.plural}/{{name}}"


def _patch_operation(resource: Resource) -> Object:
    names = ("dryRun", "fieldManager", "fieldValidation", "force")
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
        for name in names
    ]
    kind = {"group": resource.group, "version": resource.version, "kind": resource.kind}
    return {
        "parameters": parameters,
        "responses": {"200": {"description": "OK"}},
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": kind,
    }
