"""What counts as a violation in a virtual cluster."""

import pytest

from common.objects import Obj
from tests.proxy import VirtualRules
from tests.proxy.audit import Write
from tests.proxy.writes import delete, marked, patch, write

NS = "/api/v1/namespaces/a"
POD = f"{NS}/pods/p"
VOLUME = "/api/v1/persistentvolumes/p"
TENANTS: Obj = {"metadata": {"name": "p", "uid": "u"}}


@pytest.fixture
def rules() -> VirtualRules:
    return VirtualRules("v")


def said(rules: VirtualRules, *writes: Write) -> str:
    return "; ".join(verdict for each in writes for verdict in rules.judge(each))


@pytest.mark.parametrize(
    "path", [f"{POD}/binding", f"{NS}/serviceaccounts/s/token", f"{NS}/events"]
)
def test_bindings_tokens_and_events_are_made(rules: VirtualRules, path: str) -> None:
    assert not said(rules, write("POST", path, TENANTS))


@pytest.mark.parametrize("path", [f"{NS}/pods", f"{POD}/eviction", f"{NS}/secrets"])
def test_nothing_else_is_made(rules: VirtualRules, path: str) -> None:
    assert said(rules, write("POST", path, marked()))


def test_a_stand_in_bears_the_label(rules: VirtualRules) -> None:
    assert not said(rules, write("POST", "/api/v1/nodes", marked()))
    assert "without our label" in said(rules, write("POST", "/api/v1/nodes", TENANTS))


def test_only_events_that_were_made_here_are_counted_up(rules: VirtualRules) -> None:
    again = patch(f"{NS}/events/p", TENANTS, count=2)
    assert "didn't make" in said(rules, again)
    assert not said(rules, write("POST", f"{NS}/events", TENANTS), again)


def test_statuses_are_written_and_specs_are_not(rules: VirtualRules) -> None:
    assert not said(rules, patch(f"{POD}/status", TENANTS, status={"phase": "Running"}))
    assert "changes spec.x" in said(rules, patch(f"{POD}/status", TENANTS, spec={"x": 1}))
    assert "changes spec.x" in said(rules, patch(POD, TENANTS, spec={"x": 1}))
    assert said(rules, patch(f"{POD}/resize", TENANTS, spec={"x": 1}))


@pytest.mark.parametrize(
    ("field", "allowed"), [("clusterIP", True), ("ports", True), ("selector", False)]
)
def test_of_a_service_only_what_the_host_decides_is_written(
    rules: VirtualRules, field: str, allowed: bool
) -> None:
    written = patch(f"{NS}/services/s", TENANTS, spec={field: "x"})
    assert (said(rules, written) == "") is allowed


def test_pods_are_deleted_and_configmaps_are_not(rules: VirtualRules) -> None:
    assert not said(rules, delete(POD, TENANTS))
    assert "nothing that tohost deletes" in said(rules, delete(f"{NS}/configmaps/p", TENANTS))


def test_a_deletion_means_the_object_that_is_there(rules: VirtualRules) -> None:
    assert "means uid 'other'" in said(rules, delete(POD, TENANTS, uid="other"))


@pytest.mark.parametrize(("policy", "allowed"), [("Delete", True), ("Retain", False)])
def test_a_tenant_s_volume_goes_when_its_data_went(
    rules: VirtualRules, policy: str, allowed: bool
) -> None:
    volume = {**TENANTS, "spec": {"persistentVolumeReclaimPolicy": policy}}
    assert (said(rules, delete(VOLUME, volume)) == "") is allowed


def test_a_stand_in_may_be_changed_and_deleted(rules: VirtualRules) -> None:
    changed = patch(VOLUME, marked(), spec={"capacity": {"storage": "1Gi"}, "csi": {"x": "y"}})
    assert not said(rules, changed, delete(VOLUME, marked()))
