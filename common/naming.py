"""Host names and label keys: pure functions of the virtual cluster, the namespace and the name.

Every worker picks the same name without asking anyone. The plain formats are not injective
(`a` in `b-x-c` against `a-x-b` in `c`): `hashed_host_name` is what the later of two such
objects gets.
"""

import hashlib
from functools import lru_cache

from common.cluster import Cluster

PREFIX = "vcluster.loft.sh/"
MAX_LENGTH = 63
_KEPT = 52


def digest(text: str) -> str:
    """The first 10 hex digits of the SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def shorten(full: str) -> str:
    """`full`, or when it is longer than 63 characters its first 52, `-` and its digest."""
    return full if len(full) <= MAX_LENGTH else _cut(full, digest(full))


def host_name(cluster: Cluster, namespace: str, name: str) -> str:
    """The name of a namespaced object on the host."""
    if cluster.namespaces is not None:
        return name
    return shorten(_full_name(cluster, namespace, name))


def hashed_host_name(cluster: Cluster, namespace: str, name: str) -> str:
    """The name for an object whose `host_name` is taken by another virtual object.

    The digest covers namespace and name apart, so that it differs even where the full
    strings are equal.
    """
    if cluster.namespaces is not None:
        return name
    full = _full_name(cluster, namespace, name)
    return _cut(full, digest(f"{full}/{namespace}/{name}"))


def may_be_shared(namespace: str, name: str) -> bool:
    """Whether another namespace and name in the same virtual cluster could make the same host
    name, in either format: only where the separator can be read in two places."""
    text = f"{name}-x-{namespace}"
    return text.find("-x-", text.find("-x-") + 1) != -1


def host_name_cluster(cluster: Cluster, name: str) -> str:
    """The name of a cluster-scoped object on the host."""
    return shorten(f"vcluster-{name}-x-{cluster.host_namespace}-x-{cluster.name}")


def host_namespace(cluster: Cluster, namespace: str) -> str:
    """Where the objects of a virtual namespace live on the host; "" when they are not synced."""
    rules = cluster.namespaces
    if rules is None:
        return cluster.host_namespace
    if namespace in rules.exact:
        return rules.exact[namespace]
    for virtual, host in rules.patterns:
        before, _, after = virtual.partition("*")
        fits = len(namespace) > len(before) + len(after)
        if fits and namespace.startswith(before) and namespace.endswith(after):
            return host.replace("*", namespace[len(before) : len(namespace) - len(after)])
    own = digest(f"{cluster.host_namespace}/{cluster.name}/{namespace}")
    return "" if rules.only else shorten(f"vcluster-{cluster.name}-x-{namespace}-x-{own}")


def token_secret_name(cluster: Cluster, namespace: str, name: str) -> str:
    """The host Secret with a virtual pod's service account tokens, whichever name its host pod
    got: two pods that could share a host name never share this one.

    No translated Secret has this name: theirs end in the cluster's name or are at most 63 long
    and end in a digest.
    """
    own_name = hashed_host_name if may_be_shared(namespace, name) else host_name
    return f"{own_name(cluster, namespace, name)}-sa-tokens"


def managed_by(cluster: Cluster, namespaced: bool = True) -> str:
    """The value of the managed-by label."""
    if namespaced:
        return cluster.name
    return shorten(f"{cluster.host_namespace}-x-{cluster.name}")


def label_key(cluster: Cluster, key: str) -> str:
    """The host's key for a virtual label key, in labels, selectors and field paths.

    A key below `vcluster.loft.sh/` never travels as such: labels drop it, and a selector that
    mentions it gets a key that no host object bears, so it never selects too much.
    """
    if key != "release" and not key.startswith(PREFIX):
        return key
    return _renamed(cluster.name, "label", key)


def namespace_label_key(cluster: Cluster, key: str) -> str:
    """Under which key a virtual namespace's label travels on its pods."""
    return _renamed(cluster.name, "ns-label", key)


@lru_cache(maxsize=4096)
def _renamed(cluster_name: str, what: str, key: str) -> str:
    return shorten(f"{PREFIX}{what}-{cluster_name}-x-{digest(key)}")


def _full_name(cluster: Cluster, namespace: str, name: str) -> str:
    classic = f"{name}-x-{namespace}-x-{cluster.name}"
    return classic if cluster.name_format == "classic" else f"{cluster.name}-{namespace}-{classic}"


def _cut(full: str, suffix: str) -> str:
    return f"{full[:_KEPT]}-{suffix}".replace(".-", "-")
