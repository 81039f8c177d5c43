"""Where the host object of a virtual one may be."""

from __future__ import annotations

from tests.chaos.kinds import Served
from tests.chaos.names import cluster_name, host_name, host_namespace, second_name
from tests.chaos.tenants import Tenant


def host_places(tenant: Tenant, served: Served, namespace: str, name: str) -> list[tuple[str, str]]:
    """Host namespaces and names: the usual one first, then the one that it gets where another
    object could have the first."""
    if served.plural == "namespaces":
        return [("", host_namespace(tenant, name))]
    if not served.namespaced:
        return [("", cluster_name(tenant, name))]
    there = host_namespace(tenant, namespace)
    usual = (there, host_name(tenant, namespace, name))
    if tenant.mappings is None and f"{name}-x-{namespace}".count("-x-") > 1:
        return [usual, (there, second_name(tenant, namespace, name))]
    return [usual]
