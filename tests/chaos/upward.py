"""What must have come up: statuses, nodes, addresses, volumes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from tests.chaos.objects import Obj, at, bare, difference

_POD_FIELDS: Final = (
    "phase",
    "podIP",
    "podIPs",
    "hostIP",
    "startTime",
    "reason",
    "message",
)
_CONTAINER_FIELDS: Final = ("ready", "started", "restartCount", "state", "lastState")
_LISTS: Final = {
    "containerStatuses": "containers",
    "initContainerStatuses": "initContainers",
    "ephemeralContainerStatuses": "ephemeralContainers",
}
_BUDGET_FIELDS: Final = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")


def upward_differs(plural: str, virtual: Obj, host: Obj) -> Iterator[str]:
    """Each difference in words; of kinds whose status doesn't come up none."""
    if check := _CHECKS.get(plural):
        yield from check(virtual, host)


def _pod(virtual: Obj, host: Obj) -> Iterator[str]:
    if at(virtual, "spec.nodeName") != at(host, "spec.nodeName"):
        yield f"node is {at(virtual, 'spec.nodeName')}, not {at(host, 'spec.nodeName')}"
    yield from _same(virtual, host, "status", _POD_FIELDS)
    own, found = (_conditions(each) for each in (virtual, host))
    if told := difference(found, own, "conditions"):
        yield told
    for key, listed in _LISTS.items():
        wanted = _containers(host, key, virtual, listed)
        if told := difference(wanted, _containers(virtual, key, virtual, listed), key):
            yield told


def _conditions(pod: Obj) -> dict[str, Any]:
    found = at(pod, "status.conditions") or ()
    return {each["type"]: (each["status"], each.get("reason")) for each in found}


def _containers(pod: Obj, key: str, virtual: Obj, listed: str) -> dict[str, Any]:
    """By name. Images as the virtual pod has them."""
    images = {each["name"]: each["image"] for each in virtual["spec"].get(listed) or ()}
    return {
        each["name"]: {
            "image": each["image"] if pod is virtual else images.get(each["name"]),
            **{field: bare(each.get(field)) for field in _CONTAINER_FIELDS},
        }
        for each in at(pod, f"status.{key}") or ()
    }


def _service(virtual: Obj, host: Obj) -> Iterator[str]:
    if host["spec"].get("type") != "ExternalName" and host["spec"].get("clusterIP") != "None":
        yield from _same(virtual, host, "spec", ("clusterIP", "clusterIPs"))
    own, found = (_node_ports(each) for each in (virtual, host))
    if own != found:
        yield f"node ports are {own}, not {found}"
    yield from _balancer(virtual, host)


def _node_ports(service: Obj) -> list[Any]:
    return [each.get("nodePort") for each in service["spec"].get("ports") or ()]


def _balancer(virtual: Obj, host: Obj) -> Iterator[str]:
    yield from _same(virtual, host, "status", ("loadBalancer",))


def _claim(virtual: Obj, host: Obj) -> Iterator[str]:
    yield from _same(virtual, host, "spec", ("volumeName",))
    yield from _same(virtual, host, "status", ("phase", "capacity", "accessModes"))


def _volume(virtual: Obj, host: Obj) -> Iterator[str]:
    yield from _same(virtual, host, "status", ("phase",))


def _budget(virtual: Obj, host: Obj) -> Iterator[str]:
    """Until a controller has counted, the host has nothing to tell."""
    if any((host.get("status") or {}).values()):
        yield from _same(virtual, host, "status", _BUDGET_FIELDS)


def _reported(*fields: str) -> Callable[[Obj, Obj], Iterator[str]]:
    """What the host's controllers have written; until they do the virtual one stays as it is."""

    def check(virtual: Obj, host: Obj) -> Iterator[str]:
        there = [field for field in fields if at(host, f"status.{field}") is not None]
        yield from _same(virtual, host, "status", tuple(there))

    return check


def _same(virtual: Obj, host: Obj, part: str, fields: tuple[str, ...]) -> Iterator[str]:
    for field in fields:
        own, found = (bare(at(each, f"{part}.{field}")) for each in (virtual, host))
        if (own or found) and own != found:
            yield f"{part}.{field} is {own!r}, not {found!r}"


_CHECKS: Final[Mapping[str, Callable[[Obj, Obj], Iterator[str]]]] = {
    "pods": _pod,
    "services": _service,
    "ingresses": _balancer,
    "persistentvolumeclaims": _claim,
    "persistentvolumes": _volume,
    "poddisruptionbudgets": _budget,
    "volumesnapshots": _reported("readyToUse", "restoreSize"),
    "volumesnapshotcontents": _reported("readyToUse"),
    "widgets": _reported("ready"),
}
