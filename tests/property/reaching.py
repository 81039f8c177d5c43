"""Where a host object can reach another: what the host's API server, kubelets and controllers take
for names and selectors. Told from the Kubernetes API, not from how tohost translates.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from common.objects import Obj

_VOLUME = "spec.volumes[*]"
_SECRET_REFS = (
    *(f"{kind}.secretRef.name" for kind in "cephfs cinder flexVolume iscsi rbd".split()),
    "azureFile.secretName",
    "csi.nodePublishSecretRef.name",
    "scaleIO.secretRef.name",
    "secret.secretName",
    "storageos.secretRef.name",
)
_VOLUME_NAMES = (
    *_SECRET_REFS,
    "configMap.name",
    "glusterfs.endpoints",
    "persistentVolumeClaim.claimName",
    "projected.sources[*].configMap.name",
    "projected.sources[*].secret.name",
)
_CONTAINER_NAMES = (
    "env[*].valueFrom.configMapKeyRef.name",
    "env[*].valueFrom.secretKeyRef.name",
    "envFrom[*].configMapRef.name",
    "envFrom[*].secretRef.name",
)
_CONTAINERS = ("containers", "ephemeralContainers", "initContainers")
_SPREAD = "spec.topologySpreadConstraints[*].labelSelector"
_WHEN = (
    "requiredDuringSchedulingIgnoredDuringExecution[*]",
    "preferredDuringSchedulingIgnoredDuringExecution[*].podAffinityTerm",
)
_TERMS = tuple(
    f"spec.affinity.{kind}.{when}" for kind in ("podAffinity", "podAntiAffinity") for when in _WHEN
)
_BACKENDS = ("spec.defaultBackend", "spec.rules[*].http.paths[*].backend")
_CSI_SECRETS = tuple(
    f"spec.csi.{use}SecretRef"
    for use in "controllerExpand controllerPublish nodeExpand nodePublish nodeStage".split()
)
NAMES: dict[str, tuple[str, ...]] = {
    "endpoints": ("subsets[*].addresses[*].targetRef.name",),
    "ingresses": (
        *(f"{place}.resource.name" for place in _BACKENDS),
        "spec.tls[*].secretName",
    ),
    "persistentvolumeclaims": (
        "spec.dataSource.name",
        "spec.dataSourceRef.name",
        "spec.volumeName",
    ),
    "persistentvolumes": ("spec.claimRef.name", *(f"{each}.name" for each in _CSI_SECRETS)),
    "pods": (
        *(f"{_VOLUME}.{name}" for name in _VOLUME_NAMES),
        *(f"spec.{where}[*].{name}" for where in _CONTAINERS for name in _CONTAINER_NAMES),
        "spec.imagePullSecrets[*].name",
        "spec.resourceClaims[*].resourceClaimName",
        "spec.serviceAccount",
        "spec.serviceAccountName",
    ),
    "volumesnapshotcontents": ("spec.volumeSnapshotRef.name",),
    "volumesnapshots": (
        "spec.source.persistentVolumeClaimName",
        "spec.source.volumeSnapshotContentName",
    ),
}
# References that say a name and a namespace.
PLACED: dict[str, tuple[str, ...]] = {
    "persistentvolumes": ("spec.claimRef", *_CSI_SECRETS),
    "volumesnapshotcontents": ("spec.volumeSnapshotRef",),
}
POD_SELECTORS: dict[str, tuple[str, ...]] = {
    "networkpolicies": (
        "spec.podSelector",
        "spec.ingress[*].from[*].podSelector",
        "spec.egress[*].to[*].podSelector",
    ),
    "poddisruptionbudgets": ("spec.selector",),
    "pods": (_SPREAD, *(f"{term}.labelSelector" for term in _TERMS)),
}
NAMESPACE_SELECTORS: dict[str, tuple[str, ...]] = {
    "networkpolicies": (
        "spec.ingress[*].from[*].namespaceSelector",
        "spec.egress[*].to[*].namespaceSelector",
    ),
    "pods": tuple(f"{term}.namespaceSelector" for term in _TERMS),
}
_NAME = r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?"
_REFERENCE = re.compile(f"(?:(?:{_NAME})?/)?({_NAME})")
_NGINX = "nginx.ingress.kubernetes.io/"
_ALB = ("alb.ingress.kubernetes.io/actions.", "alb.ingress.kubernetes.io/conditions.")


def found(obj: Obj, paths: tuple[str, ...]) -> Iterator[Any]:
    """What is at the paths; `[*]` stands for each item of a list."""
    for path in paths:
        yield from _at(obj, path.split("."))


def _at(value: Any, steps: list[str]) -> Iterator[Any]:
    if value is None:
        return
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    inner = value.get(step.removesuffix("[*]"))
    if step.endswith("[*]"):
        for each in inner or ():
            yield from _at(each, rest)
    else:
        yield from _at(inner, rest)


def namespaces_of(plural: str, host: Obj) -> set[str]:
    """The namespaces in which a host object looks for others."""
    named = {ref["namespace"] for ref in found(host, PLACED.get(plural, ())) if ref.get("name")}
    return named | set(found(host, tuple(f"{term}.namespaces[*]" for term in _TERMS)))


def named_by(plural: str, host: Obj) -> set[str]:
    """The names of other objects in a host object, without its namespaces."""
    return {name for name in found(host, NAMES.get(plural, ())) if name} | set(_noted(plural, host))


def _noted(plural: str, host: Obj) -> Iterator[str]:
    """Names in annotations and labels, and what is only a name at times."""
    metadata = host.get("metadata") or {}
    if plural == "endpointslices":
        yield metadata["labels"]["kubernetes.io/service-name"]
        for target in found(host, ("endpoints[*].targetRef",)):
            if target.get("kind") == "Pod":
                yield target["name"]
    if plural == "ingresses":
        for service in found(host, tuple(f"{place}.service" for place in _BACKENDS)):
            if (service.get("port") or {}).get("name") != "use-annotation":
                yield service["name"]
        for key, value in (metadata.get("annotations") or {}).items():
            if key.startswith(_NGINX) and (reference := _REFERENCE.fullmatch(value.strip())):
                yield reference[1]
            if key.startswith(_ALB):
                yield from _service_names(_parsed(value))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _service_names(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _service_names(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key.lower() == "servicename":
                yield each
            else:
                yield from _service_names(each)
