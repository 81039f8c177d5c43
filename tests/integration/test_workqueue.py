import time
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import ConnectionError as RedisConnectionError
from redis import Redis
from rq import Queue
from rq.job import JobStatus
from rq.serializers import JSONSerializer

from common.workqueue import LEASE_S, Again, Done, Retry, Taken, Terminal, Tries, WorkQueue, jobs
from common.workqueue.queue import LONGEST_WAIT_S
from sandbox.redis import RedisServer
from tests.integration.workqueue import (
    CLUSTERS,
    OPEN,
    TLS,
    WEB,
    Clock,
    job_of,
    keys,
    mark,
    take,
    take_one,
)


def test_a_marked_key_is_a_readable_job_in_its_queue(queue: WorkQueue, redis: Redis) -> None:
    mark(queue, WEB)
    [job] = Queue("alpha.pods", connection=redis, serializer=JSONSerializer).jobs
    assert job.description == "pods default/web-0"
    assert (job.func_name, job.args) == ("workers.jobs.reconcile", ["alpha", "pods default/web-0"])
    assert job.get_status() == JobStatus.QUEUED


def test_many_changes_of_a_key_are_one_job(queue: WorkQueue, redis: Redis) -> None:
    mark(queue, *[WEB] * 50)
    assert redis.llen("rq:queue:alpha.pods") == 1
    assert keys(take(queue)) == [WEB]


def test_a_taken_key_is_shown_as_started_by_its_worker(queue: WorkQueue, redis: Redis) -> None:
    mark(queue, WEB)
    take_one(queue)
    queue.show(after_s=0)
    job = job_of(redis, WEB)
    assert (job.get_status(), job.worker_name) == (JobStatus.STARTED, queue.worker)
    assert job.started_job_registry.get_job_ids() == [job.id]


def test_a_run_is_shown_once_it_lasts(queue: WorkQueue, clock: Clock) -> None:
    mark(queue, WEB)
    taken = take_one(queue)
    queue.show(after_s=0.5)
    assert queue.depth()["alpha", "pods"].started == 0
    clock.now_s += 0.6
    queue.show(after_s=0.5)
    assert queue.depth()["alpha", "pods"].started == 1
    queue.finish([(taken, Done())])
    assert queue.depth()["alpha", "pods"].started == 0


def test_a_key_that_is_done_leaves_nothing_in_redis(queue: WorkQueue, redis: Redis) -> None:
    mark(queue, WEB)
    queue.finish([(take_one(queue), Done())])
    assert sorted(redis.keys()) == [b"rq:queues", b"tohost:bell", b"tohost:{alpha}:seq"]


def test_a_change_during_a_run_leads_to_one_more_run(queue: WorkQueue, other: WorkQueue) -> None:
    mark(queue, WEB)
    taken = take_one(queue)
    mark(queue, WEB, WEB)
    assert take(other) == []
    queue.finish([(taken, Done())])
    queue.finish([(take_one(other), Done())])
    assert take(queue) == []


def test_a_second_token_of_a_running_key_starts_no_second_run(
    queue: WorkQueue, other: WorkQueue, redis: Redis
) -> None:
    mark(queue, WEB)
    taken = take_one(queue)
    queue.show(after_s=0)
    redis.rpush("rq:queue:alpha.pods", jobs.job_id(WEB))
    assert take(other) == []
    queue.finish([(taken, Done())])
    assert take(other) == []


def test_a_running_key_that_somebody_enqueues_runs_once_more_afterwards(
    queue: WorkQueue, other: WorkQueue, redis: Redis
) -> None:
    mark(queue, WEB)
    taken = take_one(queue)
    jobs.queue_of(redis, WEB).enqueue_job(job_of(redis, WEB))
    assert take(other) == []
    queue.finish([(taken, Done())])
    assert keys(take(other)) == [WEB]


def test_again_later_waits_as_a_scheduled_job(queue: WorkQueue, redis: Redis, clock: Clock) -> None:
    mark(queue, WEB)
    queue.finish([(take_one(queue), Again(5.0, "the namespace is missing"))])
    job = job_of(redis, WEB)
    result = job.latest_result()
    assert job.get_status() == JobStatus.SCHEDULED
    assert result is not None
    assert result.exc_string == "the namespace is missing"
    clock.now_s += 4.9
    assert (queue.sweep(force=True), take(queue)) == (0, [])
    clock.now_s += 0.2
    assert (queue.sweep(force=True), keys(take(queue))) == (1, [WEB])
    assert len(Queue("alpha.pods", connection=redis).scheduled_job_registry) == 0


def test_a_change_hastens_what_waits_for_a_while(queue: WorkQueue) -> None:
    mark(queue, WEB)
    queue.finish([(take_one(queue), Again(60.0))])
    mark(queue, WEB)
    assert keys(take(queue)) == [WEB]


