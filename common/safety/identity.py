"""Which cluster a virtual cluster is: the uid of its kube-system namespace. And which is its host.

The uid is also what Secret digests are keyed with, so only its hash may be in Redis: whoever
reads Redis must not be able to try out Secret values.
"""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass, field

from common.errors import IdentityError
from common.kind import Kind
from common.kube.client import KubeClient
from common.objects import uid
from common.store import Store

SYSTEM_NAMESPACE = "kube-system"
_NAMESPACES = Kind("namespaces", "Namespace", "", lambda obj, _: obj, namespaced=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """`digest` may be stored and shown; `key` (for Secret digests) stays in this process."""

    digest: str
    key: bytes = field(repr=False)


async def identify(virtual: KubeClient) -> Identity:
    """Ask the cluster itself. Raises RetryError or ApiError."""
    namespace = await virtual.get(_NAMESPACES, "", SYSTEM_NAMESPACE)
    return identity_of(uid(namespace))


def identity_of(system_uid: str) -> Identity:
    secret = system_uid.encode()
    return Identity(
        digest=hashlib.sha256(secret).hexdigest(),
        key=hmac.digest(secret, b"tohost secret digest v1", "sha256"),
    )


def claim(store: Store, cluster: str, identity: Identity) -> None:
    """Raises IdentityError unless this is the cluster seen before; the first one seen stays."""
    if not store.claim_identity(cluster, identity.digest):
        raise IdentityError(
            f"virtual cluster {cluster}: its kubeconfig leads to another cluster than before "
            f"(kube-system has another uid); nothing is synced. If it was replaced on purpose, "
            f"delete its host objects and the Redis keys tohost:{{{cluster}}}:*, else correct "
            "the kubeconfig"
        )


def claim_known(store: Store, cluster: str, identity: Identity, names: Collection[str]) -> None:
    """What `claim` and `claim_alone` do, in one round trip when nothing is new. Raises
    IdentityError as they do."""
    if not store.is_claimed(cluster, identity.digest):
        claim(store, cluster, identity)
        claim_alone(store, cluster, identity, names)


def claim_host(store: Store, cluster: str, digest: str) -> None:
    """Raises IdentityError unless this is the host seen before; the first one seen stays."""
    if not store.claim_identity(cluster, digest, "host-identity"):
        raise IdentityError(
            f"virtual cluster {cluster}: host.kubeconfig leads to another cluster than the one that"
            " its host objects are on (kube-system has another uid); nothing is synced. Correct"
            f" host.kubeconfig. If it moved to this host on purpose: redis-cli del"
            f" 'tohost:{{{cluster}}}:host-identity'"
        )


def refuse_host(cluster: str, identity: Identity, host: str) -> None:
    """Raises IdentityError when the virtual cluster is the host, by whose digest ("": unknown)."""
    if identity.digest == host:
        raise IdentityError(
            f"virtual cluster {cluster}: its kubeconfig leads to the host cluster itself"
            " (kube-system has the same uid); its objects would be copied beside themselves, so"
            " nothing is synced. Write the virtual cluster's own kubeconfig"
        )


def claim_alone(store: Store, cluster: str, identity: Identity, names: Collection[str]) -> None:
    """Raises IdentityError when another one of `names`, the virtual clusters of the configuration,
    is this very cluster: the first one seen stays."""
    other = store.claim_cluster(cluster, identity.digest, names)
    if other:
        raise IdentityError(
            f"virtual clusters {other} and {cluster} lead to the same API server (kube-system has"
            f" the same uid); both would write its statuses, so {cluster} is not synced. Write"
            " another kubeconfig for one of them, or take one out of the configuration"
        )
