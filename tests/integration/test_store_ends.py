"""What the store remembers of objects that are gone: how that was noticed, and for how long."""

from collections.abc import Callable

import pytest
from redis import Redis

from common.keys import Key
from common.kinds import REGISTRY
from common.objects import Obj, Side
from common.store import Change, Store
from workers.snapshots import Snapshot, SnapshotReader

POD: Obj = {"metadata": {"name": "p", "namespace": "n", "uid": "u-1"}}
LIVE = Change("n/p", "7", POD, uid="u-1")
SEEN = Change("n/p", "8", None, uid="u-1", seen=True)
LACKED = Change("n/p", "8", None)
Look = Callable[[], Snapshot]


@pytest.fixture
def look(redis: Redis) -> Look:
    reader = SnapshotReader(redis, {"v": REGISTRY})

    def read() -> Snapshot:
        [snapshot] = reader.read([Key("v", "pods", "n", "p")])
        assert isinstance(snapshot, Snapshot)
        return snapshot

    return read


def rest(redis: Redis) -> None:
    redis.delete("tohost:{v}:dirty", "tohost:{v}:state")


@pytest.mark.parametrize(("end", "seen"), [(SEEN, True), (LACKED, False)], ids=["seen", "lacked"])
def test_workers_know_whether_a_watch_showed_an_end(
    redis: Redis, look: Look, end: Change, seen: bool
) -> None:
    store = Store(redis)
    for side in ("virtual", "host"):
        store.put("v", side, "pods", [LIVE, end])
    snapshot = look()
    assert (snapshot.virtual, snapshot.seen_deleted) == (None, seen)
    assert (snapshot.related.host_gone_uid, snapshot.related.host_seen_gone) == ("u-1", seen)


def test_what_lives_was_not_seen_deleted(redis: Redis, look: Look) -> None:
    store = Store(redis)
    store.put("v", "virtual", "pods", [LIVE, SEEN, Change("n/p", "9", POD, uid="u-2")])
    assert not look().seen_deleted


def test_a_watch_may_show_later_what_a_list_only_lacked(redis: Redis, look: Look) -> None:
    store = Store(redis)
    store.put("v", "virtual", "pods", [LIVE, LACKED])
    rest(redis)
    later = Change("n/p", "9", None, uid="u-1", seen=True)
    assert store.put("v", "virtual", "pods", [later]) == ["pods n/p"]
    assert look().seen_deleted


def test_a_list_takes_nothing_from_what_a_watch_showed(redis: Redis, look: Look) -> None:
    store = Store(redis)
    store.put("v", "virtual", "pods", [LIVE, SEEN])
    rest(redis)
    assert store.put("v", "virtual", "pods", [Change("n/p", "9", None)]) == []
    assert look().seen_deleted


@pytest.mark.parametrize("known_at", ["8", "9"])
def test_what_was_there_after_a_list_that_lacked_it_is_there(redis: Redis, known_at: str) -> None:
    """The list was wrong: at its version the object had been there already."""
    store = Store(redis)
    store.put("v", "virtual", "pods", [LIVE, LACKED])
    rest(redis)
    again = Change("n/p", "7", POD, uid="u-1", known_at=known_at)
    assert store.put("v", "virtual", "pods", [again]) == ["pods n/p"]
    assert store.versions("v", "virtual", "pods") == {"n/p": "7"}
    assert redis.zcard("tohost:{v}:tomb:virtual:pods") == 0


@pytest.mark.parametrize("known_at", ["", "7"])
def test_what_is_only_known_from_before_does_not_come_back(redis: Redis, known_at: str) -> None:
    store = Store(redis)
    store.put("v", "virtual", "pods", [LIVE, LACKED])
    again = Change("n/p", "7", POD, uid="u-1", known_at=known_at)
    assert store.put("v", "virtual", "pods", [again]) == []
    assert store.versions("v", "virtual", "pods") == {}


def test_nothing_brings_back_what_a_watch_showed_to_end(redis: Redis) -> None:
    store = Store(redis)
    again = Change("n/p", "7", POD, uid="u-1", known_at="9")
    assert store.put("v", "virtual", "pods", [LIVE, SEEN, again])
    assert store.versions("v", "virtual", "pods") == {}


@pytest.mark.parametrize(("gone", "left"), [("virtual", "host"), ("host", "virtual")])
def test_an_end_is_remembered_for_as_long_as_its_counterpart_is_there(
    redis: Redis, gone: Side, left: Side
) -> None:
    """However long a server is away: it says why the other one has to go."""
    now_s = [1000.0]
    store = Store(redis, lambda: now_s[0])
    store.set_synced("v", gone, "pods")
    store.put("v", gone, "pods", [LIVE, SEEN])
    store.put("v", left, "pods", [LIVE])
    for _ in range(3):
        now_s[0] += 1000
        store.purge_tombstones("v", 600)
        assert redis.hlen(f"tohost:{{v}}:rv:{gone}:pods") == 1
    store.put("v", left, "pods", [SEEN])
    now_s[0] += 1000
    store.purge_tombstones("v", 600)
    assert not redis.exists(f"tohost:{{v}}:rv:{gone}:pods", f"tohost:{{v}}:tomb:{gone}:pods")
