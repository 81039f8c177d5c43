"""What the store makes of answers and events that arrive in either order."""

import pytest
from redis import Redis

from common.context import Ref
from common.keys import Key
from common.kinds import REGISTRY
from common.objects import Obj
from common.store import Change, Store
from workers.snapshots import Snapshot, SnapshotReader

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


def test_what_lives_again_when_old_tombstones_are_purged_stays_known(redis: Redis) -> None:
    now_s = [1000.0]
    store = Store(redis, lambda: now_s[0])
    store.set_synced("v", "host", "pods")
    store.put("v", "host", "pods", [LIVE, GONE])
    redis.zadd("tohost:{v}:tomb:host:pods", {"n/q": 0})
    store.put("v", "host", "pods", [Change("n/q", "9", POD)])
    now_s[0] += 1000
    store.purge_tombstones("v", 600)
    assert store.versions("v", "host", "pods") == {"n/q": "9"}
    assert redis.hlen("tohost:{v}:rv:host:pods") == 1


def test_all_old_tombstones_are_purged_at_once_however_many_there_are(redis: Redis) -> None:
    """Events of a busy host leave more of them between two purges than one call takes."""
    now_s = [1000.0]
    store = Store(redis, lambda: now_s[0])
    store.set_synced("v", "host", "events")
    fields = [f"h/e{number}" for number in range(1500)]
    store.put("v", "host", "events", [Change(each, "1", {}) for each in fields])
    store.put("v", "host", "events", [Change(each, "2", None) for each in fields])
    now_s[0] += 1000
    assert store.purge_tombstones("v", 600) == len(fields)
    assert redis.exists("tohost:{v}:rv:host:events", "tohost:{v}:tomb:host:events") == 0


def test_a_position_moves_only_from_where_it_was(redis: Redis) -> None:
    store = Store(redis)
    assert store.move_position("v", "host", "pods", "", "5")
    assert not store.move_position("v", "host", "pods", "4", "6")
    assert store.stream("v", "host", "pods")[1] == "5"


def test_a_list_under_way_is_no_position(redis: Redis) -> None:
    store = Store(redis)
    mark = store.begin_list("v", "host", "pods")
    assert store.stream("v", "host", "pods")[1] == ""
    assert store.move_position("v", "host", "pods", mark, "7")
    assert store.stream("v", "host", "pods")[1] == "7"


def test_services_are_read_anew_after_redis_lost_everything(redis: Redis) -> None:
    """The same number of changes follows, so a mere counter would look as before."""
    store, reader = Store(redis), SnapshotReader(redis, {"v": REGISTRY})
    for version, port in (("1", 80), ("9", 443)):
        redis.flushall()
        service: Obj = {"metadata": {"namespace": "n", "name": "s"}, "spec": {"port": port}}
        store.put("v", "virtual", "services", [Change("n/s", version, service)])
        [snapshot] = reader.read([Key("v", "pods", "n", "p")])
        assert isinstance(snapshot, Snapshot)
        assert [each["spec"]["port"] for each in snapshot.related.services] == [port]


def test_of_what_a_new_pod_takes_over_the_names_are_read(redis: Redis) -> None:
    store, reader = Store(redis), SnapshotReader(redis, {"v": REGISTRY})
    names = ("configMapRef", "settings"), ("secretRef", "keys"), ("secretRef", "missing")
    sources = [{ref: {"name": name}} for ref, name in names]
    pod = {**POD, "spec": {"containers": [{"name": "c", "envFrom": sources}]}}
    kept: Obj = {"metadata": {"name": "keys", "namespace": "n"}, "data": {"B": "eA=="}}
    settings = {"data": {"A": "a"}, "binaryData": {"C": "eA=="}}
    secret = REGISTRY["secrets"].stored(kept, b"key")
    store.put("v", "virtual", "pods", [Change("n/p", "1", pod)])
    store.put("v", "virtual", "configmaps", [Change("n/settings", "1", settings)])
    store.put("v", "virtual", "secrets", [Change("n/keys", "1", secret)])
    expected = {"configmaps n/settings": {"A"}, "secrets n/keys": {"B"}}
    for found in (expected, {}):
        [snapshot] = reader.read([Key("v", "pods", "n", "p")])
        assert isinstance(snapshot, Snapshot)
        assert snapshot.related.env_keys == found
        store.put("v", "host", "pods", [LIVE])  # its variables can't change any more
