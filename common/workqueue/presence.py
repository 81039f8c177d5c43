"""A worker as RQ and rq-dashboard know it: name, queues, busy or idle, last heartbeat."""

from collections.abc import Iterable

from redis import Redis
from rq import worker_registration
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.utils import as_text, missing_keys
from rq.worker import BaseWorker
from rq.worker.base import WorkerStatus

from common.workqueue import jobs

PRESENCE_S = 30
"""So long after its last heartbeat a dead worker is still listed."""


class _Registration(BaseWorker):
    """RQ's record of a worker, without the worker: it neither dequeues nor forks."""

    def _set_connection(self, connection: Redis) -> Redis:
        """Leaves the connection's timeouts alone; RQ would set them for its blocking pop."""
        return connection


class Presence:
    def __init__(self, redis: Redis, name: str) -> None:
        self._redis = redis
        self._name = name
        self._worker: _Registration | None = None
        self._queues: frozenset[tuple[str, str]] | None = None

    def beat(self, queues: frozenset[tuple[str, str]], busy: bool, done: int, failed: int) -> None:
        """Say that the worker lives. `queues`: (cluster, plural) of those that it works off.
        `done`, `failed`: runs ended since the last beat."""
        worker = self._known(queues)
        with self._redis.pipeline() as pipe:
            worker.heartbeat(PRESENCE_S, pipeline=pipe)
            worker.set_state(WorkerStatus.BUSY if busy else WorkerStatus.IDLE, pipeline=pipe)
            pipe.hincrby(worker.key, "successful_job_count", done)
            pipe.hincrby(worker.key, "failed_job_count", failed)
            is_new = pipe.execute()[0]
        if is_new:
            # Redis forgot us: it restarted empty, or we slept for long.
            self._worker = None

    def leave(self) -> None:
        if self._worker is not None:
            self._worker.register_death()  # type: ignore[no-untyped-call]
            self._worker = None

    def _known(self, queues: frozenset[tuple[str, str]]) -> _Registration:
        """The record, written anew when it is missing or the queues changed."""
        if self._worker is None or self._queues != queues:
            self.leave()
            names = sorted(jobs.queue_name(*queue) for queue in queues)
            worker = _Registration(
                [jobs.queue(self._redis, name) for name in names],
                name=self._name,
                connection=self._redis,
                worker_ttl=PRESENCE_S,
                serializer=JSONSerializer,
            )
            self._redis.delete(worker.key)
            if names:
                self._redis.sadd(Queue.redis_queues_keys, *worker.queue_keys())
            worker.register_birth()  # type: ignore[no-untyped-call]
            self._worker, self._queues = worker, queues
        return self._worker


def bury(redis: Redis, queues: Iterable[str]) -> None:
    """Take workers whose heartbeat stopped off RQ's lists; two round trips when there are none."""
    dead = missing_keys(redis, list(worker_registration.get_keys(connection=redis)))
    if not dead:
        return
    with redis.pipeline() as pipe:
        pipe.srem(worker_registration.REDIS_WORKER_KEYS, *dead)
        for name in queues:
            pipe.srem(worker_registration.WORKERS_BY_QUEUE_KEY % name, *dead)
        pipe.execute()


def queue_names(redis: Redis, clusters: Iterable[str]) -> dict[str, list[str]]:
    """The names of all queues that exist in RQ, by virtual cluster."""
    names: dict[str, list[str]] = {cluster: [] for cluster in clusters}
    start = len(Queue.redis_queue_namespace_prefix)
    for key in redis.smembers(Queue.redis_queues_keys):
        name = as_text(key)[start:]
        cluster = name.partition(".")[0]
        if cluster in names:
            names[cluster].append(name)
    return names
