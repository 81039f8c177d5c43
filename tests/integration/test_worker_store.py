"""What the store makes of answers and events that arrive in either order."""

import pytest
from redis import Redis

from common.kind import Ref
from common.store import Change, Store

POD = {"metadata": {"name": "p", "namespace": "n"}}
LIVE = Change("n/p", "7", POD, (Ref("nodes", "", "node-1"),), "u-1")
GONE = Change("n/p", "7", None, (), "u-1")


@pytest.mark.parametrize("changes", [[LIVE, GONE], [GONE, LIVE]], ids=["event last", "answer last"])
def test_an_end_wins_over_the_answer_to_the_delete_that_has_its_version(
    redis: Redis, changes: list[Change]
) -> None:
    store = Store(redis)
    store.put("v", "host", "pods", [Change("n/p", "6", POD, LIVE.refs, "u-1")])
    for change in changes:
        store.put("v", "host", "pods", [change], wake_own=False)
    assert store.versions("v", "host", "pods") == {}
    assert redis.scard("tohost:{v}:refs:t nodes node-1") == 0


def test_a_change_of_the_version_that_is_stored_wakes_nobody(redis: Redis) -> None:
    store = Store(redis)
    assert store.put("v", "host", "pods", [LIVE])
    redis.delete("tohost:{v}:dirty", "tohost:{v}:state")
    assert store.put("v", "host", "pods", [LIVE]) == []
