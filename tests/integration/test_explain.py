"""`common.explain` on a real Redis, filled by the parts that fill it."""

import pytest

from common.context import Ref
from common.explain import explain, find
from common.keys import Key
from common.process.health import Readiness
from common.safety.brake_state import BrakeState
from common.status.reports import Reports
from common.store import Change
from common.workqueue import Again, Done, Retry, Terminal
from tests.integration.explained import DENIED, HOST_NAME, SIDES, World, obj, world

__all__ = ["world"]


def test_a_pair_at_rest_is_in_sync(world: World) -> None:
    world.pair()
    told = world.told()
    assert (told.state, told.tries, told.notes) == ("in sync", 0, [])
    assert told.virtual is not None
    assert told.host is not None
    assert (told.virtual.namespace, told.virtual.name) == ("default", "web")
    assert (told.host.namespace, told.host.name) == ("h", HOST_NAME)
    assert told.virtual.resource_version == "5"


def test_what_is_fine_and_looked_at_later_is_in_sync(world: World) -> None:
    world.pair()
    world.end(Again(3600.0, "a token ends"))
    told = world.told()
    assert told.state == "in sync"
    assert 3500 < told.next_s <= 3600
    assert told.notes == ["it's looked at again: a token ends"]


def test_a_refused_object_is_failing_with_the_servers_words(world: World) -> None:
    world.put("virtual", "pods", "default/web", obj("web"))
    world.end(Terminal(DENIED, "Forbidden"))
    told = world.told()
    assert (told.state, told.words, told.tries) == ("failing", f"Forbidden: {DENIED}", 1)
    assert told.next_s > 0
    assert told.host is None


def test_what_is_tried_again_after_a_transient_failure_is_waiting(world: World) -> None:
    world.pair()
    world.end(Retry(None, "host: 503"))
    told = world.told()
    assert (told.state, told.words, told.tries) == ("waiting", "host: 503", 1)


def test_what_waits_for_something_else_is_waiting_with_the_reason(world: World) -> None:
    world.put("virtual", "pods", "default/web", obj("web"))
    world.end(Again(2.0, "waits for secrets default/tls"))
    assert (world.told().state, world.told().words) == ("waiting", "waits for secrets default/tls")


def test_a_queued_object_says_how_many_are_before_it(world: World) -> None:
    world.pair()
    world.queue.add("alpha", ["pods default/a", "pods default/b", "pods default/web"])
    told = world.told()
    assert (told.state, told.words) == ("queued", "queued; 2 before it")
    world.queue.take(2, [("alpha", "pods")])
    assert world.told().words == "queued; it's next of its kind"


def test_what_failed_and_is_queued_again_says_what_failed(world: World) -> None:
    world.pair()
    world.end(Terminal(DENIED, "Forbidden"))
    world.queue.add("alpha", ["pods default/web"])
    assert world.told().state == "queued"
    assert world.told().words.endswith(f"; last time: Forbidden: {DENIED}")


def test_an_object_in_a_workers_hands_is_running(world: World) -> None:
    world.pair()
    world.queue.add("alpha", ["pods default/web"])
    world.queue.take(1, [("alpha", "pods")])
    assert world.told().state == "running"


def test_a_mark_whose_job_was_lost_counts_as_queued(world: World) -> None:
    world.pair()
    world.redis.hset("tohost:{alpha}:dirty", "pods default/web", "1")
    assert (world.told().state, world.told().words) == (
        "queued",
        "it's due, and about to be queued",
    )


def test_a_configmap_that_nothing_refers_to_is_not_synced_and_says_why(world: World) -> None:
    world.listed("configmaps")
    world.put("virtual", "configmaps", "default/web", obj("web"))
    told = world.told(plural="configmaps")
    assert told.state == "not synced"
    assert told.words.startswith("nothing that is synced refers to it")


def test_references_are_told_in_both_directions(world: World) -> None:
    world.listed("configmaps")
    ref = Ref("configmaps", "default", "settings")
    world.put("virtual", "pods", "default/web", obj("web"), ref)
    assert world.told().refers_to == ["configmaps default/settings"]
    assert world.told("settings", "configmaps").referred_by == ["pods default/web"]


def test_a_kind_that_is_only_read_in_the_virtual_cluster_says_so(world: World) -> None:
    world.store.move_position("alpha", "virtual", "namespaces", "", "5")
    world.store.set_synced("alpha", "virtual", "namespaces")
    world.put("virtual", "namespaces", "team", obj("team", ""))
    told = explain(world.redis, "alpha", "namespaces", "", "team")
    assert told.state == "not synced"
    assert "only read in the virtual cluster" in told.words


def test_an_object_that_is_nowhere_is_unknown(world: World) -> None:
    assert world.told().state == "unknown"
    assert world.told().words == "it is on neither side: none was ever seen, or its end is long ago"
    world.put("virtual", "pods", "default/web", obj("web"))
    world.put("virtual", "pods", "default/web", None)
    assert world.told().words == "it is on neither side: it was deleted, as a watch showed"


