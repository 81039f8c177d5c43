"""Offline translation under patches and of custom resources; `tohost translate` end to end."""

from pathlib import Path

import pytest

from common.cluster import Cluster
from common.kinds import REGISTRY
from common.objects import Obj
from common.patches.rules import CustomRule, PatchRule, ReferenceRule
from tohost.translate import main
from workers.translate import Translation, translate_documents

WIDGETS, POLICIES = "widgets.example.com", "oddities.example.com"


def cluster(*custom: str, **patches: tuple[PatchRule, ...]) -> Cluster:
    rules = tuple(map(CustomRule, custom))
    return Cluster("v", "h", enabled=frozenset(REGISTRY) | {*custom}, custom=rules, patches=patches)


def obj(kind: str, name: str, api_version: str = "v1", **fields: object) -> Obj:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


def translate(settings: Cluster, *documents: Obj, related: tuple[Obj, ...] = ()) -> Translation:
    return translate_documents(documents, related, settings)


def definition(kind: str, plural: str) -> Obj:
    spec = {"group": "example.com", "names": {"kind": kind, "plural": plural}}
    return obj(
        "CustomResourceDefinition", f"{plural}.example.com", "apiextensions.k8s.io/v1", spec=spec
    )


def test_patches_show_in_the_result() -> None:
    settings = cluster(services=(PatchRule("spec.type", "'NodePort'"),))
    (host,) = translate(settings, obj("Service", "s", spec={"type": "ClusterIP"})).objects
    assert host["spec"]["type"] == "NodePort"


def test_a_failing_patch_fails_its_document_and_no_other() -> None:
    settings = cluster(services=(PatchRule("spec.type", "value.nothing"),))
    good, bad = obj("Service", "good", spec={}), obj("Service", "bad", spec={"type": "x"})
    translation = translate(settings, bad, good)
    assert [host["metadata"]["name"] for host in translation.objects] == [
        "v-default-good-x-default-x-v"
    ]
    ((name, reason),) = translation.failed
    assert name == "Service default/bad"
    assert reason.startswith("patch of spec.type failed: ")
    assert reason.endswith("in: value.nothing")


def test_a_custom_resource_is_told_by_its_group_and_plural() -> None:
    widget = obj("Widget", "w", "example.com/v1beta1", spec={"a": 1})
    (host,) = translate(cluster(WIDGETS, POLICIES), widget).objects
    assert (host["apiVersion"], host["kind"]) == ("example.com/v1beta1", "Widget")
    kind = host["metadata"]["annotations"]["vcluster.loft.sh/kind"]
    assert kind == "example.com/v1beta1, Kind=Widget"


def test_a_definition_tells_an_odd_plural() -> None:
    odd = obj("Oddness", "o", "example.com/v1")
    unknown = translate(cluster(WIDGETS, POLICIES), odd)
    assert unknown.objects == ()
    assert unknown.skipped == (
        (
            "Oddness o",
            f"can't tell whether kind Oddness is one of {WIDGETS}, {POLICIES}; give its "
            "CustomResourceDefinition with --related",
        ),
    )
    told = translate(cluster(WIDGETS, POLICIES), odd, related=(definition("Oddness", "oddities"),))
    assert [host["kind"] for host in told.objects] == ["Oddness"]


def test_a_definition_tells_that_a_kind_is_not_declared() -> None:
    gadget = obj("Gadget", "g", "example.com/v1")
    found = translate(cluster(WIDGETS), gadget, related=(definition("Gadget", "gadgets"),))
    assert found.skipped == (("Gadget g", "kind Gadget is not synced"),)
    assert translate(cluster(WIDGETS), obj("Widget", "w", "other.com/v1")).objects == ()


def test_a_custom_resource_that_is_off_is_named_by_its_option() -> None:
    settings = Cluster("v", "h", custom=(CustomRule(WIDGETS),))
    widget = obj("Widget", "w", "example.com/v1")
    assert translate(settings, widget).skipped == (
        ("Widget default/w", f'sync.toHost.customResources["{WIDGETS}"].enabled is false'),
    )


def test_what_a_custom_resource_refers_to_is_translated_with_it() -> None:
    rule = PatchRule("spec.secret", reference=ReferenceRule("v1", "Secret"))
    settings = cluster(WIDGETS, **{WIDGETS: (rule,)})
    widget = obj("Widget", "w", "example.com/v1", spec={"secret": "s"})
    secret = obj("Secret", "s", data={"a": "eA=="})
    translation = translate(settings, secret, obj("Secret", "unused"), related=(widget,))
    assert [host["metadata"]["name"] for host in translation.objects] == [
        "v-default-s-x-default-x-v"
    ]
    assert translation.skipped == (("Secret default/unused", "no synced object refers to it"),)


CONFIG = """
virtualClusters:
- name: v
  hostNamespace: h
  sync:
    toHost:
      services: {patches: [{path: 'spec.ports[*].name', expression: "'p-' + value"}]}
      customResources:
        widgets.example.com:
          enabled: true
          references: [{path: spec.secretName, apiVersion: v1, kind: Secret}]
          patches: [{path: spec.size, expression: int(value) * 2}]
"""
DOCUMENTS = """
apiVersion: v1
kind: Service
metadata: {name: s}
spec: {ports: [{port: 80, name: http}]}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {secretName: tls, size: "SIZE"}
"""


def run(folder: Path, size: str) -> int:
    (folder / "tohost.yaml").write_text(CONFIG)
    (folder / "in.yaml").write_text(DOCUMENTS.replace("SIZE", size))
    return main(["-f", str(folder / "in.yaml"), "--config", str(folder / "tohost.yaml")])


def test_the_command_prints_patched_objects(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "3") == 0
    shown = capsys.readouterr()
    assert "name: p-http" in shown.out
    assert "size: 6" in shown.out
    assert "secretName: v-default-tls-x-default-x-v" in shown.out
    assert shown.err == ""


def test_the_command_names_a_failing_patch_and_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "big") == 1
    shown = capsys.readouterr()
    assert "name: p-http" in shown.out
    assert "Widget" not in shown.out
    assert shown.err == (
        "failed: Widget default/w: patch of spec.size failed: cannot convert string to int; "
        "in: int(value) * 2\n"
    )
