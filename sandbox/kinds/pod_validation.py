"""What is refused of a pod, whole or in part."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

from sandbox.errors import Cause
from sandbox.kinds.names import check_label
from sandbox.kinds.quantity import amount
from sandbox.kinds.reasons import check_choice, duplicate, missing, refused, required, wrong

Object = dict[str, Any]

_CONTAINERS: Final = ("initContainers", "containers", "ephemeralContainers")
_NOT_EPHEMERAL: Final = (
    "ports",
    "livenessProbe",
    "readinessProbe",
    "startupProbe",
    "lifecycle",
    "resources",
    "resizePolicy",
    "restartPolicy",
)
_CLAIM_SOURCES: Final = ("resourceClaimName", "resourceClaimTemplateName")


def validate_pod(pod: Object) -> Iterator[Cause]:
    spec = pod.get("spec") or {}
    if not spec.get("containers"):
        yield required("spec.containers")
    seen: set[str] = set()
    for field in _CONTAINERS:
        for index, container in enumerate(spec.get(field) or ()):
            path = f"spec.{field}[{index}]"
            yield from _validate_container(path, container, spec, seen)
            if field == "ephemeralContainers":
                yield from _validate_ephemeral(path, container, spec)
    yield from _validate_tokens(spec)
    yield from _validate_resource_claims(spec, pod.get("status") or {})
    yield from check_choice(spec, "spec", "restartPolicy", ("Always", "OnFailure", "Never"))
    policies = ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None")
    yield from check_choice(spec, "spec", "dnsPolicy", policies)


def validate_new_pod(pod: Object) -> Iterator[Cause]:
    if pod["spec"].get("ephemeralContainers"):
        yield refused("spec.ephemeralContainers", "cannot be set on create")


def _validate_container(
    path: str, container: Object, spec: Object, seen: set[str]
) -> Iterator[Cause]:
    name = container.get("name") or ""
    if not name:
        yield required(f"{path}.name")
    elif name in seen:
        yield duplicate(f"{path}.name", name)
    else:
        yield from check_label(f"{path}.name", name)
    seen.add(name)
    if not container.get("image"):
        yield required(f"{path}.image")
    volumes = {volume["name"] for volume in spec.get("volumes") or ()}
    for index, mount in enumerate(container.get("volumeMounts") or ()):
        if mount["name"] not in volumes:
            yield missing(f"{path}.volumeMounts[{index}].name", mount["name"])
    yield from _validate_resources(path, container.get("resources") or {}, spec)


def _validate_resources(path: str, resources: Object, spec: Object) -> Iterator[Cause]:
    limits = resources.get("limits") or {}
    for name, quantity in (resources.get("requests") or {}).items():
        if name in limits and amount(quantity) > amount(limits[name]):
            why = f"must be less than or equal to {name} limit of {limits[name]}"
            yield wrong(f"{path}.resources.requests", quantity, why)
    known = [claim.get("name") for claim in spec.get("resourceClaims") or ()]
    for index, claim in enumerate(resources.get("claims") or ()):
        if claim.get("name") not in known:
            why = "must be one of the names in pod.spec.resourceClaims"
            why += "" if known else " which is empty"
            yield missing(f"{path}.resources.claims[{index}]", claim.get("name", ""), why)


def _validate_ephemeral(path: str, container: Object, spec: Object) -> Iterator[Cause]:
    for field in _NOT_EPHEMERAL:
        if container.get(field):
            yield refused(f"{path}.{field}", "cannot be set for an Ephemeral Container")
    target = container.get("targetContainerName")
    named = [part.get("name") for field in _CONTAINERS[:2] for part in spec.get(field) or ()]
    if target and target not in named:
        yield missing(f"{path}.targetContainerName", target)


def _validate_tokens(spec: Object) -> Iterator[Cause]:
    """A token needs an account to be for."""
    for index, volume in enumerate(spec.get("volumes") or ()):
        for number, source in enumerate((volume.get("projected") or {}).get("sources") or ()):
            if source.get("serviceAccountToken") and not spec.get("serviceAccountName"):
                field = f"spec.volumes[{index}].projected.sources[{number}].serviceAccountToken"
                yield refused(field, "must not be specified when serviceAccountName is not set")


def _validate_resource_claims(spec: Object, status: Object) -> Iterator[Cause]:
    names: list[str] = []
    for index, claim in enumerate(spec.get("resourceClaims") or ()):
        field, name = f"spec.resourceClaims[{index}]", claim.get("name") or ""
        if name in names:
            yield duplicate(f"{field}.name", name)
        names.append(name)
        sources = [source for source in _CLAIM_SOURCES if claim.get(source)]
        listed = [f"`{source}`" for source in _CLAIM_SOURCES]
        if not sources:
            yield wrong(field, claim, f"must specify one of: {', '.join(listed)}")
        elif len(sources) > 1:
            yield wrong(field, claim, f"at most one of {' or '.join(listed)} may be specified")
    for index, told in enumerate(status.get("resourceClaimStatuses") or ()):
        if told.get("name") not in names:
            field = f"status.resourceClaimStatuses[{index}].name"
            why = "must match the name of an entry in `spec.resourceClaims`"
            yield wrong(field, told.get("name"), why)


def total_requests(spec: Object) -> dict[str, Fraction]:
    """CPU in cores and memory in bytes that a node must have for the pod.

    Init containers run before the others, those that are restarted beside them.
    """
    return {name: _total(spec, name) for name in ("cpu", "memory")}


def _total(spec: Object, name: str) -> Fraction:
    beside = sum((_requested(part, name) for part in spec.get("containers") or ()), Fraction())
    most = Fraction()
    for part in spec.get("initContainers") or ():
        if part.get("restartPolicy") == "Always":
            beside += _requested(part, name)
        else:
            most = max(most, _requested(part, name))
    return max(beside, most)


def _requested(container: Object, name: str) -> Fraction:
    requests = (container.get("resources") or {}).get("requests") or {}
    return amount(requests[name]) if name in requests else Fraction()
