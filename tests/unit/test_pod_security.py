"""The Pod Security Standards as we read them; tests/conformance asks Kubernetes itself."""

from typing import Any

import pytest

from common.cluster import Cluster, PodOptions
from common.context import Context
from common.kinds import REGISTRY
from common.pod.security.standards import STANDARDS, broken_controls, control_names
from tests.standards.answers import recorded
from tests.standards.cases import single_cases
from workers.plan import host_object

CASES = dict(single_cases())
RECORDED = recorded()


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_each_pod_breaks_what_kubernetes_said_that_it_breaks(level: Any) -> None:
    ours = {name: sorted(broken_controls(level, CASES[name])) for name in RECORDED}
    assert ours == {name: answers[level] for name, answers in RECORDED.items()}


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_every_control_is_broken_and_obeyed_by_some_recorded_pod(level: Any) -> None:
    """But for procMount: API servers let only pods in user namespaces have another."""
    broken = [set(answers[level]) for answers in RECORDED.values()]
    controls = set(control_names(level))
    assert controls - {name for each in broken for name in each} <= {"procMount"}
    assert not any(all(name in each for each in broken) for name in controls)


def test_an_unmasked_proc_is_refused_wherever_it_could_be_asked_for() -> None:
    unmasked = {"securityContext": {"procMount": "Unmasked"}}
    pod = {"spec": {"containers": [{"name": "c", **unmasked}]}}
    assert broken_controls("baseline", pod).keys() == {"procMount"}
    pod["spec"]["hostUsers"] = False  # type: ignore[assignment]
    assert broken_controls("baseline", pod) == {}
    assert "procMount" in broken_controls("restricted", pod)


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": "x", "volumes": {"a": 1}, "securityContext": ["y"]},
        {"containers": [None, 7, {"name": 1, "securityContext": "z", "ports": [None]}]},
        {"initContainers": [{"livenessProbe": "p", "lifecycle": {"preStop": {"httpGet": 1}}}]},
        {"containers": [{"securityContext": {"capabilities": {"add": "ALL", "drop": 3}}}]},
        {"volumes": [{"name": "v", "hostPath": None}], "os": "windows", "hostUsers": "no"},
    ],
)
def test_what_has_no_form_of_a_pod_breaks_nothing_of_ours(spec: Any) -> None:
    """API servers refuse it; patches of the configuration may make it."""
    for level in STANDARDS:
        assert isinstance(broken_controls(level, {"spec": spec}), dict)


def test_nothing_breaks_the_standard_that_asks_for_nothing() -> None:
    assert not any(broken_controls("privileged", pod) for pod in CASES.values())


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_translation_changes_nothing_that_the_standards_are_about(level: Any) -> None:
    """So a pod may be judged as the tenant wrote it, where there are no patches."""
    context = Context(Cluster("v", "h", pods=PodOptions(hosts_image="alpine")))
    for name, pod in CASES.items():
        virtual = {**pod, "metadata": {**pod["metadata"], "namespace": "n", "uid": "u"}}
        virtual["spec"] = {**pod["spec"], "subdomain": "web"}
        sent = host_object(REGISTRY["pods"], virtual, context)
        assert set(broken_controls(level, sent)) == set(broken_controls(level, pod)), name
