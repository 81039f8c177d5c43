"""StorageClasses: the host provisions with the tenant's parameters."""

import re
from collections.abc import Iterable, Iterator

from common.context import Context, Ref
from common.following import certain_name, certain_namespace
from common.kind import Doc, Kind, in_any_case
from common.naming import digest, host_name
from common.objects import Obj

_FIELDS = ("provisioner", "parameters", "mountOptions", "allowVolumeExpansion", "allowedTopologies")
_DEFAULTS = {"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"}
_IMMUTABLE = ("provisioner", "parameters", *_DEFAULTS)
# With these the host would give the class to claims that name none.
_DEFAULT_CLASS = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)
_CSI, _NAME, _NAMESPACE = "csi.storage.k8s.io/", "-secret-name", "-secret-namespace"
_PLAIN = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
# What the host fills in of its own accord; annotations and plain text are the tenant's words.
_CLAIM, _VOLUME, _CLAIM_NAMESPACE = "${pvc.name}", "${pv.name}", "${pvc.namespace}"
_START = "${"


def _translate(virtual: Obj, context: Context) -> Obj:
    result = {field: virtual[field] for field in _FIELDS if virtual.get(field) is not None}
    if parameters := virtual.get("parameters"):
        result["parameters"] = {**parameters, **dict(_followed(parameters, context))}
    return result | {field: virtual.get(field) or usual for field, usual in _DEFAULTS.items()}


def _followed(parameters: dict[str, str], context: Context) -> Iterator[tuple[str, str]]:
    """The parameters that say where a Secret is, in the host's words.

    Templates are filled in on the host, from the host's claims and volumes. What a tenant could
    make them say is no name of another tenant's Secret, nor any namespace but the claim's.
    """
    for key, value in parameters.items():
        if not (_is_fixed(value) or _START in (value or "")):
            continue  # it can name nothing
        if _is_about_secret(key, _NAMESPACE) and value != _CLAIM_NAMESPACE:
            place = value if _is_fixed(value) else digest(value)
            yield key, certain_namespace(context.cluster, place)
        if _is_about_secret(key, _NAME) and not _is_safe(value, context):
            yield key, host_name(context.cluster, digest(key), digest(value))
    for key, ref in _secrets(parameters):
        yield key, certain_name(ref, context)


def _is_safe(name: str, context: Context) -> bool:
    """Whether what the host makes of it can't be the name of another virtual cluster's Secret:
    those live elsewhere, or the name is that of the host's claim or volume."""
    return context.cluster.namespaces is not None or name == _CLAIM or _VOLUME in name


def _secrets(parameters: dict[str, str]) -> Iterator[tuple[str, Ref]]:
    """The Secrets that are named outright, with the parameter that has the name."""
    for key, name in parameters.items():
        if _is_about_secret(key, _NAME) and _is_fixed(name):
            namespace = parameters.get(key.removesuffix(_NAME) + _NAMESPACE)
            if _is_fixed(namespace):
                yield key, Ref("secrets", namespace or "", name)


def _is_about_secret(key: str, suffix: str) -> bool:
    return key.startswith(_CSI) and key.endswith(suffix)


def _is_fixed(value: str | None) -> bool:
    """Whether it is a name as it stands, and no template."""
    return bool(_PLAIN.fullmatch(value or ""))


def _named(virtual: Obj) -> Iterable[Ref]:
    return (ref for _, ref in _secrets(virtual.get("parameters") or {}))


def _annotation_down(key: str) -> bool:
    return key not in _DEFAULT_CLASS


def _recreate(patch: Obj, _host: Obj) -> bool:
    return any(field in patch for field in _IMMUTABLE)


KIND = Kind(
    plural="storageclasses",
    kind="StorageClass",
    group="storage.k8s.io",
    option="storageClasses",
    namespaced=False,
    translate=_translate,
    annotation_down=_annotation_down,
    owned=(*_FIELDS, *_DEFAULTS),
    recreate=_recreate,
    references=_named,
    named=_named,
    names_later=in_any_case,
    doc=Doc(
        down="the whole class",
        translated="Secrets in `csi.storage.k8s.io/*-secret-name` and `-namespace`; never the"
        " host's default class",
    ),
)
