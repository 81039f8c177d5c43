"""Host names, computed anew from the rules that are written down: no line is the product's."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from tests.chaos.tenants import Tenant

PREFIX: Final = "vcluster.loft.sh/"
_LONGEST, _KEPT = 63, 52


def host_namespace(tenant: Tenant, namespace: str) -> str:
    """Where the objects of a virtual namespace are on the host."""
    if tenant.mappings is None:
        return tenant.host_namespace
    for virtual, host in tenant.mappings:
        if virtual == namespace:
            return host.replace("${name}", tenant.name)
    for virtual, host in sorted(tenant.mappings, key=lambda pair: -len(pair[0])):
        before, star, after = virtual.partition("*")
        fits = namespace.startswith(before) and namespace.endswith(after)
        if star and fits and len(namespace) >= len(before) + len(after):
            middle = namespace[len(before) : len(namespace) - len(after)]
            return host.replace("${name}", tenant.name).replace("*", middle)
    own = _digest(f"{tenant.host_namespace}/{tenant.name}/{namespace}")
    return _short(f"vcluster-{tenant.name}-x-{namespace}-x-{own}")


def host_name(tenant: Tenant, namespace: str, name: str) -> str:
    """Of a namespaced object."""
    return name if tenant.mappings is not None else _short(_full(tenant, namespace, name))


def second_name(tenant: Tenant, namespace: str, name: str) -> str:
    """What it is called where another object has its name already."""
    if tenant.mappings is not None:
        return name
    full = _full(tenant, namespace, name)
    return _cut(full, f"{full}/{namespace}/{name}")


def cluster_name(tenant: Tenant, name: str) -> str:
    """Of an object without a namespace."""
    return _short(f"vcluster-{name}-x-{tenant.host_namespace}-x-{tenant.name}")


def managed_by(tenant: Tenant, namespaced: bool) -> str:
    """The label by which host objects are known."""
    return tenant.name if namespaced else _short(f"{tenant.host_namespace}-x-{tenant.name}")


def label_key(tenant: Tenant, key: str) -> str:
    return _renamed(tenant, "label", key) if key == "release" else key


def namespace_label_key(tenant: Tenant, key: str) -> str:
    """Under which key pods bear a label of their namespace."""
    return _renamed(tenant, "ns-label", key)


def token_secret_name(tenant: Tenant, namespace: str, name: str) -> str:
    """The Secret with the tokens of a pod. In the storm no pod has both tokens and a name that
    could be shared."""
    if tenant.mappings is not None:
        return f"vcluster-sa-tokens-{_cut(name, name)}-x-{tenant.name}"
    return f"{host_name(tenant, namespace, name)}-sa-tokens"


def _full(tenant: Tenant, namespace: str, name: str) -> str:
    end = f"{name}-x-{namespace}-x-{tenant.name}"
    return end if tenant.classic else f"{tenant.name}-{namespace}-{end}"


def _renamed(tenant: Tenant, what: str, key: str) -> str:
    return _short(f"{PREFIX}{what}-{tenant.name}-x-{_digest(key)}")


def _short(full: str) -> str:
    return full if len(full) <= _LONGEST else _cut(full, full)


def _cut(full: str, digested: str) -> str:
    return f"{full[:_KEPT]}-{_digest(digested)}".replace(".-", "-")


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:10]
