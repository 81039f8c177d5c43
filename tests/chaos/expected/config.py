"""ConfigMaps, Secrets, ServiceAccounts, custom resources, and what is the same on both sides."""

from __future__ import annotations

from tests.chaos.expected.view import View
from tests.chaos.names import host_name
from tests.chaos.objects import Obj, namespace_of

_DATA = ("data", "binaryData", "immutable", "type")


def data_of(obj: Obj) -> Obj:
    return {key: obj.get(key) for key in _DATA}


def spec_of(obj: Obj) -> Obj:
    return {"spec": obj.get("spec")}


def configmap(_view: View, virtual: Obj) -> Obj:
    return data_of(virtual)


def secret(_view: View, virtual: Obj) -> Obj:
    return data_of(virtual)


def same_spec(_view: View, virtual: Obj) -> Obj:
    return spec_of(virtual)


def account(_view: View, _virtual: Obj) -> Obj:
    return {"mounts": "False"}


def account_of(host: Obj) -> Obj:
    """In words, since false counts as missing."""
    named = {key: host.get(key) for key in ("secrets", "imagePullSecrets")}
    return {**named, "mounts": str(host.get("automountServiceAccountToken"))}


def widget(view: View, virtual: Obj) -> Obj:
    spec = dict(virtual.get("spec") or {})
    if name := spec.get("secretName"):
        spec["secretName"] = host_name(view.tenant, namespace_of(virtual), name)
    return {"spec": spec}
