"""Which streams each kind waits for."""

from dataclasses import replace
from typing import Final

from common.cluster import Cluster
from common.context import Need
from common.kinds import REGISTRY
from workers.gate import gates

PODS, SECRETS = REGISTRY["pods"], REGISTRY["secrets"]
# As some custom resource might be: it refers to Secrets and to Nodes, and comes up.
WIDGETS = replace(PODS, plural="widgets", option="widgets", discovered=True)
NEEDS: Final[frozenset[Need]] = frozenset({"referrers"})
KINDS = (PODS, SECRETS, WIDGETS, REGISTRY["namespaces"], REGISTRY["services"])


def cluster(*enabled: str, draining: str = "") -> Cluster:
    return Cluster("v", "h", enabled=frozenset(enabled), draining=frozenset(draining.split()))


def test_secrets_wait_for_whatever_may_refer_to_them() -> None:
    gate = gates(KINDS, cluster("pods", "secrets", "widgets"))["secrets"]
    assert {("virtual", "pods"), ("virtual", "widgets"), ("host", "secrets")} <= gate


def test_a_host_that_lacks_a_kind_holds_up_nothing_but_what_belongs_to_it() -> None:
    other = replace(WIDGETS, plural="parts", option="parts", namespaced=False, needs=NEEDS)
    near = replace(other, group="example.com")
    widgets = replace(WIDGETS, group="example.com")
    on = cluster("pods", "secrets", "widgets", "parts")
    for kind, waits in ((other, False), (near, True), (SECRETS, False)):
        gate = gates((PODS, SECRETS, widgets, kind), on)[kind.plural]
        assert (("host", "widgets") in gate) is waits
        assert (("host", "pods") in gate) is not kind.namespaced


def test_nothing_waits_for_kinds_that_are_off() -> None:
    off = gates(KINDS, cluster("pods", "secrets"))
    assert "widgets" not in off
    assert not [stream for gate in off.values() for stream in gate if stream[1] == "widgets"]


def test_nobody_waits_for_what_is_watched_of_a_kind_that_is_off() -> None:
    always = replace(WIDGETS, always=True, needs=frozenset())
    found = gates((*KINDS[:2], always), cluster("pods", "secrets"))
    assert ("virtual", "widgets") not in found["secrets"]
    assert found["widgets"] == {("virtual", "widgets")}


def test_pods_wait_for_what_their_variables_come_from() -> None:
    gate = gates(KINDS, cluster("pods", "secrets"))["pods"]
    assert ("virtual", "secrets") in gate
    assert not [stream for stream in gate if stream[1] == "configmaps"]


def test_to_clean_up_a_kind_needs_its_host_objects_only() -> None:
    found = gates(KINDS, cluster("secrets", "services", draining="pods"))
    assert found["pods"] == {("host", "pods")}
    assert ("virtual", "pods") not in found["secrets"]
