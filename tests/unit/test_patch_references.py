"""References and labels under patches: names follow, wait where they must, and confine."""

from typing import Any

import pytest

from common.actions import Create, RequeueAfter
from common.cluster import Cluster
from common.context import Context, Ref, Related
from common.kinds import kinds_of
from common.naming import hashed_host_name
from common.objects import annotations
from common.patches.rules import PatchRule, ReferenceRule
from tests.unit.patched import ENABLED, POD, SECRET, cluster, kind_of, made, virtual
from workers.plan import host_object, plan


def test_a_name_in_an_annotation_follows() -> None:
    rule = PatchRule("metadata.annotations.secret", reference=SECRET)
    host = made("pods", POD, rule, annotations={"secret": "tls"})
    assert annotations(host)["secret"] == "v-ns-tls-x-ns-x-v"


NESTED = ReferenceRule("v1", "Secret", name_path="name", namespace_path="namespace")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"name": "a"}, {"name": "v-ns-a-x-ns-x-v"}),
        (
            {"name": "a", "namespace": "other", "key": "k"},
            {"name": "v-other-a-x-other-x-v", "namespace": "h", "key": "k"},
        ),
        ({"name": ""}, {"name": ""}),
        ({}, {}),
        ("text", "text"),
        ({"name": 5}, {"name": 5}),
        ({"name": None, "namespace": "x"}, {"name": None, "namespace": "x"}),
        (None, None),
    ],
)
def test_a_reference_follows_where_the_value_has_its_form(value: Any, expected: Any) -> None:
    host = made("configmaps", {"data": {"ref": value}}, PatchRule("data.ref", reference=NESTED))
    assert host["data"]["ref"] == expected


def test_a_reference_may_say_its_kind_itself() -> None:
    rule = ReferenceRule(
        api_version_path="apiVersion", kind_path="kind", name_path="name", kind="Secret"
    )
    refs = [
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "a"},
        {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "name": "fast"},
        {"kind": "Service", "name": "s"},
        {"name": "b"},
        {"apiVersion": "v1", "kind": "Unheard", "name": "c"},
    ]
    host = made("configmaps", {"data": {"refs": refs}}, PatchRule("data.refs[*]", reference=rule))
    assert [each["name"] for each in host["data"]["refs"]] == [
        "v-ns-a-x-ns-x-v",
        "vcluster-fast-x-h-x-v",
        "v-ns-s-x-ns-x-v",
        "v-ns-b-x-ns-x-v",
        "c",
    ]


@pytest.mark.parametrize(
    ("api_version", "kind", "enabled", "expected"),
    [
        ("storage.k8s.io/v1", "StorageClass", ENABLED, "vcluster-x-x-h-x-v"),
        ("storage.k8s.io/v1", "StorageClass", ENABLED - {"storageclasses"}, "x"),
        ("scheduling.k8s.io/v1", "PriorityClass", ENABLED, "vcluster-x-x-h-x-v"),
        ("v1", "Namespace", ENABLED, "h"),
        ("v1", "Secret", frozenset({"configmaps"}), "v-ns-x-x-ns-x-v"),
    ],
)
def test_names_of_every_scope_follow(
    api_version: str, kind: str, enabled: frozenset[str], expected: str
) -> None:
    rule = PatchRule("data.x", reference=ReferenceRule(api_version, kind))
    settings = Cluster("v", "h", enabled=enabled, patches={"configmaps": (rule,)})
    body = virtual("configmaps", {"data": {"x": "x"}})
    assert (
        host_object(kinds_of(settings)["configmaps"], body, Context(settings))["data"]["x"]
        == expected
    )


def test_what_a_patch_refers_to_is_synced_for_it() -> None:
    kind = kind_of("services", PatchRule("metadata.annotations.s", reference=SECRET))
    service = virtual("services", {"spec": {}}, annotations={"s": "tls"})
    assert list(kind.references(service)) == [Ref("secrets", "ns", "tls")]
    assert kind.refers
    assert list(kind.references(virtual("services", {"spec": {}}))) == []


def test_a_name_that_others_could_bear_is_waited_for() -> None:
    settings = cluster("services", PatchRule("metadata.annotations.s", reference=SECRET))
    kind = kinds_of(settings)["services"]
    service = virtual("services", {"spec": {}}, annotations={"s": "a-x-b"})
    (wait,) = plan(kind, service, None, Context(settings))
    assert isinstance(wait, RequeueAfter)
    assert "waits for secrets ns/a-x-b" in wait.reason
    known = Related(host_names={"secrets ns/a-x-b": "borne"})
    (create,) = plan(kind, service, None, Context(settings, known))
    assert isinstance(create, Create)
    assert annotations(create.body)["s"] == "borne"
    assert kind.names_later(service)


def test_a_name_that_is_unsure_later_leads_nowhere_until_it_is_known() -> None:
    settings = cluster("services", PatchRule("metadata.annotations.s", reference=SECRET))
    kind = kinds_of(settings)["services"]
    service = virtual("services", {"spec": {}}, annotations={"s": "a-x-b"})
    host = host_object(kind, service, Context(settings))
    assert annotations(host)["s"] == hashed_host_name(settings, "ns", "a-x-b", "secrets")
    wakes = [ref.wakes for ref in kind.references(service)]
    assert wakes == ["target", "referrer"]


OWN = {"vcluster.loft.sh/managed-by": "v", "vcluster.loft.sh/namespace": "ns"}
RELEASE = "vcluster.loft.sh/label-v-x-a4d451ec23"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("labels", {"release": "r", "a": "b"}, {RELEASE: "r", "a": "b"}),
        ("matchLabels", {"release": "r"}, {RELEASE: "r", **OWN}),
        ("podSelector", {"a": "b"}, {"a": "b", **OWN}),
        ("selector", {"matchLabels": {"release": "r"}}, {"matchLabels": {RELEASE: "r", **OWN}}),
        ("selector", {}, {"matchLabels": OWN}),
        ("matchLabels", {}, OWN),
        (
            "x",
            {"matchExpressions": [{"key": "release", "operator": "Exists"}]},
            {
                "matchLabels": OWN,
                "matchExpressions": [{"key": RELEASE, "operator": "Exists"}],
            },
        ),
        ("selector", "app=web", "app=web"),
        ("selector", None, None),
    ],
)
def test_label_patches_rename_keys_and_confine_what_selects(
    name: str, value: Any, expected: Any
) -> None:
    host = made("configmaps", {"data": {name: value}}, PatchRule(f"data.{name}", labels=True))
    assert host["data"][name] == expected
