"""A pod's way from the host's scheduler to its virtual pod: the fewest writes."""

from typing import Any

from common.actions import Bind, Patch
from common.cluster import Cluster
from common.context import Context
from common.objects import Obj
from common.pod.status import up

CONTEXT = Context(Cluster("v", "h", enabled=frozenset({"pods"})))
FIRST, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:00:07Z"
WAITING = {"phase": "Pending", "qosClass": "BestEffort"}


def scheduled(at: str | None = None, **fields: Any) -> Obj:
    times = {"lastProbeTime": None, "lastTransitionTime": at}
    return {"type": "PodScheduled", "status": "True", **times, **fields}


def pod(node: str, *conditions: Obj, **status: Any) -> Obj:
    spec = {"nodeName": node} if node else {}
    metadata = {"name": "a", "namespace": "ns", "uid": "u"}
    told = {**WAITING, **status}
    if conditions:
        told["conditions"] = list(conditions)
    return {"metadata": metadata, "spec": spec, "status": told}


def test_a_pod_that_was_just_bound_is_bound_and_no_more() -> None:
    assert up(pod(""), pod("n", scheduled(FIRST)), CONTEXT) == [Bind("ns", "a", "u", "n")]


def test_what_could_not_be_scheduled_at_first_is_bound_and_no_more() -> None:
    refused = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    assert up(pod("", refused), pod("n", scheduled(FIRST)), CONTEXT) == [Bind("ns", "a", "u", "n")]


def test_when_a_bound_pod_was_bound_is_left_as_it_is() -> None:
    assert up(pod("n", scheduled(LATER)), pod("n", scheduled(FIRST)), CONTEXT) == []


def test_the_next_change_takes_the_hosts_time_along() -> None:
    host = pod("n", scheduled(FIRST), phase="Running")
    (patch,) = up(pod("n", scheduled(LATER)), host, CONTEXT)
    assert isinstance(patch, Patch)
    assert patch.patch == {"status": {"phase": "Running", "conditions": [scheduled(FIRST)]}}


def test_a_pod_that_was_bound_and_runs_is_bound_and_told() -> None:
    host = pod("n", scheduled(FIRST), phase="Running")
    bind, patch = up(pod(""), host, CONTEXT)
    assert isinstance(bind, Bind)
    assert isinstance(patch, Patch)
    assert patch.patch == {"status": {"phase": "Running", "conditions": [scheduled(FIRST)]}}


def test_whatever_else_the_host_says_of_the_scheduling_comes_up() -> None:
    host = pod("n", scheduled(FIRST, observedGeneration=1, reason="Chosen"))
    (patch,) = up(pod("n", scheduled(LATER)), host, CONTEXT)
    assert isinstance(patch, Patch)
    assert patch.patch["status"]["conditions"][0]["reason"] == "Chosen"


def test_a_pod_that_is_scheduled_no_more_is_told_with_its_time() -> None:
    host = pod("n", {**scheduled(LATER), "status": "False"})
    (patch,) = up(pod("n", {**scheduled(FIRST), "status": "False"}), host, CONTEXT)
    assert isinstance(patch, Patch)
    assert patch.patch["status"]["conditions"][0]["lastTransitionTime"] == LATER
