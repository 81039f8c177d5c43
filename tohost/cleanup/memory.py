"""Forgets what Redis has of a virtual cluster: objects, queues, jobs, claims of host names."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from redis import Redis
from rq import defaults, worker_registration
from rq.queue import Queue

from common.keys import Key, redis_prefix
from common.store import text
from common.workqueue import WorkQueue, jobs
from common.workqueue.presence import queue_names
from workers.host_names import HostNames

_BATCH = 500
_CLAIMS = "tohost:{ingress-hosts}:of"


@dataclass(frozen=True, slots=True)
class Forgotten:
    keys: int = 0
    queues: tuple[str, ...] = ()


def served_by(redis: Redis, name: str) -> list[str]:
    """What still watches or works on the virtual cluster: stream leases and workers."""
    leases = redis.scan_iter(match=f"{redis_prefix(name)}:lease:*", count=_BATCH)
    watching = ["a watcher"] if next(iter(leases), None) is not None else []
    workers: set[str] = set()
    for queue in queue_names(redis, [name])[name]:
        members = redis.smembers(worker_registration.WORKERS_BY_QUEUE_KEY % queue)
        workers |= {text(each) for each in members if redis.exists(each)}
    return [*watching, *(f"worker {each.rpartition(':')[2]}" for each in sorted(workers))]


def host_identity(redis: Redis, name: str) -> str:
    """Digest of the host cluster that the virtual one was synced to, "" when unknown."""
    return text(redis.get(f"{redis_prefix(name)}:host-identity") or "")


def known(redis: Redis, name: str) -> int:
    """How many keys there are."""
    return sum(1 for _ in _keys(redis, name))


def forget(redis: Redis, name: str) -> Forgotten:
    """Raises redis.RedisError; may be called again then."""
    queue = WorkQueue(redis, {name: 1})
    plurals = sorted(plural for _, plural in queue.known())
    for plural in plurals:
        queue.drop(name, plural)
        redis.srem(Queue.redis_queues_keys, jobs.queue_key(name, plural))
    _give_up_host_names(redis, queue, name)
    identity = text(redis.get(f"{redis_prefix(name)}:identity") or "")
    if identity and text(redis.get(f"tohost:same:{identity}") or "") == name:
        redis.delete(f"tohost:same:{identity}")
    removed, keys = 0, _keys(redis, name)
    while some := list(islice(keys, _BATCH)):
        pipeline = redis.pipeline(transaction=False)
        for key in some:
            pipeline.unlink(key)
        removed += sum(pipeline.execute())
    return Forgotten(removed, tuple(jobs.queue_name(name, plural) for plural in plurals))


def _give_up_host_names(redis: Redis, queue: WorkQueue, name: str) -> None:
    names = HostNames(redis, queue, ())
    for owner, _ in list(redis.hscan_iter(_CLAIMS, match=f"{name} *", count=_BATCH)):
        field = text(owner).removeprefix(f"{name} ")
        names.claim(Key.from_field(name, "ingresses", field), None)


def _keys(redis: Redis, name: str) -> Iterator[bytes | str]:
    """All that are of this virtual cluster alone; RQ's have the name in a queue's, or a job's."""
    prefix = defaults.RQ_KEY_PREFIX
    yield from _scanned(redis, f"{redis_prefix(name)}:*")
    for pattern in (f"{prefix}:*:{name}.*", f"{prefix}:*:{name}__*"):
        for key in _scanned(redis, pattern):
            if not text(key).startswith(f"{prefix}:worker:"):  # their names begin with a host's
                yield key


def _scanned(redis: Redis, pattern: str) -> Iterable[bytes | str]:
    return redis.scan_iter(match=pattern, count=_BATCH)
