"""RQ's records of runs and workers that are over: what crashes leave, for rq-dashboard to show what
is. Used by the sweeper; synchronous."""

import time
from collections.abc import Collection, Iterable
from contextlib import suppress

from redis import Redis
from redis.client import Pipeline
from rq.executions import Execution
from rq.registry import StartedJobRegistry
from rq.utils import as_text

from common.keys import Key
from common.workqueue import jobs
from common.workqueue.presence import bury, queue_names
from common.workqueue.state import Scripts

ORPHAN_AGE_S = 30.0


def drop_runs(redis: Redis, pipe: Pipeline, keys: Collection[Key]) -> None:
    """Remove the records of the runs that these keys' dead workers left."""
    ids = {jobs.job_id(key) for key in keys}
    for name, runs in _runs(redis, {jobs.queue_name(key.cluster, key.plural) for key in keys}):
        jobs.end(pipe, jobs.queue(redis, name), [run for run in runs if run.job_id in ids])


def clear(redis: Redis, scripts: Scripts, clusters: Collection[str]) -> None:
    """Take dead workers off RQ's lists, and remove records of runs that are over, as of workers
    that slept past their leases."""
    names = [name for some in queue_names(redis, clusters).values() for name in some]
    bury(redis, names)
    if not _any_started(redis, names):
        return
    old = [(name, runs) for name, runs in _runs(redis, names, ORPHAN_AGE_S) if runs]
    started = _started(redis, scripts, sorted({name.partition(".")[0] for name, _ in old}))
    with redis.pipeline(transaction=False) as pipe:
        for name, runs in old:
            orphans = [run for run in runs if jobs.key_of(run.job_id) not in started]
            jobs.end(pipe, jobs.queue(redis, name), orphans)
        pipe.execute()


def _any_started(redis: Redis, names: Collection[str]) -> bool:
    """Asked in one command, as all of RQ's keys share a slot on a Redis Cluster."""
    keys = [StartedJobRegistry.key_template.format(name) for name in names]
    return bool(keys) and bool(redis.exists(*keys))


def _runs(
    redis: Redis, names: Collection[str], min_age_s: float = 0
) -> list[tuple[str, list[Execution]]]:
    """The runs in these queues that RQ shows for so long, by queue."""
    youngest = time.time() + jobs.EXECUTION_TTL_S - min_age_s
    with redis.pipeline(transaction=False) as pipe:
        for name in names:
            pipe.zrangebyscore(StartedJobRegistry.key_template.format(name), "-inf", youngest)
        answers = pipe.execute()
    return [
        (name, [Execution.from_composite_key(as_text(entry), redis) for entry in entries])
        for name, entries in zip(names, answers, strict=True)
    ]


def _started(redis: Redis, scripts: Scripts, clusters: Collection[str]) -> set[Key | None]:
    with redis.pipeline(transaction=False) as pipe:
        for cluster in clusters:
            scripts.look(pipe, cluster)
        answers = pipe.execute()
    return {
        key
        for cluster, (_, members) in zip(clusters, answers, strict=True)
        for key in keys_of(cluster, map(as_text, members))
    }


def keys_of(cluster: str, members: Iterable[str]) -> list[Key]:
    """What somebody wrote into Redis by hand and is no key is left alone."""
    keys = []
    for member in members:
        with suppress(ValueError):
            keys.append(Key.from_member(cluster, member))
    return keys
