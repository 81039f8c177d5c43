"""Where objects name other objects: one table, used to follow names and to index references."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from common.context import Ref
from common.objects import Obj, name_of, namespace_of

Renamer = Callable[[str, str], str]
"""Gives the host name for the plural and the name of what is referred to."""
Path = tuple[str, ...]

_SECRET_REF: tuple[Path, str] = (("secretRef", "name"), "secrets")

VOLUME_SOURCES: Mapping[str, tuple[Path, str]] = {
    "azureFile": (("secretName",), "secrets"),
    "cephfs": _SECRET_REF,
    "cinder": _SECRET_REF,
    "configMap": (("name",), "configmaps"),
    "csi": (("nodePublishSecretRef", "name"), "secrets"),
    "flexVolume": _SECRET_REF,
    "glusterfs": (("endpoints",), "endpoints"),
    "iscsi": _SECRET_REF,
    "persistentVolumeClaim": (("claimName",), "persistentvolumeclaims"),
    "rbd": _SECRET_REF,
    "scaleIO": _SECRET_REF,
    "secret": (("secretName",), "secrets"),
    "storageos": _SECRET_REF,
}
PROJECTED_SOURCES: Mapping[str, tuple[Path, str]] = {
    "configMap": (("name",), "configmaps"),
    "secret": (("name",), "secrets"),
}
ENV_SOURCES: Mapping[str, tuple[Path, str]] = {
    "configMapKeyRef": (("name",), "configmaps"),
    "secretKeyRef": (("name",), "secrets"),
}
ENV_FROM_SOURCES: Mapping[str, tuple[Path, str]] = {
    "configMapRef": (("name",), "configmaps"),
    "secretRef": (("name",), "secrets"),
}
_NEEDED = frozenset({"configmaps", "resourceclaims", "secrets"})
CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")


def follow(holder: Obj, sources: Mapping[str, tuple[Path, str]], rename: Renamer) -> Obj:
    """`holder` with the names in its sources renamed; the same object when it has none."""
    result = holder
    for key in holder:
        if key in sources and holder[key]:
            result = dict(result) if result is holder else result
            path, plural = sources[key]
            result[key] = _renamed(holder[key], path, partial(rename, plural))
    return result


def pod_references(pod: Obj) -> Iterable[Ref]:
    """What is synced, or told something, because this pod needs it; each once."""
    return tuple(ref for ref in pod_names(pod) if ref.plural in _NEEDED)


def pod_names(pod: Obj) -> Iterable[Ref]:
    """Every object that a pod names, each once."""
    namespace, spec = namespace_of(pod), pod.get("spec") or {}
    named = (*_pod_sources(spec), *_ephemeral_claims(name_of(pod), spec), *_devices(pod, spec))
    found = [Ref(plural, namespace, name) for plural, name in dict.fromkeys(named)]
    if class_name := spec.get("priorityClassName"):
        found.append(Ref("priorityclasses", "", class_name))
    return tuple(found)


def made_claims(pod: Obj) -> dict[str, str]:
    """The ResourceClaims that were made for a pod from templates, by the name in its spec."""
    statuses = (pod.get("status") or {}).get("resourceClaimStatuses") or ()
    return {
        str(each.get("name")): str(each["resourceClaimName"])
        for each in statuses
        if each.get("resourceClaimName")
    }


def containers_of(spec: Obj) -> Iterator[Obj]:
    """Every container of a pod's spec: init, ordinary and ephemeral ones."""
    for key in CONTAINER_LISTS:
        yield from spec.get(key) or ()


def _pod_sources(spec: Obj) -> Iterator[tuple[str, str]]:
    for container in containers_of(spec):
        for variable in container.get("env") or ():
            yield from _named(variable.get("valueFrom") or {}, ENV_SOURCES)
        for source in container.get("envFrom") or ():
            yield from _named(source, ENV_FROM_SOURCES)
    for volume in spec.get("volumes") or ():
        yield from _named(volume, VOLUME_SOURCES)
        for source in (volume.get("projected") or {}).get("sources") or ():
            yield from _named(source, PROJECTED_SOURCES)
    for secret in spec.get("imagePullSecrets") or ():
        if secret.get("name"):
            yield "secrets", secret["name"]
    if spec.get("serviceAccountName"):
        yield "serviceaccounts", spec["serviceAccountName"]


def _named(holder: Obj, sources: Mapping[str, tuple[Path, str]]) -> Iterator[tuple[str, str]]:
    for key in holder:
        if key not in sources or not holder[key]:
            continue
        path, plural = sources[key]
        name: Any = holder[key]
        for step in path:
            name = (name or {}).get(step)
        if name:
            yield plural, name


def ephemeral_claim(pod_name: str, volume: Obj) -> str:
    """The claim that the virtual cluster makes for an ephemeral volume."""
    return f"{pod_name}-{volume.get('name')}"


def _ephemeral_claims(pod_name: str, spec: Obj) -> Iterator[tuple[str, str]]:
    for volume in spec.get("volumes") or ():
        if volume.get("ephemeral"):
            yield "persistentvolumeclaims", ephemeral_claim(pod_name, volume)


def _devices(pod: Obj, spec: Obj) -> Iterator[tuple[str, str]]:
    made = made_claims(pod)
    for claim in spec.get("resourceClaims") or ():
        if name := claim.get("resourceClaimName") or made.get(str(claim.get("name"))):
            yield "resourceclaims", name
        if template := claim.get("resourceClaimTemplateName"):
            yield "resourceclaimtemplates", template


def _renamed(holder: Obj, path: Path, rename: Callable[[str], str]) -> Obj:
    step, rest = path[0], path[1:]
    value = holder.get(step)
    if not value:
        return holder
    return {**holder, step: _renamed(value, rest, rename) if rest else rename(value)}
