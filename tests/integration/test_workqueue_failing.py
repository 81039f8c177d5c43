"""Keys that fail: shown as failed, tried again by themselves, hastened by a change."""

import pytest
from redis import Redis

from common.workqueue import Again, Blocked, Done, Retry, Terminal, Tries, WorkQueue, jobs
from common.workqueue.tries import QUICK
from tests.integration.workqueue import WEB, Clock, job_of, keys, mark, take, take_one

DENIED = Terminal('pods "web-0" is forbidden', "Forbidden")
FULL = Blocked('pods "web-0" is forbidden: exceeded quota: q', "Forbidden")


def shown(redis: Redis) -> list[str]:
    """The ids of the failed jobs."""
    return list(jobs.queue_of(redis, WEB).failed_job_registry.get_job_ids())


def waits_s(queue: WorkQueue, clock: Clock) -> float:
    """How long until the key is queued again, to half a second; the clock moves."""
    began_s = clock.now_s
    while not queue.sweep(force=True):
        clock.now_s += 0.5
        assert clock.now_s < began_s + 3600, "it's never tried again"
    return clock.now_s - began_s


def words(redis: Redis) -> str:
    result = job_of(redis, WEB).latest_result()
    assert result is not None
    return str(result.exc_string)


def test_a_refusal_is_a_failed_job_with_the_servers_words(queue: WorkQueue, redis: Redis) -> None:
    mark(queue, WEB)
    queue.finish([(take_one(queue), DENIED)])
    assert words(redis) == 'Forbidden: pods "web-0" is forbidden'
    assert job_of(redis, WEB).is_failed
    assert shown(redis) == [jobs.job_id(WEB)]
    assert queue.depth()["alpha", "pods"].failed == 1


def test_a_refusal_is_tried_again_after_seconds_and_then_minutes(
    queue: WorkQueue, clock: Clock
) -> None:
    mark(queue, WEB)
    waits = []
    for _ in range(9):
        queue.finish([(take_one(queue), DENIED)])
        waits.append(waits_s(queue, clock))
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_a_change_hastens_what_was_refused(queue: WorkQueue, redis: Redis) -> None:
    mark(queue, WEB)
    queue.finish([(take_one(queue), DENIED)])
    mark(queue, WEB)
    assert keys(take(queue)) == [WEB]
    assert shown(redis) == []


def test_what_heals_leaves_nothing(queue: WorkQueue, redis: Redis, clock: Clock) -> None:
    mark(queue, WEB)
    queue.finish([(take_one(queue), DENIED)])
    waits_s(queue, clock)
    queue.finish([(take_one(queue), Done())])
    assert sorted(redis.keys()) == [b"rq:queues", b"tohost:bell", b"tohost:{alpha}:seq"]


def test_what_is_blocked_is_told_of_only_when_it_lasts(
    queue: WorkQueue, redis: Redis, clock: Clock
) -> None:
    mark(queue, WEB)
    for _ in range(QUICK):
        queue.finish([(take_one(queue), FULL)])
        assert shown(redis) == []
        assert waits_s(queue, clock) <= 0.5
    waits = []
    for _ in range(8):
        queue.finish([(take_one(queue), FULL)])
        assert shown(redis) == [jobs.job_id(WEB)]
        assert "exceeded quota" in words(redis)
        waits.append(waits_s(queue, clock))
    assert waits[-1] == 30


def test_each_sort_of_failure_has_its_own_count(queue: WorkQueue, clock: Clock) -> None:
    """A refusal after a long outage isn't put off for minutes, nor is the outage's end."""
    mark(queue, WEB)
    for _ in range(12):
        queue.finish([(take_one(queue), Retry(None, "503"))])
        assert waits_s(queue, clock) <= 10
    queue.finish([(take_one(queue), DENIED)])
    assert waits_s(queue, clock) == 5
    assert take_one(queue).tries == Tries(12, 0, 1, 1_700_000_000)


@pytest.mark.parametrize("outcome", [Done(), Again(60.0)])
def test_tries_are_forgotten_after_a_success(
    queue: WorkQueue, clock: Clock, outcome: Done | Again
) -> None:
    mark(queue, WEB)
    queue.finish([(take_one(queue), DENIED)])
    waits_s(queue, clock)
    queue.finish([(take_one(queue), outcome)])
    mark(queue, WEB)
    assert take_one(queue).tries == Tries()


def test_a_failing_key_whose_job_was_deleted_is_tried_again_all_the_same(
    queue: WorkQueue, redis: Redis, clock: Clock
) -> None:
    mark(queue, WEB)
    queue.finish([(take_one(queue), DENIED)])
    job_of(redis, WEB).delete()
    assert waits_s(queue, clock) == 5
    assert keys(take(queue)) == [WEB]


def test_a_failing_key_that_lost_its_time_is_tried_again(queue: WorkQueue, redis: Redis) -> None:
    """As by a hand in Redis, or keys that an earlier version left."""
    mark(queue, WEB)
    queue.finish([(take_one(queue), DENIED)])
    redis.delete("tohost:{alpha}:delayed", "tohost:{alpha}:dirty")
    assert [queue.sweep(force=True), queue.sweep(force=True)] == [0, 1]
    assert keys(take(queue)) == [WEB]


@pytest.mark.parametrize("garbage", [b"\xff", b"x y", b"-1", b"1 2 3 4 5 6", b""])
def test_tries_written_by_hand_break_nothing(
    queue: WorkQueue, redis: Redis, garbage: bytes
) -> None:
    mark(queue, WEB)
    redis.hset("tohost:{alpha}:attempts", WEB.member, garbage)
    queue.finish([(take_one(queue), DENIED)])
    assert shown(redis) == [jobs.job_id(WEB)]
