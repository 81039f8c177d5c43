"""What `tohost doctor` makes of what it saw."""

from typing import Any

import pytest

from common.access import Rule
from common.objects import Obj
from tohost.doctor import clocks, identities, kinds, redis_state, rights, versions
from tohost.doctor.finding import Finding
from tohost.doctor.report import as_data, is_well, line, manifests, summary


@pytest.mark.parametrize(
    ("minor", "host", "level"),
    [
        (36, 36, "ok"),
        (34, 36, "ok"),
        (33, 36, "ok"),
        (32, 36, "problem"),
        (37, 36, "warning"),
        (40, 36, "problem"),
        (0, 36, "skipped"),
    ],
)
def test_versions_may_differ_as_kubernetes_lets_them(minor: int, host: int, level: str) -> None:
    assert versions.judge("v", f"v1.{minor}", minor, f"v1.{host}", host).level == level


def test_the_clock_that_differs_from_most_is_the_wrong_one() -> None:
    told = list(clocks.judge({"this machine": 0.0, "redis": 0.1, "host": 60.0, "v": -0.2}))
    assert [(each.where, each.level) for each in told] == [("host", "warning")]
    told = list(clocks.judge({"this machine": 0.0, "redis": 60.1, "host": 60.0, "v": 61.2}))
    assert [each.where for each in told] == ["this machine"]


@pytest.mark.parametrize(
    ("info", "judge", "level"),
    [
        ({"redis_version": "7.4.1"}, redis_state._version, "ok"),
        ({"redis_version": "6.2.0"}, redis_state._version, "ok"),
        ({"redis_version": "6.0.16"}, redis_state._version, "problem"),
        ({"maxmemory": 0, "used_memory": 9}, redis_state._memory, "ok"),
        ({"maxmemory": 100, "used_memory": 95}, redis_state._memory, "warning"),
    ],
)
def test_what_redis_says_of_itself(info: dict[str, Any], judge: Any, level: str) -> None:
    assert judge(info).level == level


def test_a_cluster_is_known_unknown_or_another_one() -> None:
    assert identities.judge("v", "a", "a").level == "ok"
    assert identities.judge("v", "a", "").level == "ok"
    assert identities.judge("v", "a", "b").level == "problem"


def test_each_verb_and_each_name_is_a_question() -> None:
    rules = [Rule("", "pods/status", ("get", "patch")), Rule("", "namespaces", ("get",), ("x",))]
    asked = [str(each) for each in rights.questions("h", rules)]
    assert asked == ["get pods/status", "patch pods/status", "get namespaces x"]


def test_a_crd_is_taken_without_what_belongs_to_its_server() -> None:
    found: Obj = {
        "metadata": {
            "name": "ws.example.com",
            "uid": "u",
            "resourceVersion": "7",
            "annotations": {"api-approved.kubernetes.io": "yes", "other": "no"},
        },
        "spec": {"group": "example.com", "conversion": {"strategy": "Webhook"}},
        "status": {"conditions": []},
    }
    assert kinds.bare(found) == {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {
            "name": "ws.example.com",
            "annotations": {"api-approved.kubernetes.io": "yes"},
        },
        "spec": {"group": "example.com"},
    }


FINE = Finding("redis", "memory", "ok", "9 MiB")
WARNING = Finding("redis", "persistence", "warning", "off", "set it")
PROBLEM = Finding("host", "rights", "problem", "may\nnot\x1b[2J", "apply", [{"kind": "Role"}])


def test_a_finding_is_told_in_lines_that_move_no_cursor() -> None:
    assert line(PROBLEM).splitlines() == [
        "PROBLEM  host: rights: may not [2J",
        "         do: apply",
        "         manifest: tohost doctor --manifests host | kubectl --context host apply -f -",
    ]


@pytest.mark.parametrize(
    ("found", "words", "well"),
    [
        ([FINE], "all is well: 1 checks", True),
        ([FINE, WARNING], "1 warning in 2 checks", True),
        ([PROBLEM, PROBLEM, WARNING], "2 problems and 1 warning in 3 checks", False),
    ],
)
def test_only_problems_are_an_exit_code(found: list[Finding], words: str, well: bool) -> None:
    assert summary(found) == words
    assert is_well(found) is well
    assert as_data(found)["ok"] is well


def test_manifests_are_those_of_one_cluster_each_once() -> None:
    assert manifests([PROBLEM, PROBLEM, FINE], "host") == "---\nkind: Role\n"
    assert manifests([PROBLEM], "v") == ""
