"""Host names and label keys: pure functions of the virtual cluster, the namespace and the name.

Every worker picks the same name without asking anyone. The plain formats are not injective
(`a` in `b-x-c` against `a-x-b` in `c`): `hashed_host_name` is what the later of two such
objects gets. With namespace sync (`Cluster.namespaces`) each virtual namespace has a host namespace
of its own, and what is in it keeps its name.
"""

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache

from common.cluster import Cluster, NamespaceRules
from common.pattern import translated

PREFIX = "vcluster.loft.sh/"
MAX_LENGTH = 63
DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
OF_TOKENS = "-sa-tokens"
"""In what the names of Secrets with tokens end."""
KEPT = 52
# In kinds of which something else puts objects into every host namespace, the names that the
# virtual cluster's own must leave to them: the host's copy of its root certificate; of Secrets
# only those in the reserved form (see `_kept_name`), in which token Secrets are named.
_LEFT_TO_OTHERS = {"configmaps": frozenset({"kube-root-ca.crt"}), "secrets": frozenset[str]()}


def digest(text: str) -> str:
    """The first 10 hex digits of the SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def shorten(full: str) -> str:
    """`full`, or when it is longer than 63 characters its first 52, `-` and its digest."""
    return full if len(full) <= MAX_LENGTH else _cut(full, digest(full))


def host_name(cluster: Cluster, namespace: str, name: str, plural: str = "") -> str:
    """The name of a namespaced object on the host. `plural` matters only with namespace sync, for
    ConfigMaps and Secrets."""
    if cluster.namespaces is not None:
        return _kept_name(cluster, name, plural)
    return shorten(_full_name(cluster, namespace, name))


def hashed_host_name(cluster: Cluster, namespace: str, name: str, plural: str = "") -> str:
    """The name for an object whose `host_name` is taken by another virtual object; with namespace
    sync that can't happen, and it has no other.

    The digest covers namespace and name apart, so that it differs even where the full
    strings are equal.
    """
    if cluster.namespaces is not None:
        return _kept_name(cluster, name, plural)
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
    return cluster.host_namespace if rules is None else _ruled(cluster, rules, namespace)


def host_name_namespace(cluster: Cluster, name: str) -> str:
    """The name of a virtual Namespace itself on the host; "" when it isn't synced, nor about to be
    cleaned up."""
    rules = cluster.namespaces or cluster.former_namespaces
    return "" if rules is None else _ruled(cluster, rules, name)


def virtual_namespace(cluster: Cluster, host: str) -> str:
    """The virtual namespace that becomes this host namespace; "" for none, and where its name is
    cut and can't be told."""
    rules = cluster.namespaces or cluster.former_namespaces
    found = () if rules is None else _candidates(cluster, rules, host)
    return next((each for each in found if host_name_namespace(cluster, each) == host), "")


def own_start(cluster_name: str) -> str:
    """How the host namespaces begin that no rule names; they end in `-` and a digest."""
    return f"vcluster-{cluster_name}-x-"[:KEPT]


def token_secret_name(cluster: Cluster, namespace: str, name: str) -> str:
    """The host Secret with a virtual pod's service account tokens, whichever name its host pod
    got: two pods that could share a host name never share this one.

    No translated Secret has this name: theirs end in the cluster's name or are at most 63 long
    and end in a digest; or, where names are kept, they are no `sa-tokens-...` in the reserved form.
    """
    if cluster.namespaces is not None:
        return _reserved(cluster, f"sa-tokens-{_cut(name, digest(name))}")
    own_name = hashed_host_name if may_be_shared(namespace, name) else host_name
    return f"{own_name(cluster, namespace, name)}{OF_TOKENS}"


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


def _ruled(cluster: Cluster, rules: NamespaceRules, namespace: str) -> str:
    """By the first rule that fits, unless what it makes is no valid name."""
    made = rules.exact.get(namespace) or next(
        (
            name
            for virtual, host in rules.patterns
            if (name := translated(virtual, host, namespace)) is not None
        ),
        "",
    )
    if DNS_LABEL.fullmatch(made):
        return made
    own = digest(f"{cluster.host_namespace}/{cluster.name}/{namespace}")
    return "" if rules.only else shorten(f"vcluster-{cluster.name}-x-{namespace}-x-{own}")


def _candidates(cluster: Cluster, rules: NamespaceRules, host: str) -> Iterator[str]:
    """Virtual namespaces, one of which becomes this host namespace if any does."""
    yield from (virtual for virtual, made in rules.exact.items() if made == host)
    for virtual, into in rules.patterns:
        if name := translated(into, virtual, host):
            yield name
    ending = len("-x-") + len(digest(""))
    yield host.removeprefix(own_start(cluster.name))[:-ending]


def _kept_name(cluster: Cluster, name: str, plural: str) -> str:
    """Its own name, but where others put objects too; whatever has the form of what that makes
    moves on as well, so that no two names become one."""
    left = _LEFT_TO_OTHERS.get(plural)
    if left is None:
        return name
    reserved = name.startswith("vcluster-") and name.endswith(f"-x-{cluster.name}")
    return _reserved(cluster, name) if reserved or name in left else name


def _reserved(cluster: Cluster, name: str) -> str:
    return f"vcluster-{name}-x-{cluster.name}"


def _full_name(cluster: Cluster, namespace: str, name: str) -> str:
    classic = f"{name}-x-{namespace}-x-{cluster.name}"
    return classic if cluster.name_format == "classic" else f"{cluster.name}-{namespace}-{classic}"


def _cut(full: str, suffix: str) -> str:
    return f"{full[:KEPT]}-{suffix}".replace(".-", "-")
