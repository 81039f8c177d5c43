"""From names on the host back to the virtual ones: what can be read from the names alone.

A plain host name says which virtual objects it may stand for; a shortened one says nothing. What
is found here is possible, not proven: `common.metadata.ours` proves.
"""

import re

from common.cluster import Cluster
from common.naming import DNS_LABEL, host_name, own_start, virtual_namespace

_JOINT = "-x-"
_DIGEST = re.compile(r"-[0-9a-f]{10}$")
# Shortening leaves more than this of a name as it was.
_UNCUT = 40


def virtual_names(cluster: Cluster, name: str) -> list[tuple[str, str]]:
    """Namespace and name of every virtual object that may bear this plain host name.

    [] for other names, shortened ones among them, and where objects keep their namespaces.
    """
    end = f"{_JOINT}{cluster.name}"
    if cluster.namespaces is not None or not name.endswith(end):
        return []
    text, found = name.removesuffix(end), []
    at = text.find(_JOINT)
    while at >= 0:
        namespace, own = text[at + len(_JOINT) :], text[:at]
        if cluster.name_format == "prefixed":
            own = own.removeprefix(f"{cluster.name}-{namespace}-")
        named = own and DNS_LABEL.fullmatch(namespace)
        if named and host_name(cluster, namespace, own) == name:
            found.append((namespace, own))
        at = text.find(_JOINT, at + 1)
    return found


def virtual_cluster_name(cluster: Cluster, name: str) -> str:
    """The virtual name of a cluster-scoped object of this plain host name, "" for other names.

    With namespace sync also that of an object that gave way to the host's own of its name.
    """
    start, end = "vcluster-", f"{_JOINT}{cluster.host_namespace}{_JOINT}{cluster.name}"
    if cluster.namespaces is not None and not name.endswith(end):
        end = f"{_JOINT}{cluster.name}"
    fits = name.startswith(start) and name.endswith(end)
    return name[len(start) : -len(end)] if fits else ""


def possible_fields(cluster: Cluster, namespace: str, name: str) -> list[str]:
    """The virtual objects (`ns/name`, or `name`) that a host object's plain name may stand for."""
    cluster_name = virtual_cluster_name(cluster, name)
    if not namespace:
        return [each for each in (cluster_name, virtual_namespace(cluster, name)) if each]
    if cluster.namespaces is None:
        return ["/".join(each) for each in virtual_names(cluster, name)]
    virtual = virtual_namespace(cluster, namespace)
    return [f"{virtual}/{each}" for each in (name, cluster_name) if virtual and each]


def may_be_ours(cluster: Cluster, namespace: str, name: str) -> bool:
    """Whether a namespaced host object might be one of ours: quick, and wrong for few."""
    if cluster.namespaces is not None:
        unruled = namespace.startswith(own_start(cluster.name)[:_UNCUT])
        return unruled or virtual_namespace(cluster, namespace) != ""
    if namespace != cluster.host_namespace:
        return False
    if cluster.name_format == "prefixed" and not name.startswith(f"{cluster.name}-"[:_UNCUT]):
        return False
    return name.endswith(f"{_JOINT}{cluster.name}") or _DIGEST.search(name) is not None
