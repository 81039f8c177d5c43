"""A virtual cluster in a real Redis, filled by the parts that fill it, to be explained."""

import pytest
from redis import Redis

from common.context import Ref
from common.explain import Explanation, explain
from common.objects import Obj, Side
from common.store import Change, Store
from common.workqueue import WorkQueue
from tests.integration.workqueue import Clock

SIDES: tuple[Side, ...] = ("virtual", "host")
HOST_NAME = "alpha-default-web-x-default-x-alpha"
DENIED = "exceeded quota: few"
Said = pytest.CaptureFixture[str]


def obj(name: str, namespace: str = "default", uid: str = "u", **more: object) -> Obj:
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": uid,
            "resourceVersion": "5",
            **more,
        }
    }


class World:
    """The store of one virtual cluster, `alpha`."""

    def __init__(self, redis: Redis, queue: WorkQueue) -> None:
        self.redis = redis
        self.queue = queue
        self.store = Store(redis)
        self.store.claim_identity("alpha", "digest")

    def listed(self, *plurals: str) -> None:
        for plural in plurals:
            for side in SIDES:
                self.store.move_position("alpha", side, plural, "", "5")
                self.store.set_synced("alpha", side, plural)

    def put(self, side: Side, plural: str, field: str, body: Obj | None, *refs: Ref) -> None:
        version = "5" if body is not None else "6"
        change = Change(field, version, body, refs, seen=True)
        self.store.put("alpha", side, plural, [change], wake_own=False)

    def pair(self, name: str = "web", plural: str = "pods") -> None:
        host = f"alpha-default-{name}-x-default-x-alpha"
        self.put("virtual", plural, f"default/{name}", obj(name))
        self.put("host", plural, f"default/{name}", obj(host, "h"))

    def end(self, outcome: object, member: str = "pods default/web") -> None:
        """One run of a key."""
        self.queue.add("alpha", [member])
        [taken] = self.queue.take(1, [("alpha", member.partition(" ")[0])])
        self.queue.finish([(taken, outcome)])  # type: ignore[list-item]

    def told(self, name: str = "web", plural: str = "pods") -> Explanation:
        return explain(self.redis, "alpha", plural, "default", name)


@pytest.fixture
def world(redis: Redis, queue: WorkQueue, clock: Clock) -> World:
    clock.now_s = float(redis.time()[0])
    made = World(redis, queue)
    made.listed("pods")
    return made
