"""Kinds that are switched on and that a server lacks, or serves in another version."""

import asyncio
from collections.abc import Sequence

from common.cluster import Cluster
from common.config import VirtualCluster
from common.errors import ApiError, RetryError
from common.kind import Kind
from common.kinds import kinds_of
from common.kube.discovery import DEFINITIONS
from common.kube.served import Offer, full_name, may_be_custom, problem
from common.objects import Obj, Side, annotations, meta
from tohost.doctor.finding import HOST, Finding, ok, skipped
from tohost.doctor.patient import Patient, Server

CHECK = "kinds"
_APPROVAL = "api-approved.kubernetes.io"
Servers = dict[Side, Server]


async def check(patient: Patient) -> list[Finding]:
    host = patient.host
    if host is None:
        return []
    found: list[Finding] = []
    for virtual, server in patient.pairs().values():
        found += await _of(virtual, {"virtual": server, "host": host})
    return found


async def _of(virtual: VirtualCluster, servers: Servers) -> list[Finding]:
    cluster = virtual.cluster()
    kinds = [each for each in kinds_of(cluster).values() if each.plural in cluster.enabled]
    try:
        told = list(await asyncio.gather(*(_kind(k, cluster, servers) for k in kinds)))
    except (ApiError, RetryError) as error:
        return [skipped(virtual.name, CHECK, f"a server doesn't tell what it serves: {error}")]
    wrong = [each for each in told if each is not None]
    return wrong or [ok(virtual.name, CHECK, f"all {len(kinds)} are served on both sides")]


async def _kind(kind: Kind, cluster: Cluster, servers: Servers) -> Finding | None:
    offers: dict[Side, Offer] = {
        side: await server.discovery.offer(kind) for side, server in servers.items()
    }
    words = problem(kind, cluster, offers)
    if not words:
        return None
    what, _, remedy = words.partition("; ")
    lacking = [side for side in kind.sides(cluster) if not offers[side]]
    where = HOST if lacking == ["host"] else cluster.name
    return Finding(where, CHECK, "problem", what, remedy, await _definition(kind, lacking, servers))


async def _definition(kind: Kind, lacking: Sequence[Side], servers: Servers) -> Sequence[Obj]:
    """The CRD as the other side has it; () when neither has it, or doesn't show it."""
    if len(lacking) != 1 or not may_be_custom(kind.group):
        return ()
    other = servers["virtual" if lacking[0] == "host" else "host"]
    try:
        found = await other.client.request("GET", f"{DEFINITIONS}/{full_name(kind)}")
    except (ApiError, RetryError):
        return ()
    return [bare(found)]


def bare(definition: Obj) -> Obj:
    """What another server takes of a CRD; a webhook that converts it isn't there."""
    approval = {key: note for key, note in annotations(definition).items() if key == _APPROVAL}
    metadata: Obj = {"name": meta(definition)["name"]}
    spec = {key: part for key, part in definition["spec"].items() if key != "conversion"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": metadata | ({"annotations": approval} if approval else {}),
        "spec": spec,
    }
