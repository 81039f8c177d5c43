"""What is told of one object on one Redis server is told on a Redis Cluster: those tests again."""

import inspect

from tests.integration import test_explain
from tests.integration.explained import World, world
from tests.integration.test_redis_cluster import connected, redis
from tohost.doctor import redis_state
from tohost.requeue import requeue

__all__ = ["connected", "redis", "world"]

_AGAIN = {
    name: each
    for name, each in vars(test_explain).items()
    if name.startswith("test_") and "world" in inspect.signature(each).parameters
}
globals().update(_AGAIN)


def test_most_of_them_are_here() -> None:
    assert len(_AGAIN) > 15


def test_an_object_is_requeued_there_too(world: World) -> None:
    world.pair()
    [done] = requeue(world.redis, [world.told().key])
    assert done.told == "queued"
    assert world.told().state == "queued"


def test_the_doctor_looks_at_every_server_of_it(world: World) -> None:
    told = {each.check: each.level for each in redis_state.check(world.redis)}
    assert told["connection"] == "ok"
    assert told["eviction"] == "ok"
    assert told.keys() == {"connection", "version", "persistence", "eviction", "memory"}
