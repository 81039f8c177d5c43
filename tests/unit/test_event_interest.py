"""Which events of the host are looked at closer."""

from datetime import UTC, datetime
from typing import Any

import pytest

from common.cluster import Cluster, NamespaceRules
from common.event.interest import STALE_S, may_concern, stale
from common.naming import host_name
from common.objects import Obj

CLUSTER = Cluster("v", "h", enabled=frozenset({"pods", "widgets.example.com"}))
ACTIVE = frozenset({"pods", "events", "namespaces", "widgets.example.com"})
NOW_S = 1_800_000_000.0


def event(**about: Any) -> Obj:
    whole = {
        "apiVersion": "v1",
        "kind": "Pod",
        "namespace": "h",
        "name": host_name(CLUSTER, "default", "web"),
        "uid": "u1",
    }
    return {"metadata": {"name": "e"}, "involvedObject": {**whole, **about}}


def test_an_event_of_a_pod_of_ours_may_concern_us() -> None:
    assert may_concern(CLUSTER, ACTIVE, event())


@pytest.mark.parametrize(
    "about",
    [
        {"namespace": "elsewhere"},
        {"name": "someones-pod"},
        {"name": ""},
        {"uid": ""},
        {"kind": "Service"},
        {"kind": "Node", "namespace": ""},
        {"kind": "Namespace", "namespace": ""},
        {"kind": "Event"},
        {"kind": "ReplicaSet", "apiVersion": "apps/v1"},
        {"kind": "Pod", "apiVersion": "other.com/v1"},
        {"kind": None, "apiVersion": None},
    ],
    ids=str,
)
def test_other_events_do_not(about: Obj) -> None:
    assert not may_concern(CLUSTER, ACTIVE, event(**about))


def test_an_event_without_an_object_does_not() -> None:
    assert not may_concern(CLUSTER, ACTIVE, {"metadata": {"name": "e"}})


def test_events_of_custom_resources_that_are_synced_may() -> None:
    widget = {"apiVersion": "example.com/v1", "kind": "Widget"}
    assert may_concern(CLUSTER, ACTIVE, event(**widget))
    assert not may_concern(CLUSTER, frozenset({"pods"}), event(**widget))


def test_events_of_a_kind_that_is_being_cleaned_up_do_not() -> None:
    cluster = Cluster("v", "h", draining=frozenset({"pods"}))
    assert not may_concern(cluster, ACTIVE, event())


def test_with_namespace_sync_events_in_our_namespaces_may() -> None:
    rules = NamespaceRules(exact={"a": "team-a"}, only=True)
    cluster = Cluster("v", "h", enabled=frozenset({"pods"}), namespaces=rules)
    assert may_concern(cluster, ACTIVE, event(namespace="team-a", name="web"))
    assert not may_concern(cluster, ACTIVE, event(namespace="team-b", name="web"))


def at(age_s: float) -> str:
    return datetime.fromtimestamp(NOW_S - age_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


OLD, RECENT = at(STALE_S + 60), at(STALE_S - 60)


@pytest.mark.parametrize(
    "fields",
    [
        {"lastTimestamp": RECENT, "firstTimestamp": OLD},
        {"eventTime": RECENT},
        {"eventTime": OLD, "series": {"count": 2, "lastObservedTime": RECENT}},
        {"metadata": {"creationTimestamp": RECENT}},
        {"lastTimestamp": at(-3600)},
    ],
    ids=str,
)
def test_what_happened_lately_is_not_stale(fields: Obj) -> None:
    assert not stale(fields, NOW_S)


@pytest.mark.parametrize(
    "fields",
    [
        {"lastTimestamp": OLD, "metadata": {"creationTimestamp": OLD}},
        {"eventTime": OLD, "lastTimestamp": None, "series": None},
        {},
    ],
    ids=str,
)
def test_what_is_long_past_is_stale(fields: Obj) -> None:
    assert stale(fields, NOW_S)
