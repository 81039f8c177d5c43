"""Patches and custom resources in the configuration: what is understood, and what is refused."""

from pathlib import Path

import pytest

from common.cluster import Cluster
from common.config import load
from common.errors import ConfigError
from common.patches.rules import CustomRule, PatchRule, ReferenceRule

HEAD = "virtualClusters:\n- name: a\n  hostNamespace: vc-a\n"
PLACE = "virtualClusters[0].sync.toHost"


def read(folder: Path, to_host: str) -> Cluster:
    file = folder / "tohost.yaml"
    file.write_text(f"{HEAD}  sync: {{toHost: {{{to_host}}}}}\n")
    config = load(file, {})
    assert config.notes == ()
    return config.virtual_clusters[0].cluster()


def problems(folder: Path, to_host: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, to_host)
    lines = str(caught.value).splitlines()
    return [line.removeprefix(f"{folder}/tohost.yaml: {PLACE}.") for line in lines]


def test_every_mode_reaches_translation(tmp_path: Path) -> None:
    cluster = read(
        tmp_path,
        "pods: {patches: [{path: spec.a, expression: value, reverseExpression: \"'x'\"},"
        " {path: spec.b, reference: {apiVersion: v1, kind: Secret, namePath: name}},"
        " {path: spec.c, labels: {}}, {path: status.d, reverseExpression: value}]}",
    )
    assert cluster.patches == {
        "pods": (
            PatchRule("spec.a", "value", "'x'"),
            PatchRule("spec.b", reference=ReferenceRule("v1", "Secret", name_path="name")),
            PatchRule("spec.c", labels=True),
            PatchRule("status.d", reverse="value"),
        )
    }


def test_a_custom_resource_is_declared_with_its_references_first(tmp_path: Path) -> None:
    cluster = read(
        tmp_path,
        "customResources: {widgets.example.com: {enabled: true, scope: Cluster, version: v1,"
        " references: [{path: spec.s, apiVersion: v1, kind: Secret, namePath: name,"
        " namespacePath: namespace}], patches: [{path: spec.n, expression: '1'}]},"
        " others.example.com: {}}",
    )
    rules = cluster.patches["widgets.example.com"]
    assert cluster.custom == (
        CustomRule("widgets.example.com", False, "v1"),
        CustomRule("others.example.com"),
    )
    assert "widgets.example.com" in cluster.enabled
    assert "others.example.com" not in cluster.enabled
    assert rules[0].reference == ReferenceRule(
        "v1", "Secret", name_path="name", namespace_path="namespace"
    )
    assert rules[1].expression == "1"


def test_a_version_may_be_written_as_vcluster_does(tmp_path: Path) -> None:
    cluster = read(tmp_path, "customResources: {widgets.example.com/v1beta1: {enabled: true}}")
    assert cluster.custom == (CustomRule("widgets.example.com", version="v1beta1"),)
    assert cluster.enabled >= {"widgets.example.com"}


