"""The Pod Security Standards as we read them; tests/conformance asks Kubernetes itself."""

from typing import Any

import pytest

from common.pod.security.standards import broken_controls
from tests.standards.answers import recorded
from tests.standards.cases import single_cases

CASES = dict(single_cases())
RECORDED = recorded()


@pytest.mark.parametrize("level", ["baseline", "restricted"])
def test_each_pod_breaks_what_kubernetes_said_that_it_breaks(level: Any) -> None:
    ours = {name: sorted(broken_controls(level, CASES[name])) for name in RECORDED}
    assert ours == {name: answers[level] for name, answers in RECORDED.items()}


def test_every_control_is_broken_and_obeyed_by_some_recorded_pod() -> None:
    for level in ("baseline", "restricted"):
        broken = [set(answers[level]) for answers in RECORDED.values()]
        assert set.union(*broken)
        assert not any(all(name in each for each in broken) for name in set.union(*broken))


def test_nothing_breaks_the_standard_that_asks_for_nothing() -> None:
    assert not any(broken_controls("privileged", pod) for pod in CASES.values())