def test_a_kind_and_a_cluster_that_nobody_watches_are_unknown(world: World) -> None:
    assert "no ingresses of this virtual cluster are watched" in world.told("a", "ingresses").words
    told = explain(world.redis, "beta", "pods", "default", "web")
    assert (told.state, told.words) == ("unknown", "Redis knows of no virtual cluster beta")


def test_an_object_on_its_way_out_is_told(world: World) -> None:
    world.pair()
    going = obj("web", deletionTimestamp="2026-01-01T00:00:00Z")
    change = Change("default/web", "7", going)
    world.store.put("alpha", "virtual", "pods", [change], wake_own=False)
    told = world.told()
    assert told.virtual is not None
    assert told.virtual.deleting
    assert told.words == "the virtual object is being deleted"


def test_brake_unlisted_streams_and_what_processes_say_are_notes(world: World) -> None:
    world.pair()
    BrakeState(world.redis, "alpha").engage("host", 30, 40)
    world.store.begin_list("alpha", "virtual", "secrets")
    said = {"alpha": "away", "alpha virtual:pods": "no right", "alpha virtual:secrets": "other"}
    Reports(world.redis, ["alpha"], lambda: Readiness({}, said)).say()
    assert world.told().notes == [
        "the deletion brake holds 30 of 40 host objects",
        "not listed yet, so that some decisions wait: virtual secrets",
        "away",
        "virtual:pods: no right",
    ]


def test_an_object_that_cannot_be_read_is_told_and_nothing_is_written(world: World) -> None:
    world.pair()
    world.redis.hset("tohost:{alpha}:obj:virtual:pods", "default/web", b"garbage")
    before = world.redis.dbsize()
    told = world.told()
    assert told.virtual is None
    assert "can't be read" in told.notes[0]
    assert world.redis.dbsize() == before


def test_garbage_in_redis_is_told_as_far_as_it_goes(world: World) -> None:
    world.pair()
    world.queue.add("alpha", ["pods default/web"])
    start, member = "tohost:{alpha}", "pods default/web"
    for name in ("attempts", "state", "dirty"):
        world.redis.hset(f"{start}:{name}", member, b"\xff\xfe: x")
    world.redis.hset(f"{start}:clock", "behind", "yesterday")
    world.redis.hset(f"{start}:rv:virtual:pods", "default/web", b"\xff")
    world.redis.hset(f"{start}:fwd:virtual:pods", "default/web", b"\xff")
    world.redis.sadd(f"{start}:refs:t {member}", b"\xff")
    world.redis.hset("rq:job:alpha__pods__default__web", "enqueued_at", "soon")
    assert world.told().state == "in sync"
    assert world.told().referred_by == ["\N{REPLACEMENT CHARACTER}"]
    assert world.told("a b", "pods").state == "unknown"


def test_reading_changes_nothing(world: World) -> None:
    world.pair()
    world.end(Terminal(DENIED, "Forbidden"))
    before = {key: world.redis.dump(key) for key in world.redis.keys("*")}
    world.told()
    find(world.redis, ["alpha"], "web")
    assert {key: world.redis.dump(key) for key in world.redis.keys("*")} == before


@pytest.mark.parametrize(
    "words",
    [
        "web",
        "we",
        "default/web",
        "pods web",
        "pod default/web",
        HOST_NAME,
        "WEB",
        "t-web-x-default",
        "web-x-default-x-alpha",
    ],
)
def test_objects_are_found_by_parts_of_both_names(world: World, words: str) -> None:
    world.pair()
    world.pair("other")
    assert find(world.redis, ["alpha", "beta"], words)[0] == Key("alpha", "pods", "default", "web")


def test_the_same_name_comes_first_and_deleted_objects_never(world: World) -> None:
    for name in ("a-web", "web-1", "web", "gone-web"):
        world.pair(name)
    for side in SIDES:
        world.put(side, "pods", "default/gone-web", None)
    assert [key.name for key in find(world.redis, ["alpha"], "web")] == ["web", "web-1", "a-web"]
    assert [key.name for key in find(world.redis, ["alpha"], "web", limit=1)] == ["web"]
    assert find(world.redis, ["alpha"], " ") == []


def test_a_long_host_name_is_found_by_its_digest(world: World) -> None:
    from common.cluster import Cluster
    from common.naming import host_name

    name = "a-very-long-name-of-an-application-that-somebody-chose"
    world.pair(name)
    cut = host_name(Cluster("alpha", "h"), "default", name)
    assert name not in cut
    assert [key.name for key in find(world.redis, ["alpha"], cut)] == [name]


def test_cluster_scoped_objects_are_found_by_the_names_that_they_have_on_the_host(
    world: World,
) -> None:
    world.listed("persistentvolumes")
    world.put("virtual", "persistentvolumes", "disk", obj("disk", ""))
    world.put("host", "persistentvolumes", "disk", obj("vcluster-disk-x-h-x-alpha", ""))
    [found] = find(world.redis, ["alpha"], "vcluster-disk")
    assert found == Key("alpha", "persistentvolumes", "", "disk")


# The command


def test_a_finished_run_leaves_no_words_behind(world: World) -> None:
    world.pair()
    world.end(Terminal(DENIED, "Forbidden"))
    world.end(Done())
    assert (world.told().state, world.told().tries) == ("in sync", 0)
