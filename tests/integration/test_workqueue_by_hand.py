"""What somebody does to queues and jobs by hand, in good faith or in bad."""

import pickle
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from common.workqueue import WorkQueue, jobs
from tests.integration.workqueue import (
    TLS,
    WEB,
    Clock,
    job_of,
    keys,
    mark,
    take,
)


@pytest.mark.parametrize(
    "lose", [lambda q: q.empty(), lambda q: q.jobs[0].delete(), lambda q: q.delete()]
)
def test_a_job_removed_by_hand_comes_back(queue: WorkQueue, redis: Redis, lose: object) -> None:
    mark(queue, WEB)
    assert callable(lose)
    lose(Queue("alpha.pods", connection=redis, serializer=JSONSerializer))
    assert take(queue) == []
    assert [queue.sweep(force=True) for _ in range(3)] == [0, 1, 0]
    assert keys(take(queue)) == [WEB]


Field = bytes | bytearray | memoryview | str | int | float


class Trap:
    """Leaves a file behind when somebody unpickles it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def forged(path: Path) -> dict[str, bytes]:
    trap = pickle.dumps(Trap(path))
    call = f'["pathlib.Path.touch", null, ["{path}"], {{}}]'.encode()
    return {
        "pickle": trap,
        "another function": call,
        "arguments of another key": b'["workers.jobs.reconcile", null, ["beta", "pods a/b"], {}]',
        "extra arguments": b'["workers.jobs.reconcile", null, ["alpha", "pods default/web-0"], '
        b'{"x": 1}]',
        "not a call": b'{"a": 1}',
        "garbage": b"\xff\x00",
        "deep": b"[" * 60_000,
    }


@pytest.mark.parametrize("kind", forged(Path("/")))
def test_a_forged_job_is_refused_and_nothing_of_it_runs(
    queue: WorkQueue, redis: Redis, tmp_path: Path, kind: str
) -> None:
    mark(queue, WEB, TLS)
    trap = pickle.dumps(Trap(tmp_path / "trap"))
    fields: dict[Field, Field] = {
        "data": forged(tmp_path / "trap")[kind],
        "meta": trap,
        "result": trap,
    }
    fields |= {"success_callback_name": b"os.getpid", "created_at": b"never", "timeout": b"x"}
    redis.hset(Job.key_for(jobs.job_id(WEB)), mapping=fields)
    assert keys(take(queue)) == [TLS]
    job = job_of(redis, WEB)
    result = job.latest_result()
    assert result is not None
    assert "tohost did not run this job" in str(result.exc_string)
    assert job.id in job.failed_job_registry.get_job_ids()
    assert list(tmp_path.iterdir()) == []


def test_the_key_that_a_forged_job_hid_runs_all_the_same(queue: WorkQueue, redis: Redis) -> None:
    mark(queue, WEB)
    redis.hset(Job.key_for(jobs.job_id(WEB)), "data", b"garbage")
    assert take(queue) == []
    assert [queue.sweep(force=True), queue.sweep(force=True)] == [0, 1]
    assert keys(take(queue)) == [WEB]
    assert len(Queue("alpha.pods", connection=redis).failed_job_registry) == 0


@pytest.mark.parametrize("id_", ["my-job", "alpha__secrets__default__a", "\N{SNOWMAN} : /", ""])
def test_a_foreign_id_is_refused(queue: WorkQueue, redis: Redis, id_: str) -> None:
    redis.rpush("rq:queue:alpha.pods", id_)
    mark(queue, WEB)
    assert keys(take(queue)) == [WEB]
    assert redis.llen("rq:queue:alpha.pods") == 0


def test_a_plain_rq_worker_fails_clearly_and_the_key_is_not_lost(
    queue: WorkQueue, redis: Redis
) -> None:
    mark(queue, WEB)
    plain = Queue("alpha.pods", connection=redis, serializer=JSONSerializer)
    SimpleWorker([plain], connection=redis, serializer=JSONSerializer).work(burst=True)
    result = job_of(redis, WEB).latest_result()
    assert result is not None
    assert "run `tohost worker` instead" in str(result.exc_string)
    assert [queue.sweep(force=True), queue.sweep(force=True)] == [0, 1]
    assert keys(take(queue)) == [WEB]


def test_garbage_written_by_hand_is_left_alone(
    queue: WorkQueue, redis: Redis, clock: Clock
) -> None:
    for name in ("dirty", "state"):
        redis.hset(f"tohost:{{alpha}}:{name}", "garbage", "q")
    redis.zadd("tohost:{alpha}:running", {"rubbish": 1.0})
    mark(queue, WEB)
    clock.now_s += 60
    for _ in range(3):
        queue.sweep(force=True)
    assert [one.key for one in take(queue)] == [WEB]
