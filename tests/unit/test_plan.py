"""The general plan by example; tests/vectors has more, tests/property the laws."""

from dataclasses import replace

import pytest

from common.actions import Create, Delete, Patch, RequeueAfter
from common.cluster import Cluster
from common.context import Context, Related
from common.kinds import REGISTRY
from common.objects import Obj, merge_patch, timestamp_s
from workers.plan import STALLED_S, body_patch, host_object, plan

CONTEXT = Context(Cluster("v", "h"), Related(referrers=frozenset({"pods default/web"})), 2e9)
CONFIGMAPS, PODS, CLAIMS = (
    REGISTRY[plural] for plural in ("configmaps", "pods", "persistentvolumeclaims")
)
DELETING = {"deletionTimestamp": "2026-01-01T00:00:00Z", "deletionGracePeriodSeconds": 30}


def virtual(**metadata: object) -> Obj:
    return {"metadata": {"name": "web", "namespace": "default", "uid": "u1", **metadata}}


def host(plural: str, **metadata: object) -> Obj:
    made = host_object(REGISTRY[plural], virtual(), CONTEXT)
    result: Obj = merge_patch(made, {"metadata": {"uid": "h1", "resourceVersion": "9", **metadata}})
    return result


def test_agreement_needs_nothing() -> None:
    assert plan(CONFIGMAPS, virtual(), host("configmaps"), CONTEXT) == []


def test_two_objects_that_are_both_gone_need_nothing() -> None:
    assert plan(CONFIGMAPS, None, None, CONTEXT) == []


def test_what_is_missing_on_the_host_is_created_whole() -> None:
    (create,) = plan(CONFIGMAPS, {**virtual(), "data": {"a": "1"}}, None, CONTEXT)
    assert isinstance(create, Create)
    assert create.body["kind"] == "ConfigMap"
    assert create.body["data"] == {"a": "1"}


def test_an_orphan_is_deleted_with_its_uid_and_only_on_proof() -> None:
    (delete,) = plan(CONFIGMAPS, None, host("configmaps"), CONTEXT)
    assert delete == Delete("host", "h", "v-default-web-x-default-x-v", "h1")


def test_a_deletion_under_way_is_not_repeated() -> None:
    assert plan(CONFIGMAPS, None, host("configmaps", **DELETING), CONTEXT) == []


def test_a_virtual_object_with_a_deletion_timestamp_takes_its_host_object_along() -> None:
    (delete,) = plan(CONFIGMAPS, virtual(**DELETING), host("configmaps"), CONTEXT)
    assert isinstance(delete, Delete)
    assert plan(CONFIGMAPS, virtual(**DELETING), None, CONTEXT) == []


def test_a_host_object_that_goes_is_waited_for_and_then_made_again() -> None:
    assert plan(CONFIGMAPS, virtual(), host("configmaps", **DELETING), CONTEXT) == []
    assert isinstance(plan(CONFIGMAPS, virtual(), None, CONTEXT)[0], Create)


def test_a_predecessors_host_object_is_deleted_not_patched() -> None:
    (delete,) = plan(CONFIGMAPS, virtual(uid="u2"), host("configmaps"), CONTEXT)
    assert isinstance(delete, Delete)
    assert not delete.unwanted


def test_a_predecessors_claim_is_adopted() -> None:
    actions = plan(CLAIMS, virtual(uid="u2"), host("persistentvolumeclaims"), CONTEXT)
    (patch,) = actions
    assert isinstance(patch, Patch)
    assert patch.patch == {"metadata": {"annotations": {"vcluster.loft.sh/uid": "u2"}}}


def test_a_host_object_of_another_virtual_object_is_never_touched() -> None:
    foreign = host("configmaps", annotations={"vcluster.loft.sh/name": "other"})
    (create,) = plan(CONFIGMAPS, virtual(), foreign, CONTEXT)
    assert isinstance(create, Create)


def test_patches_name_the_version_that_they_were_made_from() -> None:
    (patch,) = plan(CONFIGMAPS, virtual(labels={"a": "1"}), host("configmaps"), CONTEXT)
    assert isinstance(patch, Patch)
    assert (patch.uid, patch.resource_version) == ("h1", "9")


def test_an_unwanted_pod_is_deleted_with_its_own_grace_period() -> None:
    gated = {**virtual(), "spec": {"schedulingGates": [{"name": "g"}]}}
    (delete,) = plan(PODS, gated, host("pods"), CONTEXT)
    assert delete == Delete("host", "h", "v-default-web-x-default-x-v", "h1", None, True)


@pytest.mark.parametrize(("grace_s", "expected"), [(0, 1), (10, 1), (30, 0), (60, 0)])
def test_a_running_deletion_is_only_shortened(grace_s: int, expected: int) -> None:
    deleting = virtual(**{**DELETING, "deletionGracePeriodSeconds": grace_s})
    actions = plan(PODS, deleting, host("pods", **DELETING), CONTEXT)
    assert [type(action) for action in actions] == [Delete] * expected


def test_a_deleting_virtual_pod_goes_when_its_host_pod_is_gone() -> None:
    (delete,) = plan(PODS, virtual(**DELETING), None, CONTEXT)
    assert delete == Delete("virtual", "default", "web", "u1", 0)


ENDED = {**DELETING, "deletionGracePeriodSeconds": 0}