def test_failures_back_off_and_are_forgotten_after_a_success(
    queue: WorkQueue, clock: Clock
) -> None:
    mark(queue, WEB)
    for failures in range(4):
        taken = take_one(queue)
        assert taken.tries.failures == failures
        queue.finish([(taken, Retry(None, "503"))])
        clock.now_s += 0.05 * 2**failures - 0.01
        assert queue.sweep(force=True) == 0
        clock.now_s += 0.02
        assert queue.sweep(force=True) == 1
    queue.finish([(take_one(queue), Done())])
    mark(queue, WEB)
    assert take_one(queue).tries == Tries()


def test_no_change_hastens_what_the_server_told_to_wait(queue: WorkQueue, clock: Clock) -> None:
    mark(queue, WEB)
    taken = take_one(queue)
    mark(queue, WEB)
    queue.finish([(taken, Retry(30.0, "429 too many requests"))])
    mark(queue, WEB)
    clock.now_s += 29
    assert (queue.sweep(force=True), take(queue)) == (0, [])
    clock.now_s += 5
    assert (queue.sweep(force=True), keys(take(queue))) == (1, [WEB])


def test_a_failure_that_a_change_overtook_is_tried_again(queue: WorkQueue) -> None:
    mark(queue, WEB)
    taken = take_one(queue)
    mark(queue, WEB)
    queue.finish([(taken, Terminal("invalid"))])
    assert keys(take(queue)) == [WEB]


def test_a_dead_workers_keys_run_elsewhere_when_the_lease_ends(
    queue: WorkQueue, other: WorkQueue, redis: Redis, clock: Clock
) -> None:
    mark(queue, WEB)
    take(queue)
    queue.show(after_s=0)
    clock.now_s += LEASE_S - 0.1
    assert (other.sweep(force=True), take(other)) == (0, [])
    clock.now_s += 0.2
    assert (other.sweep(force=True), keys(take(other))) == (1, [WEB])
    other.show(after_s=0)
    assert job_of(redis, WEB).worker_name == other.worker
    assert len(redis.keys("rq:execution:*")) == 1


def test_heartbeats_keep_a_lease(queue: WorkQueue, other: WorkQueue, clock: Clock) -> None:
    mark(queue, WEB)
    taken = take_one(queue)
    for _ in range(10):
        clock.now_s += LEASE_S / 3
        assert queue.heartbeat() == set()
        assert other.sweep(force=True) == 0
    assert queue.holds(taken)


def test_a_worker_that_slept_too_long_learns_it_and_changes_nothing(
    queue: WorkQueue, other: WorkQueue, clock: Clock
) -> None:
    mark(queue, WEB)
    asleep = take_one(queue)
    clock.now_s += LEASE_S + 1
    assert not queue.holds(asleep)
    other.sweep(force=True)
    awake = take_one(other)
    assert queue.heartbeat() == {WEB}
    queue.finish([(asleep, Terminal("too late"))])
    assert other.holds(awake)
    assert queue.depth()["alpha", "pods"].failed == 0
    mark(queue, WEB)
    other.finish([(awake, Done())])
    assert keys(take(other)) == [WEB]


def test_what_is_handed_back_runs_elsewhere_at_once(queue: WorkQueue, other: WorkQueue) -> None:
    mark(queue, WEB, TLS)
    queue.hand_back(take(queue))
    assert sorted(keys(take(other))) == [WEB, TLS]


