"""What the store keeps of whole streams: that they are complete, left, or forgotten."""

from redis import Redis

from common.context import Ref
from common.kube.served import Record, Served
from common.objects import Obj
from common.store import Change, Store, text
from common.workqueue import Done, Retry, Terminal, WorkQueue

SECRET = Ref("secrets", "n", "tls")


def change(name: str, version: str = "7", **fields: object) -> Change:
    obj: Obj = {"metadata": {"name": name, "namespace": "n"}, **fields}
    return Change(f"n/{name}", version, obj, (SECRET,), f"u-{name}")


def dirty(redis: Redis) -> set[str]:
    return {text(member) for member in redis.hkeys("tohost:{v}:dirty")}


def rest(redis: Redis) -> None:
    redis.delete("tohost:{v}:dirty", "tohost:{v}:state")


def test_a_forgotten_stream_leaves_nothing_and_wakes_what_it_referred_to(redis: Redis) -> None:
    store = Store(redis)
    store.set_synced("v", "virtual", "ingresses")
    store.set_shape("v", "virtual", "ingresses", "some")
    store.set_record("v", "virtual", "ingresses", Record("away"))
    store.begin_list("v", "virtual", "ingresses")
    store.put("v", "virtual", "ingresses", [change("a"), change("b")])
    rest(redis)
    assert store.stored_streams("v", []) == {("virtual", "ingresses")}
    woken = store.forget_stream("v", "virtual", "ingresses")
    assert woken == ["secrets n/tls"]
    assert dirty(redis) == {"secrets n/tls"}
    left = {text(key).rpartition(":")[2] for key in redis.keys("tohost:{v}:*")}
    assert left == {"dirty", "seq", "state"}


def test_objects_of_a_stream_without_a_list_are_found_where_they_are_looked_for(
    redis: Redis,
) -> None:
    store = Store(redis)
    store.put("v", "host", "ingresses", [change("a")])
    assert store.stored_streams("v", []) == frozenset()
    asked = [("host", "ingresses"), ("host", "pods")]
    assert store.stored_streams("v", asked) == {("host", "ingresses")}


def test_a_forgotten_services_stream_leaves_no_service_to_pods(redis: Redis) -> None:
    store = Store(redis)
    store.put("v", "virtual", "services", [change("a")])
    before = redis.get("tohost:{v}:svcver:n")
    store.forget_stream("v", "virtual", "services")
    assert redis.exists("tohost:{v}:svc:n") == 0
    assert redis.get("tohost:{v}:svcver:n") != before


def test_of_a_kind_that_is_gone_every_object_counts_as_deleted(redis: Redis) -> None:
    store = Store(redis)
    store.put("v", "virtual", "ingresses", [change("a")])
    rest(redis)
    assert set(store.clear_stream("v", "virtual", "ingresses")) == {
        "ingresses n/a",
        "secrets n/tls",
    }
    assert store.versions("v", "virtual", "ingresses") == {}
    store.put("v", "virtual", "ingresses", [change("a", "6")])
    assert store.versions("v", "virtual", "ingresses") == {}


def test_a_stream_that_is_left_is_listed_when_it_comes_back_and_until_then_complete(
    redis: Redis,
) -> None:
    store = Store(redis)
    store.move_position("v", "virtual", "ingresses", "", "5")
    store.leave_stream("v", "virtual", "ingresses", Record("gone"), synced=True)
    assert store.stream("v", "virtual", "ingresses")[1] == ""
    synced, records = store.standing_at("v")[:2]
    assert synced == {("virtual", "ingresses")}
    assert records == {("virtual", "ingresses"): Record("gone")}
    store.begin_list("v", "virtual", "ingresses")
    assert store.synced("v") == frozenset()


def test_a_list_anew_of_what_was_listed_leaves_it_complete_meanwhile(redis: Redis) -> None:
    store = Store(redis)
    mark = store.begin_list("v", "virtual", "ingresses")
    store.move_position("v", "virtual", "ingresses", mark, "5")
    store.set_synced("v", "virtual", "ingresses")
    store.begin_list("v", "virtual", "ingresses")
    assert store.synced("v") == {("virtual", "ingresses")}


def test_what_is_read_again_in_another_version_of_the_api_replaces_what_was_read(
    redis: Redis,
) -> None:
    store = Store(redis)
    store.put("v", "virtual", "ingresses", [change("a", apiVersion="one")])
    rest(redis)
    other = [change("a", apiVersion="two"), change("a", "6", apiVersion="old")]
    assert store.put("v", "virtual", "ingresses", other) == []
    assert store.put("v", "virtual", "ingresses", other, mode="again") == ["ingresses n/a"]
    stored = redis.hget("tohost:{v}:obj:virtual:ingresses", "n/a")
    assert stored is not None
    assert b"two" in stored


def test_what_was_deleted_is_not_brought_back_by_reading_it_again(redis: Redis) -> None:
    store = Store(redis)
    store.put("v", "virtual", "ingresses", [change("a")])
    store.clear_stream("v", "virtual", "ingresses")
    store.put("v", "virtual", "ingresses", [change("a")], mode="again")
    assert store.versions("v", "virtual", "ingresses") == {}


def test_a_record_is_kept_and_taken_away(redis: Redis) -> None:
    store, record = Store(redis), Record("ready", Served("v1", "Ingress", True, True))
    store.set_record("v", "virtual", "ingresses", record)
    assert store.record("v", "virtual", "ingresses") == record
    store.set_record("v", "virtual", "ingresses", None)
    assert store.record("v", "virtual", "ingresses") is None


def test_a_dropped_queue_leaves_nothing_but_what_runs(redis: Redis) -> None:
    queue = WorkQueue(redis, {"v": 1})
    queue.add("v", [f"ingresses n/{name}" for name in "abcd"])
    queue.add("v", ["secrets n/tls"])
    runs, fails, waits = queue.take(3, [("v", "ingresses")])
    queue.finish([(fails, Terminal("403")), (waits, Retry(None, "503"))])
    assert queue.known() == {("v", "ingresses"), ("v", "secrets")}
    queue.drop("v", "ingresses")
    assert queue.known() == {("v", "secrets")}
    assert dirty(redis) == {runs.key.member, "secrets n/tls"}
    queue.finish([(runs, Done())])
    assert {text(key) for key in redis.keys("*")} == {
        "rq:job:v__secrets__n__tls",
        "rq:queue:v.secrets",
        "rq:queues",
        "tohost:bell",
        *(f"tohost:{{v}}:{what}" for what in ("clock", "dirty", "seq", "state")),
    }
