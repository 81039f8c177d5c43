"""Keys, a clock and short words for tests of the workqueue."""

from redis import Redis
from rq.job import Job
from rq.serializers import JSONSerializer

from common.keys import Key
from common.workqueue import Taken, WorkQueue, jobs

WEB = Key("alpha", "pods", "default", "web-0")
TLS = Key("beta", "secrets", "default", "web.tls")
OPEN = [(key.cluster, key.plural) for key in (WEB, TLS)]
CLUSTERS = {"alpha": 1, "beta": 1}


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now_s


def mark(queue: WorkQueue, *keys: Key) -> None:
    for key in keys:
        queue.add(key.cluster, [key.member])


def take(queue: WorkQueue) -> list[Taken]:
    return queue.take(10, OPEN)


def take_one(queue: WorkQueue) -> Taken:
    [taken] = take(queue)
    return taken


def keys(taken: list[Taken]) -> list[Key]:
    return [one.key for one in taken]


def job_of(redis: Redis, key: Key) -> Job:
    return Job.fetch(jobs.job_id(key), redis, JSONSerializer)