@pytest.mark.parametrize(
    ("to_host", "line"),
    [
        (
            "pods: {patches: [{path: spec..x, expression: value}]}",
            "pods.patches[0].path: can't be read at",
        ),
        (
            "pods: {patches: [{path: '', expression: value}]}",
            "pods.patches[0].path: names no field",
        ),
        ("pods: {patches: [{path: a, expression: 1 +}]}", "pods.patches[0].expression: is no CEL"),
        (
            "pods: {patches: [{path: a, reverseExpression: value.slice(1)}]}",
            "pods.patches[0].reverseExpression: is no CEL expression: 1:12: undeclared reference",
        ),
        ("pods: {patches: [{path: a}]}", "pods.patches[0]: does nothing; write one of"),
        (
            "pods: {patches: [{path: a, expression: value, labels: {}}]}",
            "pods.patches[0]: does several things",
        ),
        ("pods: {patches: [{path: a, labels: {b: c}}]}", "pods.patches[0].labels: has no settings"),
        (
            "pods: {patches: [{path: metadata.name, expression: value}]}",
            "pods.patches[0].path: can't be patched: of the metadata only",
        ),
        (
            "pods: {patches: [{path: 'metadata.labels[\"vcluster.loft.sh/x\"]', labels: {}}]}",
            "pods.patches[0].path: is tohost's own",
        ),
        (
            "pods: {patches: [{path: status.phase, expression: value}]}",
            "pods.patches[0].path: belongs to the host",
        ),
        (
            "pods: {patches: [{path: a.b, labels: {}}, {path: 'a[\"b\"]', labels: {}}]}",
            "pods.patches[1].path: is that of [0] too",
        ),
        (
            "secrets: {patches: [{path: data.x, expression: value}]}",
            "secrets.patches[0].path: can't be patched, since what Secrets hold",
        ),
        (
            "secrets: {patches: [{path: stringData, reverseExpression: value}]}",
            "secrets.patches[0].path: can't be patched, since what Secrets hold",
        ),
        (
            "pods: {patches: [{path: a, reference: {apiVersion: apps/v1, kind: Deployment}}]}",
            "pods.patches[0].reference: apps/v1 Deployment is no kind that is synced",
        ),
        ("pods: {patches: [{path: a, reference: {}}]}", "pods.patches[0].reference: names no kind"),
        (
            "pods: {patches: [{path: a, reference: {kind: Secret, namespacePath: b}}]}",
            "pods.patches[0].reference: has namespacePath without namePath",
        ),
        (
            "pods: {patches: [{path: a, reference: {kind: Secret, namePath: '['}}]}",
            "pods.patches[0].reference.namePath: can't be read at",
        ),
        (
            "storageClasses: {patches: [{path: a, reference: {kind: Secret}}]}",
            "storageClasses.patches[0].reference: doesn't say in which namespace",
        ),
        ("customResources: {widgets: {}}", "customResources.widgets: is no resource"),
        (
            "customResources: {ingresses.networking.k8s.io: {}}",
            'customResources["ingresses.networking.k8s.io"]: is synced by sync.toHost.ingresses',
        ),
        (
            "customResources: {a.b.c: {references: [{path: x, kind: Unheard, apiVersion: v1}]}}",
            'customResources["a.b.c"].references[0]: v1 Unheard is no kind that is synced',
        ),
        (
            "customResources: {a.b.c: {patches: [{path: kind, expression: value}]}}",
            'customResources["a.b.c"].patches[0].path: is the object\'s kind',
        ),
        (
            "customResources: {a.b.c: {references: [{path: x.., kind: Secret}]}}",
            'customResources["a.b.c"].references[0].path: can\'t be read at',
        ),
    ],
)
def test_what_can_not_be_is_refused_with_its_place(tmp_path: Path, to_host: str, line: str) -> None:
    (found,) = problems(tmp_path, to_host)
    assert found.startswith(line)


def test_all_problems_of_a_section_are_told_at_once(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        "pods: {patches: [{path: kind, expression: value}, {path: status, expression: value}]},"
        " customResources: {x: {}}",
    )
    assert len(found) == 3


def test_a_values_file_is_named_for_its_own_problems(tmp_path: Path) -> None:
    values = tmp_path / "v.yaml"
    values.write_text("sync: {toHost: {pods: {patches: [{path: kind, expression: value}]}}}\n")
    (tmp_path / "tohost.yaml").write_text(f"{HEAD}  values: v.yaml\n")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "tohost.yaml", {})
    assert str(caught.value).startswith(
        f"{values}: sync.toHost.pods.patches[0].path: is the object"
    )


def test_patches_on_the_way_from_the_host_are_left_unread(tmp_path: Path) -> None:
    (tmp_path / "tohost.yaml").write_text(
        f"{HEAD}  sync: {{fromHost: {{nodes: {{patches: [{{path: a, expression: v => 1}}]}}}}}}\n"
    )
    assert load(tmp_path / "tohost.yaml", {}).notes == ()
