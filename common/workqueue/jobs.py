"""How a key appears in RQ: one job, whose id, queue, payload and description follow from the key.

Job ids can be read back, so a token whose job was deleted by hand still names its key, and a
worker compares instead of trusting: what a job says is never imported, and never unpickled.
"""

import json
import re
import zlib
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import cache, lru_cache
from typing import Any

from redis import Redis
from redis.client import Pipeline
from rq.executions import Execution, ExecutionRegistry
from rq.job import Job, JobStatus
from rq.job_lifecycle import record_job_failure
from rq.queue import Queue
from rq.results import Result
from rq.serializers import JSONSerializer
from rq.utils import as_text, now, utcformat

from common.keys import Key

FUNCTION = "workers.jobs.reconcile"
EXECUTION_TTL_S = 3600
"""How long RQ believes in an execution; the lease says much sooner that a worker is dead."""
REFUSED_TTL_S = 7 * 86400

_FOREVER = -1
_LONGEST_PAYLOAD = 65536
_UNSAFE = re.compile(r"[^A-Za-z0-9-]+")
_ESCAPES = re.compile(r"(?:_[0-9a-f]{2})+")


def queue_name(cluster: str, plural: str) -> str:
    return f"{cluster}.{plural}"


def place_of(name: str) -> tuple[str, str]:
    """The virtual cluster and the plural of a queue."""
    cluster, _, plural = name.partition(".")
    return cluster, plural


def queue_key(cluster: str, plural: str) -> str:
    return Queue.redis_queue_namespace_prefix + queue_name(cluster, plural)


def queue_of(redis: Redis, key: Key) -> Queue:
    return queue(redis, queue_name(key.cluster, key.plural))


@lru_cache(maxsize=4096)
def queue(redis: Redis, name: str) -> Queue:
    """RQ's queue, which holds nothing but its name; to make one takes longer than to push a job."""
    return Queue(name, connection=redis, serializer=JSONSerializer)


def job_id(key: Key) -> str:
    """`my-vcluster__pods__default__web-0`; other bytes than letters, digits and - as `_2e`."""
    parts = (key.cluster, key.plural, key.namespace, key.name)
    return "__".join(_UNSAFE.sub(_escape, part) for part in parts if part)


def key_of(id_: str) -> Key | None:
    """The key that a job id stands for, None when `job_id` can't have made it."""
    try:
        parts = [_ESCAPES.sub(_unescape, part) for part in id_.split("__")]
    except UnicodeDecodeError:
        return None
    if len(parts) == 3:
        parts.insert(2, "")
    if len(parts) != 4:
        return None
    key = Key(*parts)
    return key if job_id(key) == id_ else None


def _escape(match: re.Match[str]) -> str:
    return "".join(f"_{byte:02x}" for byte in match[0].encode())


def _unescape(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("_", "")).decode()


def build(redis: Redis, key: Key) -> Job:
    """The key's job, not saved yet. Its `meta` stays empty: rq-dashboard would unpickle it."""
    job = Job.create(
        FUNCTION,
        args=(key.cluster, key.member),
        connection=redis,
        id=job_id(key),
        origin=queue_name(key.cluster, key.plural),
        description=key.member,
        status=JobStatus.QUEUED,
        timeout=180,
        result_ttl=0,
        failure_ttl=_FOREVER,
        serializer=JSONSerializer,
    )
    job.enqueued_at = now()
    return job


def objection(key: Key | None, name: str, payload: bytes | None) -> str:
    """Why the job whose id stands for `key`, found in the queue `name`, must not run; "" when it
    may. Without a payload, as someone deleted the job, its id says enough."""
    if key is None or queue_name(key.cluster, key.plural) != name:
        return "its id is not that of a key of this queue"
    if payload is None:
        return ""
    try:
        call = json.loads(_inflate(payload))
    except (ValueError, RecursionError):
        return "its payload is not JSON"
    if not isinstance(call, list) or len(call) != 4:
        return "its payload is not a call"
    function, instance, args, kwargs = call
    if function != FUNCTION:
        return f"it calls {function!r}, and workers of tohost run nothing but {FUNCTION}"
    if instance or kwargs or args != [key.cluster, key.member]:
        return f"its arguments are not those of {key}"
    return ""


def _inflate(payload: bytes) -> bytes:
    """RQ compresses payloads; what is much longer than ours stays cut, and is no JSON then."""
    try:
        return zlib.decompressobj().decompress(payload, _LONGEST_PAYLOAD)
    except zlib.error:
        return payload


def push(redis: Redis, pipe: Pipeline, keys: Iterable[Key]) -> None:
    """Queue one job for each key, taking it out of the failed and scheduled ones."""
    by_queue: dict[str, list[Key]] = {}
    for key in keys:
        by_queue.setdefault(queue_name(key.cluster, key.plural), []).append(key)
    date = utcformat(now())
    for name, some in by_queue.items():
        ids = [job_id(key) for key in some]
        for id_, key in zip(ids, some, strict=True):
            pipe.execute_command(  # type: ignore[no-untyped-call]
                "HSET", Job.key_for(id_), *_any_job(), *_queued(key, name, date)
            )
        target = queue(redis, name)
        pipe.sadd(Queue.redis_queues_keys, target.key)
        leave_registries(pipe, target, ids)
        pipe.rpush(target.key, *ids)


