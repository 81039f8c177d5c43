"""Which version of a kind is synced, and what is told when none can be."""

from dataclasses import replace

import pytest

from common.cluster import Cluster
from common.context import Context
from common.kind import Kind
from common.kube.served import (
    Offer,
    Record,
    Records,
    Served,
    choose,
    may_be_custom,
    problem,
    resolved,
)
from common.objects import Obj


def _same(virtual: Obj, _context: Context) -> Obj:
    return virtual


WIDGETS = Kind(
    plural="widgets.example.com",
    kind="Widget",
    option='customResources["widgets.example.com"]',
    group="example.com",
    version="",
    discovered=True,
    translate=_same,
)
DECLARED = replace(WIDGETS, version="v1")
KNOWN = replace(DECLARED, plural="widgets", option="widgets")
FIXED = replace(KNOWN, discovered=False)
CLUSTER = Cluster("v", "h", enabled=frozenset({"widgets.example.com", "widgets"}))
DRAINED = Cluster("v", "h", draining=CLUSTER.enabled)


def offer(*versions: str, kind: str = "Widget", namespaced: bool = True) -> Offer:
    return {version: Served(version, kind, namespaced, True) for version in versions}


def chosen(kind: Kind, own: Offer, other: Offer) -> str:
    served = choose(kind, own, other)
    return served.version if served else ""


@pytest.mark.parametrize(
    ("own", "other", "version"),
    [
        (("v1", "v2"), ("v1", "v2"), "v2"),
        (("v2", "v10"), ("v2", "v10"), "v10"),
        (("v1", "v2beta1", "v3alpha1"), ("v1", "v2beta1", "v3alpha1"), "v1"),
        (("v1beta1", "v1beta2", "v2alpha1"), ("v1beta1", "v1beta2", "v2alpha1"), "v1beta2"),
        (("v1", "v2"), ("v1",), "v1"),
        (("v1", "v2"), ("v3",), "v2"),
        (("v1", "v2"), (), "v2"),
        (("odd", "v1alpha1"), ("odd",), "odd"),
        (("odd", "v1alpha1"), ("odd", "v1alpha1"), "v1alpha1"),
        ((), ("v1",), ""),
    ],
)
def test_the_newest_version_of_both_sides_is_watched_else_the_newest_there(
    own: tuple[str, ...], other: tuple[str, ...], version: str
) -> None:
    assert chosen(WIDGETS, offer(*own), offer(*other)) == version


def test_a_kind_with_a_translation_of_its_own_keeps_to_the_version_that_is_for() -> None:
    both = offer("v1", "v2")
    assert chosen(KNOWN, both, both) == "v1"
    assert chosen(KNOWN, both, offer("v2")) == "v2"


def test_of_a_declared_version_no_other_one_will_do() -> None:
    both = offer("v1", "v2")
    assert chosen(DECLARED, both, both) == "v1"
    assert chosen(DECLARED, both, offer("v2")) == "v1"
    assert chosen(DECLARED, offer("v2"), both) == ""
    message = problem(DECLARED, CLUSTER, {"virtual": both, "host": offer("v2", "v3")})
    assert "the host serves it as v3, v2, not v1; write sync.toHost.custom" in message


def test_what_has_another_scope_is_not_watched() -> None:
    assert chosen(WIDGETS, offer("v1", namespaced=False), offer("v1")) == ""


@pytest.mark.parametrize(
    ("virtual", "host", "told"),
    [
        (offer("v1"), offer("v1", "v2"), ""),
        (offer("v1"), {}, "the host serves no widgets.example.com; install its CRD or set"),
        ({}, offer("v1"), "the virtual cluster serves no widgets.example.com; install"),
        ({}, {}, "the virtual cluster and the host serve no widgets.example.com; install"),
        (offer("v1", "v2"), offer("v3"), "(virtual cluster: v2, v1; host: v3); serve one on both"),
        (offer("v1"), offer("v1", kind="Gadget"), "is Widget in the virtual cluster and Gadget on"),
        (
            offer("v1"),
            offer("v1", namespaced=False),
            "the host serves it with scope Cluster; write",
        ),
    ],
)
def test_a_problem_says_where_it_is_and_what_to_do(virtual: Offer, host: Offer, told: str) -> None:
    message = problem(WIDGETS, CLUSTER, {"virtual": virtual, "host": host})
    assert told in message
    assert bool(message) is bool(told)


def test_a_kind_that_is_off_has_no_problem() -> None:
    assert problem(WIDGETS, Cluster("v", "h"), {"virtual": {}, "host": {}}) == ""
    assert problem(WIDGETS, DRAINED, {"virtual": {}, "host": {}}) == ""


def test_of_a_kind_of_kubernetes_itself_no_crd_is_asked_for() -> None:
    claims = replace(KNOWN, plural="widgets", group="resource.k8s.io")
    message = problem(claims, CLUSTER, {"virtual": {}, "host": offer("v1")})
    assert "serves no widgets.resource.k8s.io; switch that API on there or set" in message


def records(virtual: Record | None, host: Record | None, plural: str = WIDGETS.plural) -> Records:
    found = {("virtual", plural): virtual, ("host", plural): host}
    return {stream: record for stream, record in found.items() if record}


ONE, TWO = (Record("ready", offer(version)[version]) for version in ("v1", "v2"))
GONE, AWAY = Record("gone", ONE.served), Record("away", ONE.served)


@pytest.mark.parametrize(
    ("virtual", "host", "version"),
    [
        (ONE, ONE, "v1"),
        (TWO, TWO, "v2"),
        (GONE, TWO, "v2"),
        (ONE, TWO, ""),
        (ONE, GONE, ""),
        (ONE, None, ""),
        (None, ONE, ""),
        (AWAY, ONE, ""),
        (ONE, AWAY, ""),
        (GONE, GONE, ""),
        (None, None, ""),
    ],
)
def test_workers_act_while_both_sides_are_stored_in_one_version_or_only_the_host_has_any(
    virtual: Record | None, host: Record | None, version: str
) -> None:
    kind = resolved(WIDGETS, CLUSTER, records(virtual, host))
    assert (kind.version if kind else "") == version


def test_to_clean_up_only_the_host_counts() -> None:
    kind = resolved(WIDGETS, DRAINED, records(AWAY, TWO))
    assert kind is not None
    assert kind.version == "v2"
    assert resolved(WIDGETS, DRAINED, records(ONE, AWAY)) is None


def test_whether_the_status_is_a_subresource_is_the_virtual_clusters_business() -> None:
    without = Record("ready", Served("v1", "Widget", True, False))
    kind = resolved(WIDGETS, CLUSTER, records(without, ONE))
    assert kind is not None
    assert not kind.has_status


def test_a_kind_that_every_server_has_needs_no_record_but_stops_while_it_is_away() -> None:
    assert resolved(FIXED, CLUSTER, {}) is FIXED
    assert resolved(FIXED, CLUSTER, records(None, Record("away"), "widgets")) is None


@pytest.mark.parametrize("record", [ONE, GONE, Record("away"), Record("gone")])
def test_a_record_reads_back(record: Record) -> None:
    assert Record.decode(record.encode()) == record


@pytest.mark.parametrize(
    ("group", "custom"),
    [
        ("example.com", True),
        ("snapshot.storage.k8s.io", True),
        ("gateway.networking.k8s.io", True),
        ("resource.k8s.io", False),
        ("networking.k8s.io", False),
        ("apps", False),
        ("", False),
    ],
)
def test_objects_of_kubernetes_own_groups_may_come_back(group: str, custom: bool) -> None:
    assert may_be_custom(group) is custom
