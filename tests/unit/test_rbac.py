"""What `tohost rbac` prints, and what the manifests grant: the same, for the same configuration."""

from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path

import pytest
import yaml

from common.config import load
from common.objects import Obj
from tests.integration.manifests import documents, named, virtual_documents
from tohost import rbac
from tohost.documents import parse_documents

Right = tuple[str, str, str, str, str, str]
ONE = """
virtualClusters:
- name: v
  hostNamespace: h
  kubeconfig: v.kubeconfig
  sync: {toHost: %s}
"""


def rights(objects: Iterable[Obj]) -> set[Right]:
    return set(_rights(objects))


def _rights(objects: Iterable[Obj]) -> Iterator[Right]:
    """Account, namespace, group, resource, name and verb of everything that is granted."""
    for obj in objects:
        metadata = obj["metadata"]
        for rule in obj.get("rules") or ():
            names = rule.get("resourceNames") or [""]
            parts = product(rule["apiGroups"], rule["resources"], names, rule["verbs"])
            yield from ((metadata["name"], metadata.get("namespace", ""), *one) for one in parts)


def printed(
    capsys: pytest.CaptureFixture[str], folder: Path, config: str, *options: str
) -> list[Obj]:
    file = folder / "tohost.yaml"
    file.write_text(config)
    assert rbac.main(["--config", str(file), *options]) == 0
    return list(parse_documents(capsys.readouterr().out, "output"))


def test_the_manifests_grant_what_their_configuration_needs_and_no_more(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = named("ConfigMap", "tohost")["data"]["tohost.yaml"]
    assert rights(printed(capsys, tmp_path, config, "--host")) == rights(documents())
    virtual = printed(capsys, tmp_path, config, "--virtual-cluster", "my-vcluster")
    assert rights(virtual) == rights(virtual_documents())


def test_a_kind_that_is_off_needs_nothing_on_the_host(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    off = printed(capsys, tmp_path, ONE % "{}", "--host")
    on = printed(capsys, tmp_path, ONE % "{ingresses: {enabled: true}}", "--host")
    more = {(account, verb) for account, *_, verb in rights(on) - rights(off)}
    assert more == {
        *(("tohost-watcher", verb) for verb in ("get", "list", "watch")),
        *(("tohost-worker", verb) for verb in ("get", "create", "patch", "delete")),
    }


def test_what_is_only_cleaned_up_is_not_created(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    switch = "{ingresses: {enabled: false, cleanupOnDisable: true}}"
    found = rights(printed(capsys, tmp_path, ONE % switch, "--host"))
    verbs = {verb for _, _, _, resource, _, verb in found if resource == "ingresses"}
    assert verbs == {"get", "list", "watch", "patch", "delete"}


def test_namespaced_kinds_need_roles_in_the_host_namespace_alone(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = rights(printed(capsys, tmp_path, ONE % "{}", "--host"))
    everywhere = {resource for _, namespace, _, resource, _, _ in found if not namespace}
    assert everywhere == {"namespaces", "nodes", "persistentvolumes", "servicecidrs"}
    assert {namespace for _, namespace, *_ in found} == {"", "h"}


def test_with_namespaces_on_everything_is_cluster_wide(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = rights(printed(capsys, tmp_path, ONE % "{namespaces: {enabled: true}}", "--host"))
    assert {namespace for _, namespace, *_ in found} == {""}


def test_custom_resources_may_be_proven_absent(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    switch = "{customResources: {widgets.example.com: {enabled: true}}}"
    found = rights(printed(capsys, tmp_path, ONE % switch, "--host"))
    proof = ("apiextensions.k8s.io", "customresourcedefinitions", "widgets.example.com", "get")
    assert ("tohost-worker", "", *proof) in found
    assert ("tohost-worker", "h", "example.com", "widgets", "", "create") in found


def test_what_the_configuration_names_on_the_host_may_be_read(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = ONE % "{}" + "  networking: {dnsService: kube-system/kube-dns}\n"
    config += "host: {owner: {apiVersion: apps/v1, kind: StatefulSet, name: v}}\n"
    found = rights(printed(capsys, tmp_path, config, "--host"))
    assert ("tohost-worker", "kube-system", "", "services", "kube-dns", "get") in found
    assert ("tohost-worker", "h", "apps", "statefulsets", "v", "get") in found


def test_both_sides_are_printed_as_one_stream_that_says_where_it_belongs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "tohost.yaml"
    file.write_text(ONE % "{}")
    rbac.main(["--config", str(file)])
    text = capsys.readouterr().out
    assert text.startswith("# On the host:\n---\n")
    assert "# In the virtual cluster v:\n---\n" in text
    assert all(set(each) >= {"kind", "metadata"} for each in yaml.safe_load_all(text))


def test_an_unknown_virtual_cluster_is_an_error_that_names_the_known(tmp_path: Path) -> None:
    file = tmp_path / "tohost.yaml"
    file.write_text(ONE % "{}")
    with pytest.raises(Exception, match="write one of: v"):
        rbac.main(["--config", str(file), "--virtual-cluster", "w"])


def test_bindings_name_the_accounts_where_they_are_said_to_be(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for obj in printed(capsys, tmp_path, ONE % "{}", "--namespace", "infra"):
        if obj["kind"].endswith("Binding"):
            assert obj["subjects"][0]["namespace"] == "infra"
            assert obj["roleRef"]["kind"] == obj["kind"].removesuffix("Binding")


def test_the_configuration_of_the_examples_can_be_told(capsys: pytest.CaptureFixture[str]) -> None:
    root = Path(__file__).parents[2]
    config = root / "deploy" / "examples" / "tohost.yaml"
    assert rbac.main(["--config", str(config), "-o", "json"]) == 0
    assert load(str(config)).virtual_clusters
    assert '"kind"' in capsys.readouterr().out
