"""`tohost worker` and `python -m workers`: one worker process."""

import argparse
import asyncio

from common.config import Config
from common.kinds import kinds_of
from common.process import main as process
from common.redis.connection import connect
from common.store import Store
from common.workqueue import WorkQueue
from workers.host_names import HostNames
from workers.scans import Scans
from workers.snapshots import SnapshotReader
from workers.worker import Worker

GRACE_S = 7.0


def parser() -> argparse.ArgumentParser:
    return process.parser("worker", __doc__)


def main(argv: list[str]) -> int:
    """Exit codes: 0 stopped by a signal, 2 the configuration can't be used."""
    return process.main("worker", __doc__, run, argv)


async def run(config: Config, health_port: int = 0, stop: asyncio.Event | None = None) -> int:
    """Work until SIGTERM or SIGINT, or until `stop` is set. Raises ConfigError."""
    stop = stop or process.stop_event()
    redis = connect(config.redis)
    weights = {cluster.name: cluster.weight for cluster in config.virtual_clusters}
    queue = WorkQueue(redis, weights)
    kinds = {each.name: kinds_of(each.cluster()) for each in config.virtual_clusters}
    scans = Scans(redis, kinds, queue, config.safety.scan_every)
    host_names = HostNames(redis, queue, weights.keys())
    worker = Worker(config, queue, Store(redis), SnapshotReader(redis, kinds), scans, host_names)
    measured = worker.room, worker.connected
    async with process.living(config, worker.readiness, health_port, redis, *measured):
        await worker.run(stop, GRACE_S)
    redis.close()
    return 0
