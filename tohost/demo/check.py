"""Reads both API servers and says what isn't as it must be.

It works out by itself what should be on the host, and shares no code with what put it there.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from common.objects import Obj
from sandbox.client import Client
from tohost.demo.api import GROUPS, ORIGIN, Key, collection, origin, references

Objects = Mapping[str, list[Obj]]
"""All objects of a cluster, by plural."""

_OWN_ADDRESSES = frozenset({"endpoints", "endpointslices"})
_SELECTIVE = frozenset({"configmaps", "secrets"})
_API_SERVICE = ("default", "kubernetes")
_SERVICE_LABEL = "kubernetes.io/service-name"
_NAME_MAX = 63


async def read(client: Client, namespace: str = "") -> Objects:
    """Every object of the synced kinds, straight from the server."""
    return {
        plural: (await client.request("GET", collection(plural, namespace)))["items"]
        for plural in GROUPS
    }


def problems(virtual: Objects, host: Objects, cluster: str) -> list[str]:
    """One line for each thing that is wrong; nothing when all is well."""
    ours: dict[Key, list[Obj]] = {}
    found = []
    for plural, objects in host.items():
        for obj in objects:
            if (obj["metadata"].get("labels") or {}).get(f"{ORIGIN}/managed-by") == cluster:
                key = origin(plural, obj)
                if key is None:
                    found.append(f"{plural} {obj['metadata']['name']}: on the host for no object")
                else:
                    ours.setdefault(key, []).append(obj)
    expected = due(virtual)
    for key, obj in expected.items():
        found += [f"{_shown(key)}: {what}" for what in _pair(key, obj, ours.get(key, []), cluster)]
    for key in ours.keys() - expected.keys():
        found.append(f"{_shown(key)}: on the host, but must not be")
    return sorted(found)


def due(virtual: Objects) -> dict[Key, Obj]:
    """The virtual objects that must be on the host."""
    every = {_key(plural, obj): obj for plural, objs in virtual.items() for obj in objs}
    needed: set[Key] = set()
    for pod in virtual["pods"]:
        needed |= references(pod)
    return {key: obj for key, obj in every.items() if _is_due(key, obj, every, needed)}


def host_name(key: Key, cluster: str) -> str:
    """The name that a host object must bear."""
    _, namespace, name = key
    full = f"{cluster}-{namespace}-{name}-x-{namespace}-x-{cluster}"
    if len(full) <= _NAME_MAX:
        return full
    return f"{full[:52]}-{hashlib.sha256(full.encode()).hexdigest()[:10]}".replace(".-", "-")


def _is_due(key: Key, obj: Obj, every: Mapping[Key, Obj], needed: set[Key]) -> bool:
    plural, namespace, name = key
    if plural in _SELECTIVE:
        return key in needed
    if plural not in _OWN_ADDRESSES:
        return (namespace, name) != _API_SERVICE
    service = (obj["metadata"].get("labels") or {}).get(_SERVICE_LABEL) or name
    owner = every.get(("services", namespace, service))
    selects = owner is not None and bool(owner["spec"].get("selector"))
    return (namespace, service) != _API_SERVICE and not selects


def _pair(key: Key, virtual: Obj, hosts: list[Obj], cluster: str) -> Iterator[str]:
    if len(hosts) != 1:
        yield f"has {len(hosts)} host objects"
        return
    host = hosts[0]["metadata"]
    if host["name"] != host_name(key, cluster):
        yield f"its host object is called {host['name']}, not {host_name(key, cluster)}"
    if host["annotations"].get(f"{ORIGIN}/uid") != virtual["metadata"]["uid"]:
        yield "its host object belongs to a predecessor"
    here, there = _facts(key[0], virtual), _facts(key[0], hosts[0])
    for fact in here:
        if here[fact] != there[fact]:
            yield f"{fact} is {here[fact]!r}, on the host {there[fact]!r}"


def _facts(plural: str, obj: Obj) -> dict[str, Any]:
    """What must be the same on both sides."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if plural == "pods":
        return _pod_facts(spec, status)
    if plural == "services":
        ports = [(port.get("name"), port["port"], port["protocol"]) for port in spec["ports"]]
        return {"type": spec["type"], "clusterIP": spec.get("clusterIP"), "ports": ports}
    if plural == "persistentvolumeclaims":
        return {"phase": status.get("phase"), "volume": spec.get("volumeName")}
    if plural == "endpoints":
        return {"subsets": obj.get("subsets")}
    if plural == "endpointslices":
        return {"addresses": [each["addresses"] for each in obj["endpoints"]]}
    return {"data": _digest(obj.get("data")), "type": obj.get("type")}


def _pod_facts(spec: Obj, status: Obj) -> dict[str, Any]:
    containers = status.get("containerStatuses") or []
    return {
        "images": {each["name"]: each["image"] for each in spec["containers"]},
        "node": spec.get("nodeName"),
        "phase": status.get("phase"),
        "address": status.get("podIP"),
        "containers": {each["name"]: (each["image"], each["ready"]) for each in containers},
        "conditions": {each["type"]: each["status"] for each in status.get("conditions") or []},
    }


def _digest(data: Any) -> str:
    """Data is compared but not shown, since it may be a Secret's."""
    return hashlib.sha256(repr(sorted((data or {}).items())).encode()).hexdigest()[:12]


def _key(plural: str, obj: Obj) -> Key:
    return plural, obj["metadata"]["namespace"], obj["metadata"]["name"]


def _shown(key: Key) -> str:
    return f"{key[0]} {key[1]}/{key[2]}"
