"""What the workqueue's bookkeeping costs: CPU of a watcher and of a worker for one job, beside
RQ's own worker doing nothing for as many.

    python -m benchmarks.workqueue [--jobs N] [--batch N] [--redis URL]

Times are CPU seconds of this process (process_time), in the Redis client and RQ; the server's
own are printed apart.
"""

import argparse
import logging
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer

from common.workqueue import Done, WorkQueue
from sandbox.redis import RedisServer

CLUSTERS = {"alpha": 1, "beta": 1}
OPEN = [(cluster, plural) for cluster in CLUSTERS for plural in ("pods", "configmaps")]


def nothing() -> None:
    """The empty job of RQ's own worker."""


class Stopwatch:
    """CPU milliseconds per job of the parts it was switched on for."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._spent_s = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        start = time.process_time()
        yield
        self._spent_s += time.process_time() - start

    @property
    def ms_per_job(self) -> float:
        return self._spent_s / self._jobs * 1000


def members(count: int) -> list[str]:
    return [f"{('pods', 'configmaps')[i % 2]} default/app-{i:05}" for i in range(count)]


def measure_ours(redis: Redis, jobs: int, batch: int) -> tuple[float, float]:
    """Watcher's and worker's milliseconds of CPU for each job."""
    queue = WorkQueue(redis, CLUSTERS, "benchmark")
    watcher, worker = Stopwatch(jobs), Stopwatch(jobs)
    each = members(jobs // len(CLUSTERS))
    with watcher.running():
        for cluster in CLUSTERS:
            for start in range(0, len(each), batch):
                queue.add(cluster, each[start : start + batch])
    finished = 0
    with worker.running():
        while taken := queue.take(batch, OPEN):
            queue.finish([(one, Done()) for one in taken])
            finished += len(taken)
    assert finished == len(each) * len(CLUSTERS)
    return watcher.ms_per_job, worker.ms_per_job


def measure_stock(redis: Redis, jobs: int) -> tuple[float, float]:
    """The same of RQ's enqueue and SimpleWorker."""
    logging.getLogger("rq.worker").setLevel(logging.ERROR)
    queue = Queue("stock", connection=redis, serializer=JSONSerializer)
    watcher, worker = Stopwatch(jobs), Stopwatch(jobs)
    with watcher.running():
        for _ in range(jobs):
            queue.enqueue("benchmarks.workqueue.nothing", result_ttl=0)
    stock = SimpleWorker(
        [queue], name=uuid.uuid4().hex, connection=redis, serializer=JSONSerializer
    )
    with worker.running():
        stock.work(burst=True, logging_level="ERROR")
    return watcher.ms_per_job, worker.ms_per_job


def report(redis: Redis, jobs: int, batch: int) -> None:
    redis.flushall()
    measure_ours(redis, batch * 4, batch)  # warm up
    before_s = server_cpu_s(redis)
    watcher_ms, worker_ms = measure_ours(redis, jobs, batch)
    server_ms = (server_cpu_s(redis) - before_s) / jobs * 1000
    stock_watcher_ms, stock_worker_ms = measure_stock(redis, max(100, jobs // 20))
    print(f"{jobs} jobs in batches of {batch}, CPU milliseconds a job")
    print(f"  watcher  {watcher_ms:.3f}  (RQ's enqueue      {stock_watcher_ms:.3f})")
    print(f"  worker   {worker_ms:.3f}  (RQ's SimpleWorker {stock_worker_ms:.3f})")
    print(f"  redis    {server_ms:.3f}")
    print(f"  worker's share of RQ's: {worker_ms / stock_worker_ms:.3f}")


def server_cpu_s(redis: Redis) -> float:
    info = redis.info("cpu")
    return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--jobs", type=int, default=10000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--redis", default="", metavar="URL", help="emptied! default: our own")
    arguments = parser.parse_args()
    if arguments.redis:
        report(Redis.from_url(arguments.redis), arguments.jobs, arguments.batch)
        return
    with tempfile.TemporaryDirectory() as directory:
        server = RedisServer(Path(directory))
        server.start()
        try:
            report(Redis.from_url(server.url), arguments.jobs, arguments.batch)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
