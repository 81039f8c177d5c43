"""Worker processes for real: several at once, killed, and stopped for longer than a lease."""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess

from redis import Redis

from common.keys import Key
from common.workqueue import Done, Taken, WorkQueue, jobs
from sandbox.redis import RedisServer

CLUSTERS = {"alpha": 1, "beta": 2}
OPEN = [(cluster, plural) for cluster in CLUSTERS for plural in ("pods", "secrets")]
KEYS = [Key(*place, "default", f"web-{number}") for place in OPEN for number in range(5)]
TAKEOVER_S = 15.0


def work(url: str, run: Callable[[Redis, WorkQueue, list[Taken]], None]) -> None:
    """A worker process: takes keys and runs them until the key `stop` appears."""
    redis = Redis.from_url(url)
    queue = WorkQueue(redis, CLUSTERS)
    beat_s = 0.0
    while not redis.exists("stop"):
        if time.monotonic() - beat_s > 1:
            beat_s = time.monotonic()
            queue.heartbeat()
            queue.sweep()
        if taken := queue.take(4, OPEN):
            run(redis, queue, taken)
        else:
            queue.wait(0.05)


def observe(redis: Redis, queue: WorkQueue, taken: list[Taken]) -> None:
    """Bring `seen` to `wanted`, the slow way, and note whoever meets another on the same key."""
    wanted = {}
    for one in taken:
        if redis.incr(f"busy {one.key}") > 1:
            redis.rpush("collisions", str(one.key))
        wanted[str(one.key)] = redis.hget("wanted", str(one.key)) or b""
    time.sleep(0.002)
    for one in taken:
        redis.hset("seen", str(one.key), wanted[str(one.key)])
        redis.incr("runs")
        redis.decr(f"busy {one.key}")
    queue.finish([(one, Done()) for one in taken])


def hang(redis: Redis, queue: WorkQueue, taken: list[Taken]) -> None:
    """Hold what was taken, without a heartbeat, and once awake again try to end it."""
    redis.rpush("held", *(str(one.key) for one in taken))
    while not redis.exists("woken"):
        time.sleep(0.05)
    redis.rpush("may write", *(int(queue.holds(one)) for one in taken))
    redis.rpush("lost", *map(str, queue.heartbeat()))
    queue.finish([(one, Done()) for one in taken])
    redis.incr("ended late")
    until(lambda: redis.exists("stop") == 1, 60)


@contextmanager
def workers(
    url: str, run: Callable[[Redis, WorkQueue, list[Taken]], None], count: int
) -> Iterator[list[BaseProcess]]:
    context = multiprocessing.get_context("spawn")
    processes: list[BaseProcess] = [
        context.Process(target=work, args=(url, run), daemon=True) for _ in range(count)
    ]
    redis = Redis.from_url(url)
    before = redis.scard("rq:workers")
    for process in processes:
        process.start()
    try:
        until(lambda: redis.scard("rq:workers") == before + count, 30)
        yield processes
    finally:
        redis.set("stop", 1)
        for process in processes:
            process.join(10)
            process.kill()


def change(redis: Redis, queue: WorkQueue, key: Key, value: int) -> None:
    redis.hset("wanted", str(key), value)
    queue.add(key.cluster, [key.member])


def until(condition: Callable[[], bool], timeout_s: float) -> float:
    """Seconds until the condition held; fails when it didn't in time."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < timeout_s, "timed out"
        time.sleep(0.02)
    return time.monotonic() - start


def idle(redis: Redis) -> bool:
    return not any(redis.exists(f"tohost:{{{cluster}}}:dirty") for cluster in CLUSTERS)


def test_four_processes_never_meet_on_a_key_and_miss_no_change(
    redis: Redis, redis_server: RedisServer
) -> None:
    producer = WorkQueue(redis, CLUSTERS)
    with workers(redis_server.url, observe, 4):
        for value in range(150):
            for key in KEYS:
                change(redis, producer, key, value)
                # A second token, as from a button pressed twice: it must not start a second run.
                redis.rpush(jobs.queue_key(key.cluster, key.plural), jobs.job_id(key))
        until(lambda: idle(redis), 30)
        assert redis.hgetall("seen") == redis.hgetall("wanted")
    assert redis.lrange("collisions", 0, -1) == []
    assert int(redis.get("runs") or 0) > 10 * len(KEYS)


def test_the_keys_of_killed_and_of_sleeping_workers_run_elsewhere_within_15_s(
    redis: Redis, redis_server: RedisServer
) -> None:
    producer = WorkQueue(redis, CLUSTERS)
    for key in KEYS[:8]:
        change(redis, producer, key, 1)
    with workers(redis_server.url, hang, 2) as [killed, asleep]:
        until(lambda: redis.llen("held") == 8, 10)
        os.kill(kill_target(killed), signal.SIGKILL)
        os.kill(kill_target(asleep), signal.SIGSTOP)
        with workers(redis_server.url, observe, 1):
            until(lambda: idle(redis), TAKEOVER_S)
            assert redis.hlen("seen") == 8
            for key in KEYS[:8]:
                change(redis, producer, key, 2)
            redis.set("woken", 1)
            os.kill(kill_target(asleep), signal.SIGCONT)
            until(lambda: redis.exists("ended late") == 1, 5)
            until(lambda: idle(redis), 5)
    assert redis.hgetall("seen") == redis.hgetall("wanted")
    assert set(redis.lrange("may write", 0, -1)) == {b"0"}
    assert redis.llen("lost") == redis.llen("may write") == 4


def kill_target(process: BaseProcess) -> int:
    assert process.pid is not None
    return process.pid
