"""Names in a translation that may change later: what they say while the host can't tell them yet.

Where two virtual objects share a host name, only what is on the host says which of them bears it.
A new host object waits for that. In one that exists already such a name becomes one that no other
virtual object ever bears: it leads nowhere, and never to someone else's object.
"""

from collections.abc import Iterable
from dataclasses import replace

from common.cluster import Cluster
from common.context import Context, Ref
from common.naming import hashed_host_name, host_namespace


def certain_name(ref: Ref, context: Context) -> str:
    """The host name of what is referred to."""
    if context.unresolved([ref]):
        return hashed_host_name(context.cluster, ref.namespace, ref.name, ref.plural)
    return context.host_name(ref.plural, ref.namespace, ref.name)


def certain_namespace(cluster: Cluster, namespace: str) -> str:
    """The host namespace of a virtual one, for a reference to what is in it.

    Of one that is not synced that is a name which no namespace bears: its own name would lead to
    a namespace of the host.
    """
    if found := host_namespace(cluster, namespace):
        return found
    assert cluster.namespaces is not None
    unmapped = replace(cluster, namespaces=replace(cluster.namespaces, only=False))
    return host_namespace(unmapped, namespace)


def wait_for(refs: Iterable[Ref], context: Context) -> str:
    """Why a host object that contains these names isn't created just yet; "" when it may be."""
    member = context.unresolved(refs)
    return f"waits for {member}, whose host name another object may bear" if member else ""
