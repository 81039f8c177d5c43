"""Table responses.

What `kubectl get` prints. Columns follow the real server's, the common kinds only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from sandbox.kinds.resources import Resource
from sandbox.state.storage import Item
from sandbox.verbs.views import partial

Object = dict[str, Any]
Cells = Callable[[Object], list[Any]]


def table(
    resource: Resource, items: list[Item], metadata: Object, include: str, *, columns: bool = True
) -> bytes:
    """`include` is the includeObject parameter: Metadata (the default), Object or None."""
    names, cells = _COLUMNS.get(resource.collection, (("Age",), lambda obj: [_age(obj)]))
    definitions = [_definition(name) for name in ("Name", *names)]
    rows = [
        {"cells": [item.name, *cells(item.obj)], "object": _included(resource, item, include)}
        for item in items
    ]
    body = {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
    return orjson.dumps(
        body | {"columnDefinitions": definitions if columns else None, "rows": rows}
    )


def _definition(name: str) -> Object:
    """A star marks a column that only `-o wide` shows."""
    wide = name.startswith("*")
    name = name.removeprefix("*")
    return {
        "name": name,
        "type": "string",
        "format": "name" if name == "Name" else "",
        "description": "",
        "priority": 1 if wide else 0,
    }


def _included(resource: Resource, item: Item, include: str) -> Any:
    if include == "None":
        return None
    if include == "Object":
        return {"kind": resource.kind, "apiVersion": resource.api_version, **item.obj}
    return orjson.Fragment(partial(item))


def _age(obj: Object) -> str:
    return _duration(obj["metadata"].get("creationTimestamp"))


def _duration(since: str | None) -> str:
    """As kubectl writes it: 5s, 3m, 2h, 4d."""
    if not since:
        return "<unknown>"
    then = datetime.strptime(since, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _pod(pod: Object) -> list[Any]:
    spec, status = pod["spec"], pod.get("status") or {}
    states = status.get("containerStatuses") or []
    ready = f"{sum(bool(state.get('ready')) for state in states)}/{len(spec['containers'])}"
    restarts = str(sum(state.get("restartCount", 0) for state in states))
    address, node = status.get("podIP") or "<none>", spec.get("nodeName") or "<none>"
    nominated = status.get("nominatedNodeName") or "<none>"
    return [ready, _pod_status(pod), restarts, _age(pod), address, node, nominated, _gates(spec)]


def _gates(spec: Object) -> str:
    gates = len(spec.get("readinessGates") or ())
    return f"0/{gates}" if gates else "<none>"


def _pod_status(pod: Object) -> str:
    if pod["metadata"].get("deletionTimestamp"):
        return "Terminating"
    status = pod.get("status") or {}
    for state in status.get("containerStatuses") or ():
        waiting = (state.get("state") or {}).get("waiting") or {}
        if waiting.get("reason"):
            return str(waiting["reason"])
    return str(status.get("reason") or status.get("phase") or "Unknown")


def _service(service: Object) -> list[Any]:
    spec = service["spec"]
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    external = ",".join(entry.get("ip") or entry.get("hostname", "") for entry in ingress)
    pending = "<pending>" if spec["type"] == "LoadBalancer" else "<none>"
    external = external or spec.get("externalName") or pending
    ports = ",".join(_service_port(port) for port in spec.get("ports") or ()) or "<none>"
    return [
        spec["type"],
        spec.get("clusterIP") or "<none>",
        external,
        ports,
        _age(service),
        _labels(spec),
    ]


def _service_port(port: Object) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node}/{port.get('protocol', 'TCP')}"


def _labels(spec: Object) -> str:
    return (
        ",".join(f"{key}={value}" for key, value in (spec.get("selector") or {}).items())
        or "<none>"
    )


def _claim(claim: Object) -> list[Any]:
    spec, status = claim["spec"], claim.get("status") or {}
    modes = ",".join(_short_mode(mode) for mode in status.get("accessModes") or ())
    phase = "Terminating" if claim["metadata"].get("deletionTimestamp") else status.get("phase", "")
    capacity = (status.get("capacity") or {}).get("storage", "")
    storage_class, attributes = (
        spec.get("storageClassName") or "",
        spec.get("volumeAttributesClassName") or "<unset>",
    )
    volume = spec.get("volumeName", "")
    return [
        phase,
        volume,
        capacity,
        modes,
        storage_class,
        attributes,
        _age(claim),
        spec.get("volumeMode", ""),
    ]


def _volume(volume: Object) -> list[Any]:
    spec, claim = volume["spec"], volume["spec"].get("claimRef") or {}
    modes = ",".join(_short_mode(mode) for mode in spec.get("accessModes") or ())
    bound = f"{claim['namespace']}/{claim['name']}" if claim else ""
    capacity, policy = (
        (spec.get("capacity") or {}).get("storage", ""),
        spec.get("persistentVolumeReclaimPolicy"),
    )
    phase, storage_class = (
        (volume.get("status") or {}).get("phase", ""),
        spec.get("storageClassName") or "",
    )
    return [
        capacity,
        modes,
        policy,
        phase,
        bound,
        storage_class,
        _age(volume),
        spec.get("volumeMode", ""),
    ]


def _short_mode(mode: str) -> str:
    return "".join(letter for letter in mode if letter.isupper())


def _node(node: Object) -> list[Any]:
    conditions = (node.get("status") or {}).get("conditions") or []
    ready = any(part["type"] == "Ready" and part["status"] == "True" for part in conditions)
    version = ((node.get("status") or {}).get("nodeInfo") or {}).get("kubeletVersion", "")
    return ["Ready" if ready else "NotReady", "<none>", _age(node), version]


def _event(event: Object) -> list[Any]:
    about = event["involvedObject"]
    subject = f"{about.get('kind', '').lower()}/{about.get('name', '')}"
    seen = event.get("lastTimestamp") or event["metadata"].get("creationTimestamp")
    return [
        _duration(seen),
        event.get("type", ""),
        event.get("reason", ""),
        subject,
        event.get("message", ""),
    ]


def _ingress(ingress: Object) -> list[Any]:
    spec = ingress["spec"]
    hosts = ",".join(rule["host"] for rule in spec.get("rules") or () if rule.get("host")) or "*"
    balancers = ((ingress.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []
    addresses = ",".join(entry.get("ip") or entry.get("hostname", "") for entry in balancers)
    ports = "80, 443" if spec.get("tls") else "80"
    return [spec.get("ingressClassName") or "<none>", hosts, addresses, ports, _age(ingress)]


def _data(obj: Object) -> list[Any]:
    return [len(obj.get("data") or {}) + len(obj.get("binaryData") or {}), _age(obj)]


_COLUMNS: Final[Mapping[str, tuple[tuple[str, ...], Cells]]] = {
    "pods": (
        (
            "Ready",
            "Status",
            "Restarts",
            "Age",
            "*IP",
            "*Node",
            "*Nominated Node",
            "*Readiness Gates",
        ),
        _pod,
    ),
    "services": (("Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "*Selector"), _service),
    "configmaps": (("Data", "Age"), _data),
    "secrets": (("Type", "Data", "Age"), lambda obj: [obj.get("type", ""), *_data(obj)]),
    "persistentvolumeclaims": (
        (
            "Status",
            "Volume",
            "Capacity",
            "Access Modes",
            "StorageClass",
            "VolumeAttributesClass",
            "Age",
            "*VolumeMode",
        ),
        _claim,
    ),
    "persistentvolumes": (
        (
            "Capacity",
            "Access Modes",
            "Reclaim Policy",
            "Status",
            "Claim",
            "StorageClass",
            "Age",
            "*VolumeMode",
        ),
        _volume,
    ),
    "namespaces": (
        ("Status", "Age"),
        lambda obj: [(obj.get("status") or {}).get("phase"), _age(obj)],
    ),
    "nodes": (("Status", "Roles", "Age", "Version"), _node),
    "events": (("Last Seen", "Type", "Reason", "Object", "Message"), _event),
    "ingresses.networking.k8s.io": (("Class", "Hosts", "Address", "Ports", "Age"), _ingress),
}
