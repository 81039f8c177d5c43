"""`tohost worker` and `python -m workers`: one worker process."""

import argparse
import asyncio
import signal
import sys
from contextlib import AsyncExitStack

from redis import Redis

from common import health, logs
from common.config import Config, load
from common.errors import ConfigError
from common.kinds import REGISTRY
from common.store import Store
from common.workqueue import WorkQueue
from workers.snapshots import SnapshotReader
from workers.worker import Worker

GRACE_S = 8.0
REDIS_TIMEOUT_S = 5
log = logs.get_log(__name__)


def main(argv: list[str]) -> int:
    """Exit codes: 0 stopped by a signal, 2 the configuration can't be used."""
    parser = argparse.ArgumentParser(prog="tohost worker", description=__doc__)
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
    """Work until SIGTERM or SIGINT, or until `stop` is set. Raises ConfigError."""
    worker = _assemble(config)
    if stop is not None:
        worker.stop = stop
    else:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, worker.stop.set)
    for note in config.notes:
        log.warning("setting without effect", note=note)
    async with AsyncExitStack() as stack:
        if health_port:
            serving = health.serve(health_port, worker.readiness, host=config.health.host)
            await stack.enter_async_context(serving)
        await worker.run(GRACE_S)
    log.info("stopped")
    return 0


def _assemble(config: Config) -> Worker:
    redis = Redis.from_url(
        config.redis.url,
        socket_timeout=REDIS_TIMEOUT_S,
        socket_connect_timeout=REDIS_TIMEOUT_S,
    )
    weights = {cluster.name: cluster.weight for cluster in config.virtual_clusters}
    queue = WorkQueue(redis, weights)
    return Worker(config, queue, Store(redis), SnapshotReader(redis, REGISTRY), REGISTRY)
