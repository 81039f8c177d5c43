"""Who hears of new work: one worker that waits, and others only when there is more to do."""

import threading
import time

from redis import Redis

from common.workqueue import WorkQueue
from common.workqueue.bell import HOPS, KEY
from tests.integration.workqueue import CLUSTERS, OPEN, TLS, WEB, keys, mark, take


def wake(queue: WorkQueue, woken: list[WorkQueue]) -> threading.Thread:
    """Has a worker wait; it's `woken` when that was not for the whole time."""

    def wait() -> None:
        start = time.monotonic()
        queue.wait(0.9)
        if time.monotonic() - start < 0.8:
            woken.append(queue)

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def settled(queue: WorkQueue) -> WorkQueue:
    """It waited before, and has just looked at all queues."""
    queue.wait(0)
    assert take(queue) == []
    return queue


def waiting(redis: Redis, count: int) -> bool:
    return bool(redis.info("clients")["blocked_clients"] == count)


def until_waiting(redis: Redis, count: int) -> None:
    deadline = time.monotonic() + 5
    while not waiting(redis, count):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_one_of_many_waiting_workers_wakes_for_one_key(redis: Redis, queue: WorkQueue) -> None:
    woken: list[WorkQueue] = []
    workers = [settled(WorkQueue(redis, CLUSTERS)) for _ in range(4)]
    threads = [wake(worker, woken) for worker in workers]
    until_waiting(redis, 4)
    mark(queue, WEB)
    for thread in threads:
        thread.join()
    assert len(woken) == 1
    assert keys(take(woken[0])) == [WEB]


def test_two_keys_of_different_kinds_wake_two_workers(redis: Redis, queue: WorkQueue) -> None:
    woken: list[WorkQueue] = []
    workers = [settled(WorkQueue(redis, CLUSTERS)) for _ in range(3)]
    threads = [wake(worker, woken) for worker in workers]
    until_waiting(redis, 3)
    mark(queue, WEB, TLS)
    for thread in threads:
        thread.join()
    assert len(woken) == 2
    assert sorted(key for worker in woken for key in keys(take(worker))) == [WEB, TLS]


def test_what_is_left_of_a_burst_wakes_another_worker(queue: WorkQueue, other: WorkQueue) -> None:
    settled(queue)
    settled(other)
    queue.add("alpha", [f"pods default/burst-{n}" for n in range(30)])
    queue.wait(5)
    assert len(take(queue)) == 10
    other.wait(5)
    assert len(take(other)) == 10


def test_a_busy_worker_hears_of_other_clusters_too(queue: WorkQueue, other: WorkQueue) -> None:
    settled(queue)
    other.add("alpha", [f"pods default/burst-{n}" for n in range(1000)])
    queue.wait(5)
    for _ in range(5):
        assert len(take(queue)) == 10
    mark(other, TLS)
    assert TLS in keys(take(queue))


def test_who_may_not_take_from_a_queue_tells_others(queue: WorkQueue, other: WorkQueue) -> None:
    settled(queue)
    settled(other)
    mark(queue, WEB)
    queue.wait(5)
    assert queue.take(10, [("beta", "secrets")]) == []
    other.wait(5)
    assert keys(take(other)) == [WEB]


def test_a_queue_that_nobody_may_take_from_is_not_passed_on_for_ever(
    redis: Redis, queue: WorkQueue, other: WorkQueue
) -> None:
    settled(queue)
    settled(other)
    mark(queue, WEB)
    told = 0
    while redis.exists(KEY):
        told += 1
        each = (queue, other)[told % 2]
        each.wait(5)
        each.take(10, [("beta", "secrets")])
    assert told == HOPS + 1


def test_a_worker_that_stops_leaves_to_others_what_it_heard(
    queue: WorkQueue, other: WorkQueue
) -> None:
    settled(queue)
    settled(other)
    mark(other, WEB)
    queue.wait(5)
    queue.close()
    other.wait(5)
    assert keys(take(other)) == [WEB]


def test_the_bell_never_holds_more_than_there_are_queues(redis: Redis, queue: WorkQueue) -> None:
    for number in range(50):
        queue.add("alpha", [f"pods default/p-{number}"])
        queue.add("beta", [f"secrets default/s-{number}"])
    assert redis.zcard(KEY) == len(OPEN)


def test_a_failover_while_a_worker_waits_is_no_trouble_of_its_own(
    redis: Redis, queue: WorkQueue
) -> None:
    """Redis sends whoever waits away then; what state it is in the next command hears."""
    settled(queue)
    woken: list[WorkQueue] = []
    thread = wake(queue, woken)
    until_waiting(redis, 1)
    [blocked] = [each["id"] for each in redis.client_list() if each["cmd"] == "bzpopmin"]
    redis.client_unblock(int(blocked), error=True)
    thread.join()
    assert woken == [queue]
    assert take(queue) == []


def test_a_worker_that_hears_of_one_queue_looks_at_all_that_rang(
    redis: Redis, queue: WorkQueue
) -> None:
    worker = settled(WorkQueue(redis, CLUSTERS))
    mark(queue, WEB, TLS)
    worker.wait(1)
    assert sorted(keys(take(worker))) == sorted([WEB, TLS])
    assert redis.zcard(KEY) == 0
