"""The checker can fail: each sort of violation, planted by hand, is told."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from tests.chaos.agreeing import TENANT, P, agreeing
from tests.chaos.checker import HOLD, check_tenant
from tests.chaos.expected.view import View
from tests.chaos.names import host_name
from tests.chaos.objects import Obj
from tests.chaos.tenants import Tenant

Spoil = Callable[[View], object]


def host(view: View, plural: str) -> Obj:
    return view.host[plural][0]


def virtual(view: View, plural: str) -> Obj:
    return view.virtual[plural][0]


def told(view: View) -> set[tuple[str, str]]:
    return {(each.sort, each.about) for each in check_tenant(view)}


def test_two_sides_that_agree_have_no_violation() -> None:
    assert check_tenant(agreeing()) == []


MISSING = {
    "a pod": ("pods", {("missing", "pods a/web")}),
    "a Service": ("services", {("missing", "services a/web")}),
    "a ConfigMap that a pod refers to": ("configmaps", {("missing", "configmaps a/settings")}),
}


@pytest.mark.parametrize("case", MISSING)
def test_what_is_missing_on_the_host_is_told(case: str) -> None:
    plural, expected = MISSING[case]
    view = agreeing()
    del list_of(view.host, plural)[0]
    assert told(view) == expected


def list_of(found: object, plural: str) -> list[Obj]:
    assert isinstance(found, dict)
    items: list[Obj] = found[plural]
    return items


def test_what_no_virtual_object_accounts_for_is_an_orphan() -> None:
    view = agreeing()
    list_of(view.virtual, "services").clear()
    assert told(view) == {("orphan", "services a/web")}


def test_a_config_map_that_nothing_refers_to_is_an_orphan() -> None:
    view = agreeing()
    del virtual(view, "pods")["spec"]["containers"][0]["envFrom"]
    del host(view, "pods")["spec"]["containers"][0]["envFrom"]
    assert told(view) == {("orphan", "configmaps a/settings")}


def test_what_is_left_of_a_deleted_object_is_an_orphan() -> None:
    """Somebody's finalizer keeps the virtual object; the host's must go all the same."""
    view = agreeing()
    virtual(view, "services")["metadata"] |= {"deletionTimestamp": "t", "finalizers": [HOLD]}
    assert told(view) == {("orphan", "services a/web")}


def test_a_kind_that_is_off_has_nothing_on_the_host() -> None:
    view = agreeing()
    off = View(Tenant("red", "vc-red", on=TENANT.on - {"services"}), view.virtual, view.host)
    assert told(off) == {("orphan", "services a/web")}


def test_an_object_that_is_on_the_host_twice_is_told() -> None:
    view = agreeing()
    second = deepcopy(host(view, "services"))
    second["metadata"]["name"] = "red-a-web-x-a-x-red-0123456789"
    list_of(view.host, "services").append(second)
    assert told(view) == {("orphan", "services a/web")}


def test_both_names_of_an_object_that_may_have_either_are_told() -> None:
    """Where names could be confused either is right, but not both."""
    view = agreeing()
    for each in (virtual(view, "services"), host(view, "services")):
        each["metadata"]["name"] = each["metadata"]["name"].replace("web", "x-x-y")
    host(view, "services")["metadata"]["annotations"][f"{P}name"] = "x-x-y"
    assert check_tenant(view) == []
    second = deepcopy(host(view, "services"))
    second["metadata"]["name"] = "red-a-x-x-y-x-a-x-red-70a3f6cc1c"
    list_of(view.host, "services").append(second)
    assert {sort for sort, _ in told(view)} <= {"doubled", "orphan"} != set()
    assert told(view)


DIFFERENCES: dict[str, tuple[str, Spoil]] = {
    "other data": ("configmaps", lambda v: host(v, "configmaps")["data"].update(k="w")),
    "more data": ("configmaps", lambda v: host(v, "configmaps")["data"].update(more="w")),
    "no data": ("configmaps", lambda v: host(v, "configmaps").pop("data")),
    "a predecessor's uid": (
        "services",
        lambda v: host(v, "services")["metadata"]["annotations"].update({f"{P}uid": "old"}),
    ),
    "a label that lacks": (
        "services",
        lambda v: host(v, "services")["metadata"]["labels"].pop("app"),
    ),
    "a selector that reaches others": (
        "services",
        lambda v: host(v, "services")["spec"]["selector"].pop(f"{P}namespace"),
    ),
    "another port": (
        "services",
        lambda v: host(v, "services")["spec"]["ports"][0].update(port=81),
    ),
    "another image": (
        "pods",
        lambda v: host(v, "pods")["spec"]["containers"][0].update(image="other"),
    ),
    "a reference that didn't follow": (
        "pods",
        lambda v: host(v, "pods")["spec"]["containers"][0].update(
            envFrom=[{"configMapRef": {"name": "settings"}}]
        ),
    ),
    "a token of the host's": (
        "pods",
        lambda v: host(v, "pods")["spec"].update(automountServiceAccountToken=True),
    ),
    "a toleration of nobody's": (
        "pods",
        lambda v: host(v, "pods")["spec"].update(tolerations=[{"operator": "Exists"}]),
    ),
    "a label of the namespace that lacks": (
        "pods",
        lambda v: virtual(v, "namespaces")["metadata"].update(labels={"team": "x"}),
    ),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_a_host_object_that_differs_is_told(case: str) -> None:
    plural, spoil = DIFFERENCES[case]
    view = agreeing()
    spoil(view)
    assert {(sort, about.partition(" ")[0]) for sort, about in told(view)} == {("differs", plural)}


UPWARD: dict[str, tuple[str, Spoil]] = {
    "phase": ("pods", lambda v: host(v, "pods")["status"].update(phase="Failed")),
    "address": ("pods", lambda v: host(v, "pods")["status"].update(podIP="10.244.0.9")),
    "condition": ("pods", lambda v: host(v, "pods")["status"].update(conditions=[])),
    "container": (
        "pods",
        lambda v: host(v, "pods")["status"]["containerStatuses"][0].update(ready=False),
    ),
    "cluster IP": ("services", lambda v: host(v, "services")["spec"].update(clusterIP="10.97.9.9")),
    "node port": (
        "services",
        lambda v: host(v, "services")["spec"]["ports"][0].update(nodePort=30_001),
    ),
    "load balancer": (
        "services",
        lambda v: host(v, "services").update(status={"loadBalancer": {"ingress": [{"ip": "1"}]}}),
    ),
}


@pytest.mark.parametrize("case", UPWARD)
def test_a_status_that_did_not_come_up_is_told(case: str) -> None:
    plural, spoil = UPWARD[case]
    view = agreeing()
    spoil(view)
    assert told(view) == {("status differs", f"{plural} a/web")}


def test_a_pod_on_another_node_and_that_node_are_told() -> None:
    view = agreeing()
    virtual(view, "pods")["spec"]["nodeName"] = "node-2"
    about = {"status differs": "pods a/web"}.items()
    assert told(view) == {*about, ("stand-in", "nodes node-1"), ("stand-in", "nodes node-2")}


def test_a_deletion_that_nobody_holds_is_stuck() -> None:
    view = agreeing()
    virtual(view, "services")["metadata"]["deletionTimestamp"] = "t"
    list_of(view.host, "services").clear()
    assert told(view) == {("stuck deletion", "services a/web")}


def test_a_host_object_that_goes_while_it_is_wanted_is_stuck() -> None:
    view = agreeing()
    host(view, "services")["metadata"]["deletionTimestamp"] = "t"
    assert told(view) == {("stuck deletion", "services a/web")}


@pytest.mark.parametrize(("used", "expected"), [(True, set()), (False, {"orphan"})])
def test_a_claim_that_pods_of_the_host_still_use_may_take_its_time(
    used: bool, expected: set[str]
) -> None:
    view = agreeing()
    name = "red-a-data-x-a-x-red"
    claim = deepcopy(host(view, "services"))
    claim["metadata"] |= {"name": name, "deletionTimestamp": "t"}
    claim["metadata"]["finalizers"] = ["kubernetes.io/pvc-protection"]
    volume = {"name": "d", "persistentVolumeClaim": {"claimName": name if used else "other"}}
    pod = {"metadata": {"name": "p", "namespace": "vc-red"}, "spec": {"volumes": [volume]}}
    found = {**view.host, "pods": [*view.host["pods"], pod], "persistentvolumeclaims": [claim]}
    assert {sort for sort, _ in told(View(TENANT, view.virtual, found))} == expected


def test_a_volume_stands_in_the_virtual_cluster_while_a_claim_is_bound_to_it() -> None:
    view = agreeing()
    held = {"deletionTimestamp": "t", "finalizers": [HOLD]}
    metadata = {"name": "data", "namespace": "a", **held}
    claim: Obj = {"metadata": metadata, "spec": {"volumeName": "pv"}}
    spec = {"flexVolume": {"driver": f"{P}stand-in"}}
    volume = {"metadata": {"name": "pv"}, "spec": spec}
    with_volume = {**view.virtual, "persistentvolumes": [volume]}
    assert told(View(TENANT, with_volume, view.host)) == {("stand-in", "persistentvolumes pv")}
    with_both = {**with_volume, "persistentvolumeclaims": [claim]}
    assert check_tenant(View(TENANT, with_both, view.host)) == []
    del claim["metadata"]["deletionTimestamp"]
    without = View(TENANT, {**view.virtual, "persistentvolumeclaims": [claim]}, view.host)
    assert ("stand-in", "persistentvolumes pv") in told(without)


NAMES = [
    (
        Tenant("my-vcluster", "h"),
        "default",
        "my-pod",
        "my-vcluster-default-my-pod-x-default-x-my-vcluster",
    ),
    (Tenant("v", "h", classic=True), "a", "n0", "n0-x-a-x-v"),
    (Tenant("v", "h", mappings=()), "a", "n0", "n0"),
    (
        Tenant("my-vcluster", "h", classic=True),
        "a-namespace-that-is-long",
        "a-name-that-is-long-as-well",
        "a-name-that-is-long-as-well-x-a-namespace-that-is-lo-74721b3d29",
    ),
]


@pytest.mark.parametrize(("tenant", "namespace", "name", "expected"), NAMES)
def test_names_are_those_that_the_seed_and_other_implementations_make(
    tenant: Tenant, namespace: str, name: str, expected: str
) -> None:
    assert host_name(tenant, namespace, name) == expected