def at(seconds: float) -> Context:
    """So long after the deletion."""
    return replace(CONTEXT, now_s=timestamp_s(str(DELETING["deletionTimestamp"])) + seconds)


@pytest.mark.parametrize("deleted", [virtual(**ENDED), None])
def test_an_api_server_gets_time_to_remove_a_pod(deleted: Obj | None) -> None:
    (wait,) = plan(PODS, virtual(**ENDED), None, at(1))
    assert wait == RequeueAfter(STALLED_S - 1, "its deletion is under way")
    (wait, *_) = plan(PODS, deleted, host("pods", **ENDED), at(-100))
    assert wait == RequeueAfter(STALLED_S, "its deletion is under way")


@pytest.mark.parametrize("deleted", [virtual(**ENDED), None])
def test_a_removal_that_was_interrupted_is_asked_for_again(deleted: Obj | None) -> None:
    (delete,) = plan(PODS, virtual(**ENDED), None, at(STALLED_S))
    assert delete == Delete("virtual", "default", "web", "u1", 0)
    (delete, *_) = plan(PODS, deleted, host("pods", **ENDED), at(STALLED_S))
    assert delete == Delete("host", "h", "v-default-web-x-default-x-v", "h1", 0)


def test_a_pod_that_only_waits_for_its_finalizers_is_left_alone() -> None:
    waiting = virtual(**{**DELETING, "deletionGracePeriodSeconds": 0}, finalizers=["job"])
    assert plan(PODS, waiting, None, CONTEXT) == []


@pytest.mark.parametrize(
    "ran",
    [
        {"status": {"startTime": "x"}},
        {"status": {"phase": "Succeeded"}},
        {"status": {"hostIP": "10.0.0.1"}},
        {
            "spec": {"nodeName": "n"},
            "status": {"conditions": [{"type": "PodScheduled", "status": "True"}]},
        },
    ],
)
def test_a_pod_that_ran_is_not_started_a_second_time(ran: Obj) -> None:
    (delete,) = plan(PODS, {**virtual(), **ran}, None, CONTEXT)
    assert delete == Delete("virtual", "default", "web", "u1", 0)


def test_a_new_pod_after_one_that_was_seen_gone_is_started() -> None:
    context = Context(CONTEXT.cluster, Related(host_gone_uid="u0"), 2e9)
    assert isinstance(plan(PODS, virtual(), None, context)[0], Create)


def test_a_terminating_pods_status_still_comes_up() -> None:
    dying = {**host("pods", **DELETING), "status": {"phase": "Running", "reason": "Ending"}}
    deleting = {**virtual(**DELETING), "status": {"phase": "Running"}}
    (patch,) = plan(PODS, deleting, dying, CONTEXT)
    assert isinstance(patch, Patch)
    assert (patch.subresource, patch.patch) == ("status", {"status": {"reason": "Ending"}})


def service(**spec: object) -> Obj:
    metadata = {"name": "db", "namespace": "default", "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": metadata, "spec": {"clusterIP": "10.0.0.1", "ports": [{"port": 1}], **spec}}


def waits(one: Obj, host_ip: str = "", *, age_s: float = 1.0, created: str = "00:00:00") -> bool:
    pod = virtual(creationTimestamp=f"2026-01-01T{created}Z")
    hosts = {"db": {"spec": {"clusterIP": host_ip}}} if host_ip else {}
    related = Related(services=(one,), host_services=hosts)
    context = Context(CONTEXT.cluster, related, 1767225600 + age_s)
    return isinstance(plan(PODS, pod, None, context)[0], RequeueAfter)


def test_a_pod_waits_for_services_that_have_no_address_or_another_one_yet() -> None:
    assert waits(service())
    assert waits(service(), "10.9.0.1")


def test_a_pod_does_not_wait_longer_than_a_few_seconds() -> None:
    assert not waits(service(), age_s=5.0)


def test_a_pod_does_not_wait_for_services_that_are_settled_refused_or_younger() -> None:
    refused = service()
    refused["metadata"]["annotations"] = {"vcluster.loft.sh/host-cluster-ip": "10.9.0.1"}
    assert not waits(service(), "10.0.0.1")
    assert not waits(refused, "10.9.0.1")
    younger = service()
    younger["metadata"]["creationTimestamp"] = "2026-01-01T00:00:01Z"
    assert not waits(younger)


def test_a_pod_does_not_wait_for_services_without_variables() -> None:
    assert not waits(service(clusterIP="None"))
    assert not waits(service(type="ExternalName", clusterIP=None))


def test_a_service_on_its_way_to_the_hosts_address_is_waited_for() -> None:
    moving = service(type="ExternalName", clusterIP=None)
    moving["metadata"]["annotations"] = {"vcluster.loft.sh/moving": "[]"}
    assert waits(moving, "10.9.0.1")


@pytest.mark.parametrize("nothing", [None, "", [], {}, False])
def test_missing_and_empty_fields_are_the_same(nothing: object) -> None:
    assert body_patch(("data",), {"data": nothing}, {}) == {}
    assert body_patch(("data",), {}, {"data": nothing}) == {}


def test_an_owned_field_that_went_is_removed() -> None:
    assert body_patch(("data",), {}, {"data": {"a": "1"}}) == {"data": None}
