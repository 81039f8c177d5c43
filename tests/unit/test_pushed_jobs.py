"""A pushed job is to the letter what RQ itself would have saved."""

import zlib
from typing import cast

import fakeredis
from rq.job import Job
from rq.serializers import JSONSerializer

from common.keys import Key
from common.workqueue import jobs

KEY = Key("v", "pods", "ns", "web-0")
DATES = {b"created_at", b"enqueued_at"}


def test_a_pushed_job_has_the_fields_that_rq_saves() -> None:
    redis = fakeredis.FakeRedis()
    jobs.push(redis, redis.pipeline(transaction=False), [])
    with redis.pipeline(transaction=False) as pipe:
        jobs.push(redis, pipe, [KEY])
        pipe.execute()
    pushed = redis.hgetall(f"rq:job:{jobs.job_id(KEY)}")
    jobs.build(redis, KEY).save()
    saved = redis.hgetall(f"rq:job:{jobs.job_id(KEY)}")
    assert pushed.keys() == saved.keys()
    data = [zlib.decompress(cast(bytes, each[b"data"])) for each in (pushed, saved)]
    assert data[0] == data[1]
    other = pushed.keys() - DATES - {b"data"}
    assert {name: pushed[name] for name in other} == {name: saved[name] for name in other}


def test_rq_reads_a_pushed_job() -> None:
    redis = fakeredis.FakeRedis()
    with redis.pipeline(transaction=False) as pipe:
        jobs.push(redis, pipe, [KEY])
        pipe.execute()
    job = Job.fetch(jobs.job_id(KEY), connection=redis, serializer=JSONSerializer)
    assert (job.func_name, job.args) == (jobs.FUNCTION, ["v", "pods ns/web-0"])
    assert (job.origin, job.description) == ("v.pods", "pods ns/web-0")
    assert job.get_status() == "queued"
    assert job.enqueued_at is not None
