"""Which ConfigMaps and Secrets objects refer to, as far as the storm's objects do."""

from __future__ import annotations

from collections.abc import Iterator

from tests.chaos.expected.view import View
from tests.chaos.objects import Obj, is_deleting, namespace_of, notes_of
from tests.chaos.templates.custom import is_poison

Reference = tuple[str, str, str]
"""Plural, namespace, name."""
_AUTH_SECRET = "nginx.ingress.kubernetes.io/auth-secret"
_CSI = "csi.storage.k8s.io/"


def references(view: View) -> tuple[frozenset[Reference], frozenset[Reference]]:
    """What is referred to by objects that must be on the host, and by others, which may be on
    their way there or from there."""
    sure: set[Reference] = set()
    unsure: set[Reference] = set()
    for referrer, found in _all(view):
        (unsure if is_deleting(referrer) or is_poison(referrer) else sure).update(found)
    return frozenset(sure), frozenset(unsure)


def _all(view: View) -> Iterator[tuple[Obj, set[Reference]]]:
    for pod in view.virtual.get("pods", ()):
        if not pod["spec"].get("schedulingGates"):
            yield pod, set(_of_pod(pod))
    others = {
        "ingresses": ("ingresses", _of_ingress),
        "storageclasses": ("storageClasses", _of_class),
        "widgets": ("widgets.example.com", _of_widget),
    }
    for plural, (option, find) in others.items():
        if view.is_on(option):
            for obj in view.virtual.get(plural, ()):
                yield obj, set(find(obj))


def _of_pod(pod: Obj) -> Iterator[Reference]:
    spec, namespace = pod["spec"], namespace_of(pod)
    for volume in spec.get("volumes") or ():
        for plural, name in _of_volume(volume):
            yield plural, namespace, name
    for container in (*(spec.get("initContainers") or ()), *spec["containers"]):
        for plural, name in _of_container(container):
            yield plural, namespace, name
    for secret in spec.get("imagePullSecrets") or ():
        yield "secrets", namespace, secret["name"]


def _of_volume(volume: Obj) -> Iterator[tuple[str, str]]:
    if source := volume.get("configMap"):
        yield "configmaps", source["name"]
    if source := volume.get("secret"):
        yield "secrets", source["secretName"]
    for projected in (volume.get("projected") or {}).get("sources") or ():
        if source := projected.get("configMap"):
            yield "configmaps", source["name"]
        if source := projected.get("secret"):
            yield "secrets", source["name"]


def _of_container(container: Obj) -> Iterator[tuple[str, str]]:
    sources = [each.get("valueFrom") or {} for each in container.get("env") or ()]
    for source in (*sources, *(container.get("envFrom") or ())):
        for key, plural in (
            ("configMapKeyRef", "configmaps"),
            ("configMapRef", "configmaps"),
            ("secretKeyRef", "secrets"),
            ("secretRef", "secrets"),
        ):
            if found := source.get(key):
                yield plural, found["name"]


def _of_ingress(ingress: Obj) -> Iterator[Reference]:
    namespace = namespace_of(ingress)
    for entry in ingress["spec"].get("tls") or ():
        yield "secrets", namespace, entry["secretName"]
    if name := notes_of(ingress).get(_AUTH_SECRET):
        yield "secrets", namespace, name


def _of_class(storage_class: Obj) -> Iterator[Reference]:
    parameters = storage_class.get("parameters") or {}
    for key, name in parameters.items():
        if key.startswith(_CSI) and key.endswith("-secret-name"):
            namespace = parameters[key.removesuffix("-name") + "-namespace"]
            yield "secrets", namespace, name


def _of_widget(widget: Obj) -> Iterator[Reference]:
    if name := (widget.get("spec") or {}).get("secretName"):
        yield "secrets", namespace_of(widget), name
