"""ConfigMaps, by default only those that a synced object refers to."""

from common.context import Context
from common.kind import Doc, Kind
from common.objects import Obj, name_of
from common.selective import unreferenced

_FIELDS = ("data", "binaryData", "immutable")
_ROOT_CERTIFICATE = "kube-root-ca.crt"


def _translate(virtual: Obj, _context: Context) -> Obj:
    return {field: virtual[field] for field in _FIELDS if virtual.get(field) is not None}


def _skip(virtual: Obj, context: Context) -> str:
    everywhere = name_of(virtual) == _ROOT_CERTIFICATE
    return unreferenced("configmaps", context, always_selective=everywhere)


def _recreate(patch: Obj, host: Obj) -> bool:
    return bool(host.get("immutable")) and any(field in patch for field in _FIELDS)


KIND = Kind(
    plural="configmaps",
    kind="ConfigMap",
    option="configMaps",
    default=True,
    translate=_translate,
    owned=_FIELDS,
    recreate=_recreate,
    skip=_skip,
    needs=frozenset({"referrers"}),
    doc=Doc(down="data, if a synced object refers to it or with `all`; `immutable`"),
)
