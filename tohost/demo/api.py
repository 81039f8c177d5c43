"""Where the synced kinds are on an API server, and what refers to what: for demo and checker.

On purpose it shares nothing with the code that it watches and checks.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from common.objects import Obj, name_of, namespace_of
from tohost.documents import read_documents

Key = tuple[str, str, str]
"""Plural, namespace and name of a virtual object."""

GROUPS = {
    "pods": "/api/v1",
    "services": "/api/v1",
    "endpoints": "/api/v1",
    "endpointslices": "/apis/discovery.k8s.io/v1",
    "persistentvolumeclaims": "/api/v1",
    "configmaps": "/api/v1",
    "secrets": "/api/v1",
}
_PLURALS = {
    "Pod": "pods",
    "Service": "services",
    "Endpoints": "endpoints",
    "EndpointSlice": "endpointslices",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "ConfigMap": "configmaps",
    "Secret": "secrets",
    "Namespace": "namespaces",
    "ServiceAccount": "serviceaccounts",
}
_CONFIG_MAP_KEYS = frozenset({"configMap", "configMapRef", "configMapKeyRef"})
_SECRET_KEYS = frozenset({"secret", "secretRef", "secretKeyRef"})
ORIGIN = "vcluster.loft.sh"
APPLICATION = Path(__file__).parent / "application"


def manifests(name: str) -> list[Obj]:
    return read_documents([str(APPLICATION / name)])


def key_of(obj: Obj) -> Key:
    return _PLURALS[obj["kind"]], namespace_of(obj), name_of(obj)


def collection(plural: str, namespace: str = "") -> str:
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"{GROUPS.get(plural, '/api/v1')}{within}/{plural}"


def path(key: Key) -> str:
    plural, namespace, name = key
    return f"{collection(plural, namespace)}/{name}"


def origin(plural: str, host: Obj) -> Key | None:
    """The virtual object that a host object says it is for."""
    annotations = (host.get("metadata") or {}).get("annotations") or {}
    name = annotations.get(f"{ORIGIN}/name")
    return (plural, annotations.get(f"{ORIGIN}/namespace", ""), name) if name else None


def references(pod: Obj) -> set[Key]:
    """The ConfigMaps and Secrets that a pod needs, found by walking over all of its spec."""
    namespace = namespace_of(pod)
    return {(plural, namespace, name) for plural, name in _walk(pod.get("spec"))}


def _walk(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _walk(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in _CONFIG_MAP_KEYS | _SECRET_KEYS and isinstance(item, dict):
                name = item.get("name") or item.get("secretName")
                if name:
                    yield ("configmaps" if key in _CONFIG_MAP_KEYS else "secrets"), name
            yield from _walk(item)