def _queued(key: Key, name: str, date: str) -> tuple[str | bytes, ...]:
    """Names and values of the fields by which one job differs from another (see `_any_job`)."""
    call = json.dumps((FUNCTION, None, (key.cluster, key.member), {}))
    data = zlib.compress(call.encode(), 0)
    dates = ("created_at", date, "enqueued_at", date)
    return (*dates, "data", data, "origin", name, "description", key.member)


@cache
def _any_job() -> tuple[Any, ...]:
    """Names and values of the other fields, as `build` saves them. RQ's own way there costs ten
    times as much, for each change of each object."""
    job = build(Redis(), Key("any", "pods", "ns", "name")).to_dict()
    differing = _queued(Key("any", "pods", "ns", "name"), "", "")[::2]
    return tuple(part for pair in job.items() if pair[0] not in differing for part in pair)


def leave_registries(pipe: Pipeline, target: Queue, ids: Sequence[str]) -> None:
    """Take jobs off the failed and scheduled ones."""
    if ids:
        pipe.zrem(target.failed_job_registry.key, *ids)
        pipe.zrem(target.scheduled_job_registry.key, *ids)


def start(redis: Redis, pipe: Pipeline, key: Key, worker: str) -> Execution:
    """Show the job as started.

    The execution does not join RQ's index of a worker's executions: rq-dashboard's page of workers
    reads the payload of what it finds there as pickle, and breaks.
    """
    job = handle(redis, key)
    job.prepare_for_execution(worker, pipeline=pipe)
    return Execution.create(job, EXECUTION_TTL_S, pipeline=pipe)


def schedule(redis: Redis, pipe: Pipeline, key: Key, wait_s: float, why: str) -> None:
    """Show the job as scheduled, and why, where rq-dashboard shows what a job raised."""
    job = build(redis, key)
    job.set_status(JobStatus.SCHEDULED)
    job.save(pipeline=pipe)
    job_queue = queue_of(redis, key)
    job_queue.scheduled_job_registry.schedule(job, now() + timedelta(seconds=wait_s), pipeline=pipe)
    Result.create(job, Result.Type.RETRIED, _FOREVER, exc_string=why, pipeline=pipe)


def fail(redis: Redis, pipe: Pipeline, key: Key, message: str) -> None:
    """Show the job as failed with this message."""
    job = build(redis, key)
    job.ended_at = now()
    record_job_failure(job, message, pipe)


def refuse(redis: Redis, pipe: Pipeline, name: str, id_: str, payload: bytes, why: str) -> None:
    """Move somebody's job to the failed ones of its queue; nothing of it but the payload stays."""
    try:
        job = Job(id_, connection=redis, serializer=JSONSerializer)
    except ValueError:
        return  # RQ could not even show it
    job.origin, job.description = name, "(refused)"
    job.data, job.ended_at = _inflate(payload), now()
    job.failure_ttl = REFUSED_TTL_S
    pipe.delete(job.key)
    record_job_failure(job, f"tohost did not run this job: {why}", pipe)


def handle(redis: Redis, key: Key) -> Job:
    """As much of the key's job as RQ needs to find its records."""
    job = Job(job_id(key), connection=redis, serializer=JSONSerializer)
    job.origin = queue_name(key.cluster, key.plural)
    return job


def end(pipe: Pipeline, target: Queue, executions: Sequence[Execution]) -> None:
    """Remove the records of runs that are over; all are of one queue."""
    if not executions:
        return
    keys = [execution.key for execution in executions]
    keys += [ExecutionRegistry.key_template.format(e.job_id) for e in executions]
    _delete(pipe, keys)
    pipe.zrem(target.started_job_registry.key, *(e.composite_key for e in executions))


def forget(pipe: Pipeline, ids: Sequence[str]) -> None:
    """Remove jobs that are done, with all that is known of earlier runs."""
    if ids:
        _delete(pipe, [*map(Job.key_for, ids), *map(Result.get_key, ids)])


def drop(redis: Redis, pipe: Pipeline, name: str) -> None:
    """Remove a queue with all of its jobs but those that run."""
    target = queue(redis, name)
    registries = [target.failed_job_registry.key, target.scheduled_job_registry.key]
    ids: list[Any] = redis.lrange(target.key, 0, -1)
    for registry in registries:
        ids.extend(redis.zrange(registry, 0, -1))
    forget(pipe, [as_text(each) for each in ids])
    _delete(pipe, [target.key, *registries])
    pipe.srem(Queue.redis_queues_keys, target.key)


def _delete(pipe: Pipeline, keys: Sequence[str]) -> None:
    """As a plain command: on a Redis Cluster redis-py refuses `pipe.delete` of several keys, also
    of one slot, in which `RQ_KEY_PREFIX={rq}` keeps all of RQ's."""
    pipe.execute_command("DEL", *keys)  # type: ignore[no-untyped-call]
