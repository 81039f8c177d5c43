"""What is examined: the configuration, Redis, and the clusters as far as they can be reached."""

import asyncio
import re
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from redis import Redis

from common.config import Config, VirtualCluster
from common.errors import ApiError, ConfigError, RetryError
from common.kube.client import KubeClient
from common.kube.discovery import Discovery
from common.safety.identity import identify
from tohost.doctor.finding import HOST, Finding, ok

TIMEOUT_S = 10.0
_MINOR = re.compile(r"\d+")
_REVIEWS = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass(slots=True)
class Server:
    """An API server that answers. minor: of its version 1.x, 0 when unknown. ahead_s: its clock,
    compared with this machine's; exact to some two seconds. digest: tells which cluster it is, ""
    when that may not be asked. user: who we are there, "" when unknown."""

    name: str
    client: KubeClient
    discovery: Discovery
    version: str = ""
    minor: int = 0
    ahead_s: float = 0.0
    digest: str = ""
    user: str = ""


@dataclass(slots=True)
class Patient:
    """`host`, `virtual`: None, or missing, when they can't be reached."""

    config: Config
    redis: Redis
    host: Server | None = None
    virtual: dict[str, Server] = field(default_factory=dict)

    def pairs(self) -> Mapping[str, tuple[VirtualCluster, Server]]:
        """The virtual clusters that can be reached, with their configuration."""
        every = {each.name: each for each in self.config.virtual_clusters}
        return {name: (every[name], server) for name, server in self.virtual.items()}

    def servers(self) -> list[Server]:
        return [*([self.host] if self.host else []), *self.virtual.values()]


async def reach(patient: Patient, stack: AsyncExitStack) -> list[Finding]:
    """Opens all clusters at once; they are closed with the stack."""
    host, every = patient.config.host, patient.config.virtual_clusters
    places = [(HOST, host.kubeconfig, host.context)]
    places += [(each.name, each.kubeconfig, each.context) for each in every]
    reached = await asyncio.gather(*(_reach(stack, *place) for place in places))
    (patient.host, _), *others = reached
    patient.virtual = {server.name: server for server, _ in others if server is not None}
    return [finding for _, finding in reached]


async def _reach(
    stack: AsyncExitStack, name: str, kubeconfig: str, context: str
) -> tuple[Server | None, Finding]:
    try:
        client = await KubeClient.connect(kubeconfig, context, name=name)
    except ConfigError as error:
        return None, Finding(name, "kubeconfig", "problem", str(error))
    stack.push_async_callback(client.close)
    server = Server(name, client, Discovery(client))
    try:
        told = await client.request("GET", "/version", timeout_s=TIMEOUT_S)
        server.ahead_s = client.clock() - time.time()
    except (ApiError, RetryError) as error:
        return None, _unreached(name, error)
    server.version = str(told.get("gitVersion") or "")
    found = _MINOR.match(str(told.get("minor") or ""))
    server.minor = int(found[0]) if found else 0
    server.digest, server.user = await asyncio.gather(_digest(client), _user(client))
    return server, ok(name, "API server", f"answers, {server.version or 'of an unknown version'}")


def _unreached(name: str, error: ApiError | RetryError) -> Finding:
    """A server that answers with an error refuses whoever asks; a transient one may be a 401."""
    words, setting = str(error), "host" if name == HOST else "the virtual cluster's"
    if isinstance(error, ApiError) or ": 401 " in words:
        remedy = f"give {setting} kubeconfig credentials that the server takes"
    else:
        remedy = f"start it, or correct the server in {setting} kubeconfig; is the way there open?"
    return Finding(name, "API server", "problem", words, remedy)


async def _digest(client: KubeClient) -> str:
    try:
        return (await identify(client)).digest
    except (ApiError, RetryError):
        return ""  # the rights are looked at on their own


async def _user(client: KubeClient) -> str:
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = await client.request("POST", _REVIEWS, body=body)
    except (ApiError, RetryError):
        return ""
    return str(((answer.get("status") or {}).get("userInfo") or {}).get("username") or "")
