"""What is counted, and how it is told."""

from collections.abc import Iterator

import pytest

from common.clock import running_s
from common.keys import Key
from common.kube.request_count import WATCH, RequestCount
from common.process.durations import BOUNDS_S, Durations
from common.process.gauges import ReadinessGauges
from common.process.health import Readiness
from common.process.metrics import RECONCILES, REGISTRY, SYNC, SYNC_STAGES, page
from common.workqueue import Again, Blocked, Done, Outcome, Retry, Taken, Terminal, Tries
from tests.scrape import collected, parsed
from workers import timing
from workers.ending import Ending
from workers.reconcile import broken

STAGES = ("queue", "read", "plan", "api", "store")


@pytest.fixture
def durations() -> Durations:
    return Durations("took_seconds", "How long.", ("cluster",))


def test_a_duration_counts_in_each_bucket_that_is_long_enough(durations: Durations) -> None:
    for seconds in (0.0, 0.001, 0.3, 1000.0):
        durations.observe(("v",), seconds)
    found = collected(durations)
    buckets = {"0.001": 2, "0.2": 2, "0.5": 3, "300.0": 3, "+Inf": 4}
    for bound, count in buckets.items():
        assert found.value("took_seconds_bucket", cluster="v", le=bound) == count
    assert found.value("took_seconds_count", cluster="v") == 4
    assert found.value("took_seconds_sum", cluster="v") == pytest.approx(1000.301)


def test_each_label_has_its_own_buckets(durations: Durations) -> None:
    durations.observe(("v",), 1)
    durations.observe(("w",), 2)
    assert collected(durations).value("took_seconds_sum", cluster="w") == 2
    names = [name for name, _, _ in collected(durations).samples()]
    assert names.count("took_seconds_bucket") == 2 * (len(BOUNDS_S) + 1)


def test_clocks_that_disagree_make_no_negative_durations(durations: Durations) -> None:
    durations.observe(("v",), -5.0)
    assert collected(durations).value("took_seconds_sum", cluster="v") == 0


def test_before_the_first_value_there_is_only_the_name(durations: Durations) -> None:
    assert list(collected(durations).families) == ["took_seconds"]
    assert not list(collected(durations).samples())


def test_requests_are_counted_by_server_verb_and_status() -> None:
    of_host, of_virtual = RequestCount(""), RequestCount("count")
    of_virtual.answered("PATCH", 200)
    of_virtual.answered("PATCH", 200)
    of_virtual.answered(WATCH, 410)
    of_virtual.failed("POST")
    before = parsed(page()[1].decode()).total("tohost_requests_total", side="host", verb="X")
    of_host.answered("X", 409)
    found = parsed(page()[1].decode())
    virtual = {"side": "virtual", "cluster": "count"}
    assert found.value("tohost_requests_total", **virtual, verb="PATCH", code="200") == 2
    assert found.value("tohost_requests_total", **virtual, verb="WATCH", code="410") == 1
    assert found.value("tohost_requests_total", **virtual, verb="POST", code="none") == 1
    host = {"side": "host", "cluster": "", "verb": "X"}
    assert found.value("tohost_requests_total", **host, code="409") == before + 1


def ending(outcome: Outcome, cluster: str, now_s: float) -> Ending:
    """Of a run that waited 3 s, was read for 1, ran for 2 of which 0.5 were planning, and ended
    a quarter of a second ago."""
    key = Key(cluster, "pods", "default", "web-0")
    taken = Taken(key, 1, Tries(), "lease", now_s + 9, now_s - 3.25, waited_s=3.0)
    return Ending(taken, outcome, plan_s=0.5, began_s=now_s - 2.25, ended_s=now_s - 0.25)


def sums(cluster: str) -> Iterator[float]:
    found = collected(SYNC_STAGES)
    for stage in STAGES:
        yield found.total("tohost_sync_stage_seconds_sum", cluster=cluster, stage=stage)


def test_the_stages_of_a_run_add_up_to_the_whole() -> None:
    timing.tell([ending(Done(), "stages", running_s())])
    stages = list(sums("stages"))
    assert stages == pytest.approx([3.0, 1.0, 0.5, 1.5, 0.25], abs=0.1)
    whole = collected(SYNC).total("tohost_sync_seconds_sum", cluster="stages")
    assert whole == pytest.approx(sum(stages), abs=0.001)


def test_runs_are_counted_by_how_they_ended() -> None:
    outcomes: list[Outcome] = [Done(), Done(), Again(1), Retry(None, "503"), Blocked("quota")]
    timing.tell([ending(each, "outcomes", running_s()) for each in (*outcomes, Terminal("422"))])
    found = {
        sample.labels["outcome"]: sample.value
        for sample in next(iter(RECONCILES.collect())).samples
        if sample.labels["cluster"] == "outcomes"
    }
    assert found == {"done": 2, "again": 1, "retry": 1, "blocked": 1, "terminal": 1}


def test_a_bug_is_counted_beside_the_refusal_that_it_ends_as() -> None:
    broken(Key("bugs", "pods", "default", "web-0"), _raised(KeyError("spec")))
    labels = {"cluster": "bugs", "plural": "pods"}
    assert REGISTRY.get_sample_value("tohost_internal_errors_total", labels) == 1


def _raised(error: Exception) -> Exception:
    """With a place where it was raised."""
    try:
        raise error
    except Exception as caught:
        return caught


def test_readiness_is_told_as_it_was_last_asked_for() -> None:
    notes = {"v": "away", "v virtual:pods": "forbidden", "redis maxmemory-policy": "lru"}
    gauges = ReadinessGauges(lambda: Readiness({"redis": "starting"}, notes), ["v", "w"])
    assert not collected(gauges).families
    assert gauges().notes == notes
    found = collected(gauges)
    assert found.value("tohost_ready") == 0
    counts = {name: found.value("tohost_notes", cluster=name) for name in ("v", "w", "")}
    assert counts == {"v": 2, "w": 0, "": 1}