def test_keys_that_could_not_be_handed_back_are_not_kept_either(
    queue: WorkQueue, other: WorkQueue, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark(queue, WEB)
    taken = take(queue)
    monkeypatch.setattr(jobs, "leave_registries", _break)
    with pytest.raises(RedisConnectionError):
        queue.hand_back(taken)
    monkeypatch.undo()
    queue.heartbeat()
    clock.now_s += LEASE_S + 1
    other.sweep(force=True)
    assert keys(take(other)) == [WEB]


def _break(*_: object) -> None:
    raise RedisConnectionError("gone")


@pytest.mark.parametrize("after_s", [1e12, float("inf")])
@pytest.mark.parametrize("outcome", [Again, lambda after_s: Retry(after_s, "busy")])
def test_nobody_can_ask_for_an_endless_wait(
    queue: WorkQueue, clock: Clock, outcome: Callable[[float], Again | Retry], after_s: float
) -> None:
    mark(queue, WEB)
    queue.finish([(take_one(queue), outcome(after_s))])
    clock.now_s += LONGEST_WAIT_S
    queue.sweep(force=True)
    assert keys(take(queue)) == [WEB]


def test_keys_come_only_from_open_queues(queue: WorkQueue) -> None:
    mark(queue, WEB, TLS)
    assert keys(queue.take(10, [("beta", "secrets")])) == [TLS]
    assert queue.take(10, []) == []


def test_a_burst_in_one_cluster_does_not_delay_another(queue: WorkQueue) -> None:
    queue.add("alpha", [f"pods default/burst-{i}" for i in range(1000)])
    mark(queue, TLS)
    assert TLS in keys(queue.take(4, OPEN))


def test_a_token_that_is_being_moved_is_not_doubled(queue: WorkQueue, redis: Redis) -> None:
    for _ in range(3):
        mark(queue, WEB)
        token = redis.lpop("rq:queue:alpha.pods")
        assert queue.sweep(force=True) == 0
        assert isinstance(token, bytes)
        redis.rpush("rq:queue:alpha.pods", token)
        queue.finish([(take_one(queue), Done())])
    assert redis.llen("rq:queue:alpha.pods") == 0


def test_whoever_puts_a_key_off_queues_it_again_in_time(queue: WorkQueue, clock: Clock) -> None:
    mark(queue, WEB)
    assert queue.sweep() == 0
    queue.finish([(take_one(queue), Again(7.0))])
    clock.now_s += 6
    early = queue.sweep_due
    clock.now_s += 1
    assert (early, queue.sweep_due) == (False, True)
    assert queue.sweep() == 1


def test_what_a_dead_worker_put_off_is_queued_by_whoever_has_the_turn(
    queue: WorkQueue, other: WorkQueue, redis: Redis, clock: Clock
) -> None:
    mark(queue, WEB)
    queue.finish([(take_one(queue), Again(7.0))])
    clock.now_s += 7
    third = WorkQueue(redis, CLUSTERS, "three", clock)
    assert (other.sweep(), third.sweep()) == (1, 0)


def test_a_waiting_worker_wakes_when_work_comes(queue: WorkQueue, other: WorkQueue) -> None:
    queue.wait(5.0)
    assert take(queue) == []
    mark(other, WEB)
    start = time.monotonic()
    queue.wait(5.0)
    assert time.monotonic() - start < 0.5
    assert keys(take(queue)) == [WEB]


def test_a_worker_that_missed_the_bell_looks_within_two_seconds(
    queue: WorkQueue, other: WorkQueue, redis: Redis
) -> None:
    queue.wait(0.0)
    take(queue)
    mark(other, WEB)
    redis.delete("tohost:bell")
    start = time.monotonic()
    taken: list[Taken] = []
    while not taken and time.monotonic() - start < 5:
        queue.wait(5.0)
        taken = take(queue)
    assert time.monotonic() - start < 2.5


def test_depth_counts_what_each_queue_holds(queue: WorkQueue, clock: Clock) -> None:
    queue.add("alpha", [f"pods default/{name}" for name in ("a", "b", "c", "d", "e")])
    a, b, c = queue.take(3, OPEN)
    queue.finish([(a, Retry(None, "503")), (b, Terminal("403"))])
    queue.show(after_s=0)
    depth = queue.depth()["alpha", "pods"]
    assert (depth.queued, depth.started, depth.delayed, depth.failed) == (2, 1, 1, 1)
    assert 0 < depth.oldest_s < 5
    assert queue.holds(c)


def test_a_worker_is_listed_while_it_lives(queue: WorkQueue, redis: Redis) -> None:
    mark(queue, WEB)
    take(queue)
    queue.heartbeat()
    assert redis.smembers("rq:workers") == {f"rq:worker:{queue.worker}".encode()}
    assert redis.hget(f"rq:worker:{queue.worker}", "state") == b"busy"
    queue.close()
    assert redis.smembers("rq:workers") == set()


def test_a_worker_that_died_is_taken_off_the_list(
    queue: WorkQueue, other: WorkQueue, redis: Redis
) -> None:
    mark(queue, WEB)
    take(queue)
    queue.heartbeat()
    redis.delete(f"rq:worker:{queue.worker}")  # as its expiry does
    other.sweep(force=True)
    assert redis.keys("rq:workers*") == []


def test_registering_leaves_the_connections_timeouts_alone(redis_server: RedisServer) -> None:
    client = Redis.from_url(redis_server.url, socket_timeout=3.0)
    WorkQueue(client, CLUSTERS).heartbeat()
    assert client.connection_pool.connection_kwargs["socket_timeout"] == 3.0


def test_when_redis_is_lost_the_caller_hears_and_nothing_else_is(
    tmp_path: Path, clock: Clock
) -> None:
    server = RedisServer(tmp_path, appendonly=True)
    server.start()
    queue = WorkQueue(Redis.from_url(server.url), CLUSTERS, "one", clock)
    mark(queue, WEB, TLS)
    taken = take(queue)
    server.stop()
    with pytest.raises(RedisConnectionError):
        queue.finish([(one, Done()) for one in taken])
    with pytest.raises(RedisConnectionError):
        queue.heartbeat()
    server.start()
    assert queue.heartbeat() == set()
    queue.finish([(one, Done()) for one in taken])
    assert queue.depth()["alpha", "pods"].started == 0
    server.stop()
