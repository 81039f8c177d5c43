"""The status of a pod that runs, made up from its spec."""

from __future__ import annotations

from typing import Any, Final

from sandbox.objects import timestamp

Object = dict[str, Any]

HOST_IP: Final = "192.168.0.1"
_CONDITIONS: Final = (
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
)


def needs_status(pod: Object) -> bool:
    """Whether the status says something else than what the spec would have run by now."""
    status = pod.get("status") or {}
    if status.get("phase") in ("Succeeded", "Failed"):
        return False
    if status.get("phase") != "Running":
        return True
    started = _shown(status, "containerStatuses") | _shown(status, "ephemeralContainerStatuses")
    spec = pod["spec"]
    return started != _shown(spec, "containers") | _shown(spec, "ephemeralContainers")


def _shown(part: Object, field: str) -> dict[str, tuple[str, Object]]:
    return {
        entry["name"]: (entry["image"], entry.get("resources") or {})
        for entry in part.get(field) or ()
    }


def running_status(pod: Object, address: str) -> Object:
    """Everything started, init containers completed, all conditions true."""
    now, spec = timestamp(), pod["spec"]
    address = HOST_IP if spec.get("hostNetwork") else address
    status: Object = {
        "phase": "Running",
        "conditions": [_condition(type_, now) for type_ in _CONDITIONS],
        "hostIP": HOST_IP,
        "hostIPs": [{"ip": HOST_IP}],
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": (pod.get("status") or {}).get("startTime") or now,
        "containerStatuses": [_running(part, now) for part in spec["containers"]],
    }
    if spec.get("initContainers"):
        status["initContainerStatuses"] = [_completed(part, now) for part in spec["initContainers"]]
    if spec.get("ephemeralContainers"):
        ephemeral = [_running(part, now) for part in spec["ephemeralContainers"]]
        status["ephemeralContainerStatuses"] = ephemeral
    if "generation" in pod["metadata"]:
        status["observedGeneration"] = pod["metadata"]["generation"]
    return status


def _condition(type_: str, now: str) -> Object:
    return {"type": type_, "status": "True", "lastProbeTime": None, "lastTransitionTime": now}


def _running(container: Object, now: str) -> Object:
    state = {"running": {"startedAt": now}}
    return _container(container) | {"ready": True, "started": True, "state": state}


def _completed(container: Object, now: str) -> Object:
    """A restartable init container (a sidecar) keeps running."""
    if container.get("restartPolicy") == "Always":
        return _running(container, now)
    ended = {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}
    return _container(container) | {"ready": True, "started": False, "state": {"terminated": ended}}


def _container(container: Object) -> Object:
    """It has got at once what it asks for."""
    name, image, resources = container["name"], container["image"], container.get("resources") or {}
    given = {"resources": resources} if resources else {}
    if resources.get("requests"):
        given["allocatedResources"] = resources["requests"]
    return given | {
        "name": name,
        "image": image,
        "imageID": f"sandbox/{image}",
        "containerID": f"sandbox://{name}",
        "lastState": {},
        "restartCount": 0,
    }
