"""Host objects in a virtual cluster's name that were made for objects which it doesn't have:
another tohost syncs another cluster under the same name to the same place, or somebody left them.

What goes away while we look is none: our own workers are at it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from common.cluster import Cluster
from common.config import VirtualCluster
from common.errors import ApiError, NotFoundError, RetryError
from common.kind import Kind
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.metadata import MANAGED_BY, UID, ours
from common.naming import managed_by
from common.objects import (
    annotations,
    field_of,
    is_deleting,
    name_of,
    namespace_of,
    uid,
)
from tohost.doctor.finding import HOST, Finding, ok, skipped
from tohost.doctor.patient import Patient

CHECK = "same name"
KINDS = ("pods", "services", "configmaps")
MOST = 2000
"""So many objects of a kind are looked at."""
SETTLE_S = 3.0


@dataclass(frozen=True, slots=True)
class _Stranger:
    kind: Kind
    namespace: str
    name: str
    uid: str
    field: str


async def check(
    patient: Patient, wait: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> list[Finding]:
    host = patient.host
    if host is None:
        return []
    pairs = patient.pairs().values()
    return [await _of(virtual, server.client, host.client, wait) for virtual, server in pairs]


async def _of(
    virtual: VirtualCluster,
    own: KubeClient,
    host: KubeClient,
    wait: Callable[[float], Awaitable[None]],
) -> Finding:
    cluster = virtual.cluster()
    kinds = [REGISTRY[plural] for plural in KINDS if plural in cluster.enabled]
    try:
        found = [each for kind in kinds async for each in _strangers(kind, cluster, own, host)]
        if found:
            await wait(SETTLE_S)
            found = [each for each in found if await _stays(each, host)]
    except (ApiError, RetryError) as error:
        return skipped(HOST, CHECK, f"objects of {virtual.name} can't be compared: {error}")
    if not found:
        return ok(HOST, CHECK, f"what is there in the name of {virtual.name} is its own")
    return _told(virtual, found)


async def _strangers(
    kind: Kind, cluster: Cluster, own: KubeClient, host: KubeClient
) -> AsyncIterator[_Stranger]:
    """The host first: what is made meanwhile is then in the virtual cluster, too."""
    place = cluster.host_namespace if cluster.namespaces is None else ""
    made: dict[tuple[str, str], _Stranger] = {}
    async for obj in host.list_all(kind, place, f"{MANAGED_BY}={managed_by(cluster)}"):
        field = ours(kind, obj, cluster)
        if field and not is_deleting(obj):
            each = _Stranger(kind, namespace_of(obj), name_of(obj), uid(obj), field)
            made[field, str(annotations(obj).get(UID))] = each
        if len(made) >= MOST:
            break
    if not made:
        return
    there = {(field_of(obj), uid(obj)) async for obj in own.list_all(kind)}
    for pair in made.keys() - there:
        yield made[pair]


async def _stays(stranger: _Stranger, host: KubeClient) -> bool:
    try:
        found = await host.get(stranger.kind, stranger.namespace, stranger.name)
    except NotFoundError:
        return False
    return uid(found) == stranger.uid and not is_deleting(found)


def _told(virtual: VirtualCluster, found: list[_Stranger]) -> Finding:
    first, name = min(found, key=lambda each: (each.kind.plural, each.name)), virtual.name
    objects = "1 object is" if len(found) == 1 else f"{len(found)} objects are"
    words = (
        f"{objects} there in the name of {name}, and {name} doesn't have what they were made for"
        f" ({first.kind.plural} {first.namespace}/{first.name} for {first.field}): another tohost"
        f" syncs another cluster of that name to {virtual.host_namespace}, or nobody removes them"
    )
    remedy = (
        "give one of the two another name or hostNamespace before either deletes what is the"
        f" other's; if there is no other one, see to the workers, and to: tohost status -n {name}"
    )
    return Finding(HOST, CHECK, "problem", words, remedy)
