"""Which cluster a virtual cluster is: the uid of its kube-system namespace.

The uid is also what Secret digests are keyed with, so only its hash may be in Redis: whoever
reads Redis must not be able to try out Secret values.
"""

import hashlib
import hmac
from dataclasses import dataclass, field

from common.errors import IdentityError
from common.kind import Kind
from common.kube import KubeClient
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
