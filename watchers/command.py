"""`tohost watcher` and `python -m watchers`: one watcher process."""

import argparse
import asyncio
import os
import secrets
import socket
from collections.abc import Collection
from contextlib import AsyncExitStack
from functools import partial

from redis import Redis

from common.config import Config, VirtualCluster
from common.kube.client import KubeClient
from common.kube.discovery import Discovery
from common.kube.link import Link
from common.page.views import views
from common.process import main as process
from common.process.health import Readiness
from common.redis.connection import connect
from common.safety.host_identity import HostIdentity
from common.store import Store
from common.workqueue import WorkQueue
from watchers.gauges import StreamGauges
from watchers.housekeeping import Housekeeping
from watchers.leases import Leases
from watchers.streams import streams_of
from watchers.supervisor import Supervisor


def parser() -> argparse.ArgumentParser:
    return process.parser("watcher", __doc__)


def main(argv: list[str]) -> int:
    """Exit codes: 0 stopped by a signal, 2 the configuration can't be used."""
    return process.main("watcher", __doc__, run, argv)


async def run(config: Config, health_port: int = 0, stop: asyncio.Event | None = None) -> int:
    """Watch until SIGTERM or SIGINT, or until `stop` is set. Raises ConfigError."""
    stop = stop or process.stop_event()
    async with AsyncExitStack() as stack:
        redis = connect(config.redis)
        stack.callback(redis.close)
        supervisor, housekeeping, host, gauges = await _assemble(config, redis, stack)

        def readiness() -> Readiness:
            unknown = {"host": host.note} if host.note else {}
            return supervisor.readiness().noting({**housekeeping.notes, **unknown})

        pages = views(redis, [each.name for each in config.virtual_clusters])
        async with process.living(config, readiness, health_port, redis, gauges, pages=pages):
            beside = asyncio.create_task(housekeeping.run())
            try:
                await supervisor.run(stop)
            finally:
                beside.cancel()
                await asyncio.wait([beside])
    return 0


async def _assemble(
    config: Config, redis: Redis, stack: AsyncExitStack
) -> tuple[Supervisor, Housekeeping, HostIdentity, StreamGauges]:
    store = Store(redis)
    client = await KubeClient.connect(config.host.kubeconfig, config.host.context, name="host")
    stack.push_async_callback(client.close)
    host, identity = Discovery(client), HostIdentity(client, store)
    names = [cluster.name for cluster in config.virtual_clusters]
    links = {
        cluster.name: _link(cluster, store, identity, names) for cluster in config.virtual_clusters
    }
    for link in links.values():
        stack.push_async_callback(link.close)
    clusters = [cluster.cluster() for cluster in config.virtual_clusters]
    streams = list(streams_of(clusters))
    ids = [stream.id for stream in streams]
    weights = {cluster.name: cluster.weight for cluster in config.virtual_clusters}
    queue, leases = WorkQueue(redis, weights), Leases(redis, ids, _name())
    supervisor = Supervisor(streams, links, host, redis, store, queue, leases)

    def is_ready() -> bool:
        return supervisor.readiness().ok

    housekeeping = Housekeeping(clusters, ids, host, store, queue, leases, is_ready)
    gauges = StreamGauges(ids, lambda: leases.held, supervisor.keepers)
    return supervisor, housekeeping, identity, gauges


def _link(
    cluster: VirtualCluster, store: Store, host: HostIdentity, names: Collection[str]
) -> Link:
    name = cluster.name
    connect = partial(
        KubeClient.connect,
        cluster.kubeconfig,
        cluster.context,
        name=f"virtual {name}",
        cluster=name,
    )
    return Link(name, connect, store, host, names)


def _name() -> str:
    """Unlike that of every other watcher, dead ones included."""
    return f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"
