"""`sync.toHost.namespaces`: what it becomes, and which mappings are refused."""

from pathlib import Path

import pytest

from common.cluster import NamespaceRules
from common.config import Config, load
from common.errors import ConfigError

A = "- {name: a, hostNamespace: vc-a, sync: {toHost: {namespaces: {%s}}}}\n"
B = "- {name: b, hostNamespace: vc-b, sync: {toHost: {namespaces: {%s}}}}\n"
BY_NAME = "enabled: true, mappings: {byName: {%s}}"
PLACE = "tohost.yaml: virtualClusters[0].sync.toHost.namespaces"


def read(folder: Path, *clusters: str) -> Config:
    file = folder / "tohost.yaml"
    file.write_text("virtualClusters:\n" + "".join(clusters))
    return load(file, {})


def rules(folder: Path, section: str) -> NamespaceRules | None:
    return read(folder, A % section).virtual_clusters[0].cluster().namespaces


def problems(folder: Path, *clusters: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, *clusters)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def mapped(*pairs: str) -> str:
    return BY_NAME % ", ".join(pairs)


def test_off_there_are_no_rules(tmp_path: Path) -> None:
    assert rules(tmp_path, "mappings: {byName: {x: y}}") is None


def test_on_without_mappings_every_namespace_is_synced(tmp_path: Path) -> None:
    assert rules(tmp_path, "enabled: true, mappingsOnly: false") == NamespaceRules()


def test_exact_names_come_before_patterns_and_long_patterns_before_short_ones(
    tmp_path: Path,
) -> None:
    found = rules(
        tmp_path,
        mapped('"b-*": "q-*"', 'x: "${name}-x"', '"team-*": "${name}-t-*"', '"a-*": "p-*"')
        + ", mappingsOnly: true, extraLabels: {team: x}",
    )
    assert found == NamespaceRules(
        exact={"x": "a-x"},
        patterns=(("team-*", "a-t-*"), ("a-*", "p-*"), ("b-*", "q-*")),
        only=True,
        labels={"team": "x"},
    )


def test_a_values_file_of_vcluster_works_as_written(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text(
        "sync:\n  toHost:\n    namespaces:\n      enabled: true\n      mappingsOnly: true\n"
        "      mappings:\n        byName:\n"
        '          "frontend": "customer-frontend"\n'
        '          "team-*": "${name}-team-*"\n'
    )
    config = read(tmp_path, "- {name: a, hostNamespace: vc-a, values: values.yaml}\n")
    found = config.virtual_clusters[0].cluster().namespaces
    assert found is not None
    assert found.exact == {"frontend": "customer-frontend"}
    assert found.patterns == (("team-*", "a-team-*"),)


@pytest.mark.parametrize(
    ("mapping", "key", "problem"),
    [
        ('"a-*-*": "b-*"', "a-*-*", '"a-*-*" has more than one "*"; write one'),
        ('"a-*": "b"', "a-*", '"b" has no "*"; write one on both sides, or none'),
        ('a: "b-*"', "a", '"a" has no "*"; write one on both sides, or none'),
        (
            'a: "${namespace}-b"',
            "a",
            '"${namespace}-b" has an unknown placeholder; there is only ${name}',
        ),
        ("a: kube-system", "a", 'makes "a" the host\'s "kube-system"; write another name'),
        (
            '"x-*": "kube-*"',
            "x-*",
            'makes "x-node-lease" the host\'s "kube-node-lease"; write another name',
        ),
        ("a: vc-a", "a", 'makes "a" the hostNamespace of virtualClusters[0]; write another name'),
        (
            '"*": "vc-*"',
            "*",
            'makes "a" the hostNamespace of virtualClusters[0]; write another name',
        ),
        (
            '"*-q": "vcluster-*"',
            "*-q",
            '"vcluster-*" can be what an unmapped namespace of virtualClusters[0] becomes '
            '("vcluster-a-x-..."); write another name, or mappingsOnly: true',
        ),
        (
            "q: vcluster-a-x-q-x-0123456789",
            "q",
            '"vcluster-a-x-q-x-0123456789" can be what an unmapped namespace of virtualClusters[0] '
            'becomes ("vcluster-a-x-..."); write another name, or mappingsOnly: true',
        ),
    ],
)
def test_a_mapping_that_cant_be_meant_is_refused(
    tmp_path: Path, mapping: str, key: str, problem: str
) -> None:
    assert f'{PLACE}.mappings.byName["{key}"]: {problem}' in problems(tmp_path, A % mapped(mapping))


def test_namespaces_cant_all_keep_their_names(tmp_path: Path) -> None:
    lines = problems(tmp_path, A % mapped('"*": "*"'))
    assert [line for line in lines if 'makes "default" the host\'s "default"' in line]


@pytest.mark.parametrize(
    "name", ["Prod", "b_c", "-b", "b-", "a.b", "''", "a" * 64, '"*-"', f'"{"a" * 63}*"']
)
def test_names_that_no_namespace_can_have_are_refused(tmp_path: Path, name: str) -> None:
    key = '"x*"' if "*" in name else "x"
    [line] = problems(tmp_path, A % mapped(f"{key}: {name}"))
    assert "can't be the name of a namespace; write at most 63 lower-case letters" in line


@pytest.mark.parametrize(
    ("pairs", "name"),
    [
        (("x: same", "y: same"), "same"),
        (("x: prod-y", '"team-*": "prod-*"'), "prod-y"),
        (('"a-*": "p-*"', '"b-*": "p-*"'), "p-*"),
        (('"a-*": "p-*"', '"b-*": "p-q-*"'), "p-q-*"),
        (('"a-*": "p-*"', '"b-*": "*-q"'), "p-*-q"),
        (('"a-*": "p-*"', '"a-b-*": "p-*"'), "p-*"),
    ],
)
def test_two_mappings_that_make_one_name_are_refused(
    tmp_path: Path, pairs: tuple[str, str], name: str
) -> None:
    [line] = problems(tmp_path, A % mapped(*pairs))
    assert f'can become "{name}", and so can ' in line


def test_the_same_name_written_in_two_ways_is_refused(tmp_path: Path) -> None:
    [line] = problems(tmp_path, A % mapped('"${name}-x": p', "a-x: q"))
    assert line.endswith('["a-x"]: "a-x" is mapped already; remove one')


@pytest.mark.parametrize(
    "pairs",
    [
        ("x: p", "y: q"),
        ("team-a: prod-a", '"team-*": "prod-*"'),
        ("team-a: other", "x: prod-a", '"team-*": "prod-*"'),
        ('"team-*": "prod-*"', '"team-a-*": "prod-a-*"'),
        ("x: p-q", '"a-*": "p-*-r"'),
        ('"*": "t-*"',),
        ("x: vcluster-a",),
        ('"*": "vcluster-*"', "b: tenants", "vcluster-x: y"),
        ("x: vcluster-a-x-q-x-0123456789",),
    ],
)
def test_mappings_that_make_no_name_twice_are_accepted(
    tmp_path: Path, pairs: tuple[str, ...]
) -> None:
    assert rules(tmp_path, mapped(*pairs) + ", mappingsOnly: true") is not None


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("x: same", "y: same", 'can become "same"'),
        ("x: p-q", '"*": "p-*"', 'can become "p-q"'),
        ('"*": "p-*"', '"*": "p-q-*"', 'can become "p-q-*"'),
        ('"team-*": "p-*"', '"team-*": "p-*"', 'can become "p-*"'),
        ("x: vc-b", "y: q", "the hostNamespace of virtualClusters[1]"),
        ("x: vcluster-b-x-y-x-0123456789", "y: q", "can be what an unmapped namespace"),
    ],
)
def test_two_virtual_clusters_never_share_a_host_namespace(
    tmp_path: Path, one: str, other: str, words: str
) -> None:
    lines = problems(tmp_path, A % mapped(one), B % mapped(other))
    assert any(words in line for line in lines)


