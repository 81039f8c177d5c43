"""`tohost watcher` and `python -m watchers`: one watcher process."""

import argparse
import asyncio
import gc
import os
import secrets
import signal
import socket
import sys
from contextlib import AsyncExitStack
from functools import partial

from redis import Redis

from common import health, logs
from common.config import Config, VirtualCluster, load
from common.errors import ConfigError
from common.kinds import REGISTRY
from common.kube import KubeClient
from common.store import Store
from common.workqueue import WorkQueue
from watchers.leases import Leases
from watchers.links import Link
from watchers.streams import streams_of
from watchers.supervisor import Supervisor

REDIS_TIMEOUT_S = 5
log = logs.get_log(__name__)


def main(argv: list[str]) -> int:
    """Exit codes: 0 stopped by a signal, 2 the configuration can't be used."""
    parser = argparse.ArgumentParser(prog="tohost watcher", description=__doc__)
    add_arguments(parser)
    options = parser.parse_args(argv)
    try:
        config = load(options.config, check_kubeconfigs=True)
        logs.set_up(
            options.log_format or config.logs.format, options.log_level or config.logs.level
        )
        port = config.health.port if options.health_port is None else options.health_port
        return asyncio.run(run(config, health_port=port))
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", help="path of tohost.yaml (default: $TOHOST_CONFIG)")
    parser.add_argument("--health-port", type=int, help="serve /healthz and /readyz; 0: don't")
    parser.add_argument("--log-format", choices=["text", "json"])
    parser.add_argument("--log-level", choices=["debug", "info", "warning", "error"])


async def run(config: Config, stop: asyncio.Event | None = None, health_port: int = 0) -> int:
    """Watch until SIGTERM or SIGINT, or until `stop` is set. Raises ConfigError."""
    if stop is None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        supervisor = await _assemble(config, stack)
        if health_port:
            serving = health.serve(health_port, supervisor.readiness, host=config.health.host)
            await stack.enter_async_context(serving)
        for note in config.notes:
            log.warning("setting without effect", note=note)
        _rest_from_collecting()
        await supervisor.run(stop)
    log.info("stopped")
    return 0


async def _assemble(config: Config, stack: AsyncExitStack) -> Supervisor:
    redis = Redis.from_url(
        config.redis.url,
        socket_timeout=REDIS_TIMEOUT_S,
        socket_connect_timeout=REDIS_TIMEOUT_S,
    )
    stack.callback(redis.close)
    store = Store(redis)
    links = {cluster.name: _link(cluster, store) for cluster in config.virtual_clusters}
    for link in links.values():
        stack.push_async_callback(link.close)
    host = await KubeClient.connect(config.host.kubeconfig, config.host.context, name="host")
    stack.push_async_callback(host.close)
    streams = list(streams_of((c.cluster() for c in config.virtual_clusters), REGISTRY))
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


def _rest_from_collecting() -> None:
    """Parsed JSON has no cycles, but makes the collector walk all modules again and again; that
    is four fifths of the time that parsing takes."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def _name() -> str:
    """Unlike that of every other watcher, dead ones included."""
    return f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"
