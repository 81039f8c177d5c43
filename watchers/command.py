"""`tohost watcher` and `python -m watchers`: one watcher process."""

import asyncio
import os
import secrets
import socket
from contextlib import AsyncExitStack
from functools import partial

from common import process
from common.config import Config, VirtualCluster
from common.kube import KubeClient
from common.store import Store
from common.workqueue import WorkQueue
from watchers.leases import Leases
from watchers.links import Link
from watchers.streams import streams_of
from watchers.supervisor import Supervisor


def main(argv: list[str]) -> int:
    """Exit codes: 0 stopped by a signal, 2 the configuration can't be used."""
    return process.main("watcher", __doc__, run, argv)


async def run(config: Config, health_port: int = 0, stop: asyncio.Event | None = None) -> int:
    """Watch until SIGTERM or SIGINT, or until `stop` is set. Raises ConfigError."""
    stop = stop or process.stop_event()
    async with AsyncExitStack() as stack:
        supervisor = await _assemble(config, stack)
        async with process.living(config, supervisor.readiness, health_port):
            await supervisor.run(stop)
    return 0


async def _assemble(config: Config, stack: AsyncExitStack) -> Supervisor:
    redis = process.connect_redis(config)
    stack.callback(redis.close)
    store = Store(redis)
    links = {cluster.name: _link(cluster, store) for cluster in config.virtual_clusters}
    for link in links.values():
        stack.push_async_callback(link.close)
    host = await KubeClient.connect(config.host.kubeconfig, config.host.context, name="host")
    stack.push_async_callback(host.close)
    streams = list(streams_of(cluster.cluster() for cluster in config.virtual_clusters))
    weights = {cluster.name: cluster.weight for cluster in config.virtual_clusters}
    return Supervisor(
        streams,
        links,
        host,
        redis,
        store,
        WorkQueue(redis, weights),
        Leases(redis, (stream.id for stream in streams), _name()),
    )


def _link(cluster: VirtualCluster, store: Store) -> Link:
    connect = partial(
        KubeClient.connect, cluster.kubeconfig, cluster.context, name=f"virtual {cluster.name}"
    )
    return Link(cluster.name, connect, store)


def _name() -> str:
    """Unlike that of every other watcher, dead ones included."""
    return f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"