def test_mappings_with_the_clusters_name_serve_many(tmp_path: Path) -> None:
    section = mapped('"team-*": "${name}-team-*"')
    assert len(read(tmp_path, A % section, B % section).virtual_clusters) == 2


def test_a_problem_in_a_values_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "v.yaml").write_text(
        "sync: {toHost: {namespaces: {enabled: true, mappings: {byName: {x: default}}}}}"
    )
    [line] = problems(tmp_path, "- {name: a, hostNamespace: vc-a, values: v.yaml}\n")
    assert line == (
        "tohost.yaml: virtualClusters[0].values: v.yaml: sync.toHost.namespaces.mappings.byName"
        '["x"]: makes "x" the host\'s "default"; write another name'
    )


@pytest.mark.parametrize(
    ("label", "problem"),
    [
        ("vcluster.loft.sh/managed-by: b", "is not for people to set; remove it"),
        ("kubernetes.io/metadata.name: b", "is not for people to set; remove it"),
        ('"a b": c', 'is no key of a label; write for example "example.com/team"'),
        ('"/b": c', 'is no key of a label; write for example "example.com/team"'),
        ('team: "a b"', '"a b" is no value of a label; write for example "team-a"'),
    ],
)
def test_a_label_that_no_namespace_can_have_is_refused(
    tmp_path: Path, label: str, problem: str
) -> None:
    [line] = problems(tmp_path, A % f"enabled: true, extraLabels: {{{label}}}")
    assert line.startswith(f"{PLACE}.extraLabels[")
    assert line.endswith(f"]: {problem}")


def test_labels_are_accepted_as_the_host_does(tmp_path: Path) -> None:
    labels = 'team: "", example.com/Team_1: a.B, pod-security.kubernetes.io/enforce: restricted'
    assert rules(tmp_path, f"enabled: true, extraLabels: {{{labels}}}")


def test_clusters_whose_cluster_scoped_objects_would_be_marked_alike_are_refused(
    tmp_path: Path,
) -> None:
    clusters = "- {name: c, hostNamespace: a-x-b}\n- {name: b-x-c, hostNamespace: a}\n"
    [line] = problems(tmp_path, clusters)
    assert line.startswith("tohost.yaml: virtualClusters[1].name: cluster-scoped host objects")


@pytest.mark.parametrize(
    ("section", "note"),
    [
        (
            "mappings: {byName: {x: y}}",
            "mappings: does nothing while sync.toHost.namespaces.enabled is false",
        ),
        (
            "mappingsOnly: true",
            "mappingsOnly: does nothing while sync.toHost.namespaces.enabled is false",
        ),
        (
            "enabled: true, mappingsOnly: true",
            "mappingsOnly: there are no mappings, so nothing is synced",
        ),
    ],
)
def test_what_has_no_effect_is_named(tmp_path: Path, section: str, note: str) -> None:
    assert read(tmp_path, A % section).notes == (f"a: sync.toHost.namespaces.{note}",)


def test_an_owner_beside_namespace_sync_is_named(tmp_path: Path) -> None:
    file = tmp_path / "tohost.yaml"
    owner = "host: {owner: {apiVersion: v1, kind: Service, name: x}}\nvirtualClusters:\n"
    file.write_text(owner + A % "enabled: true")
    [note] = load(file, {}).notes
    assert note.startswith("a: host.owner: owns nothing")
