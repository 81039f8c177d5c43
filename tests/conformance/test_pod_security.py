"""Our own reading of the Pod Security Standards against Kubernetes' admission.

With UPDATE_VECTORS=1 what the API server says of each case is written down for the tests that run
without one.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable

import pytest

from common.cluster import PodSecurity
from common.objects import Obj
from common.pod.security.standards import broken_controls
from sandbox.kubeconfig import read_access
from tests.conformance.api import Api
from tests.controlplane import ControlPlanes, assets
from tests.standards.answers import Answers, as_control_names, recorded, write
from tests.standards.cases import mixed_cases, single_cases

pytestmark = pytest.mark.skipif(assets() is None, reason="needs a kube-apiserver")
_LEVELS: tuple[PodSecurity, ...] = ("baseline", "restricted")
_ENFORCE = "pod-security.kubernetes.io/enforce"
_MIXED = 150
_UNPROCESSABLE = 422


@pytest.fixture
async def admission(planes: ControlPlanes) -> AsyncIterator[Api]:
    """An API server with a namespace `enforce-<level>` for each level."""
    async with Api(read_access(planes.virtual_kubeconfig), "default") as api:
        for level in _LEVELS:
            name = f"enforce-{level}"
            await api.post(
                "/api/v1/namespaces", {"metadata": {"name": name, "labels": {_ENFORCE: level}}}
            )
        yield api


async def answered(api: Api, pod: Obj) -> Answers | None:
    """The controls that the pod breaks, by level; None for one that isn't valid."""
    found: Answers = {}
    for level in _LEVELS:
        path = f"/api/v1/namespaces/enforce-{level}/pods?dryRun=All"
        answer = await api.post(path, pod)
        if answer.code == _UNPROCESSABLE:
            return None
        assert answer.code in (201, 403), answer.body
        found[level] = as_control_names(answer.message) if answer.code == 403 else []
    return found


async def gathered(api: Api, cases: Iterable[tuple[str, Obj]]) -> dict[str, Answers]:
    found = {name: await answered(api, pod) for name, pod in cases}
    return {name: answers for name, answers in found.items() if answers is not None}


async def test_what_is_recorded_is_what_kubernetes_says(admission: Api) -> None:
    found = await gathered(admission, single_cases())
    if os.environ.get("UPDATE_VECTORS"):
        write(found)
    assert found == recorded()


async def test_pods_that_break_several_controls_are_told_the_same_by_us(admission: Api) -> None:
    cases = dict(mixed_cases(_MIXED, seed=1))
    found = await gathered(admission, cases.items())
    assert len(found) > _MIXED / 3
    for name, answers in found.items():
        ours = {level: sorted(broken_controls(level, cases[name])) for level in _LEVELS}
        assert ours == answers, name
