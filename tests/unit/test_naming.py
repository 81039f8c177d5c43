"""Host names by example."""

from dataclasses import replace

import pytest

from common.cluster import Cluster, NamespaceRules
from common.naming import (
    DNS_LABEL,
    hashed_host_name,
    host_name,
    host_name_cluster,
    host_name_namespace,
    host_namespace,
    label_key,
    managed_by,
    namespace_label_key,
    token_secret_name,
    virtual_namespace,
)

CLUSTER = Cluster("my-vcluster", "vc-my-vcluster")
CLASSIC = Cluster("my-vcluster", "vc-my-vcluster", "classic")
OTHER = Cluster("other", "vc-my-vcluster")
RULES = NamespaceRules(
    exact={"shop": "prod-shop", "team-z": "z"},
    patterns=(("team-*-ui", "ui-*"), ("team-*", "prod-team-*")),
)
MAPPED = replace(CLUSTER, namespaces=RULES)
ONLY = replace(CLUSTER, namespaces=replace(RULES, only=True))


def test_a_prefixed_name_is_the_documented_one() -> None:
    name = host_name(CLUSTER, "default", "my-pod")
    assert name == "my-vcluster-default-my-pod-x-default-x-my-vcluster"


def test_a_classic_name_is_the_form_of_existing_installations() -> None:
    assert host_name(CLASSIC, "default", "my-pod") == "my-pod-x-default-x-my-vcluster"


def test_a_long_name_keeps_52_characters_and_a_digest() -> None:
    name = host_name(CLASSIC, "default", "a" * 60)
    assert name == "a" * 52 + "-0b8eadb6c3"
    assert len(name) == 63


def test_a_dot_before_the_digest_is_dropped() -> None:
    name = host_name(CLASSIC, "default", "a" * 51 + ".b" * 10)
    assert name[:52] == "a" * 51 + "-"
    assert ".-" not in name


def test_a_cluster_scoped_name_is_the_same_in_both_formats() -> None:
    name = "vcluster-fast-x-vc-my-vcluster-x-my-vcluster"
    assert host_name_cluster(CLUSTER, "fast") == host_name_cluster(CLASSIC, "fast") == name


def test_objects_whose_plain_names_collide_have_hashed_names_that_differ() -> None:
    pairs = [("b-x-c", "a"), ("c", "a-x-b")]
    assert len({host_name(CLASSIC, *pair) for pair in pairs}) == 1
    assert len({hashed_host_name(CLASSIC, *pair) for pair in pairs}) == 2


def test_a_hashed_name_differs_from_the_plain_one_even_when_that_is_cut() -> None:
    for name in ("a", "a" * 200):
        assert hashed_host_name(CLASSIC, "default", name) != host_name(CLASSIC, "default", name)


def test_every_namespace_lives_in_the_host_namespace() -> None:
    assert host_namespace(CLUSTER, "anything") == "vc-my-vcluster"


def test_the_release_label_is_renamed_for_each_virtual_cluster() -> None:
    assert label_key(CLUSTER, "release") == "vcluster.loft.sh/label-my-vcluster-x-a4d451ec23"
    assert label_key(CLUSTER, "release") != label_key(OTHER, "release")
    assert label_key(CLUSTER, "app") == "app"


def test_a_key_below_our_prefix_never_keeps_its_name() -> None:
    assert label_key(CLUSTER, "vcluster.loft.sh/managed-by") != "vcluster.loft.sh/managed-by"


def test_namespace_labels_travel_under_their_digest() -> None:
    key = namespace_label_key(CLUSTER, "team")
    assert key == "vcluster.loft.sh/ns-label-my-vcluster-x-ca8b22d0db"


def test_managed_by_tells_cluster_scoped_objects_of_two_host_namespaces_apart() -> None:
    assert managed_by(CLUSTER) == "my-vcluster"
    assert managed_by(CLUSTER, namespaced=False) == "vc-my-vcluster-x-my-vcluster"


def test_a_token_secret_is_named_after_its_host_pod() -> None:
    secret = token_secret_name(CLASSIC, "default", "web")
    assert secret == "web-x-default-x-my-vcluster-sa-tokens"


def test_pods_that_could_share_a_host_name_never_share_a_token_secret() -> None:
    pods = [("b-x-c", "a"), ("c", "a-x-b")]
    assert len({host_name(CLASSIC, *pod) for pod in pods}) == 1
    assert len({token_secret_name(CLASSIC, *pod) for pod in pods}) == 2


@pytest.mark.parametrize(
    ("virtual", "host"),
    [
        ("shop", "prod-shop"),
        ("team-z", "z"),
        ("team-a", "prod-team-a"),
        ("team-a-ui", "ui-a"),
        ("other", "vcluster-my-vcluster-x-other-x-00a1aaea66"),
        ("kube-system", "vcluster-my-vcluster-x-kube-system-x-9e11cb159e"),
    ],
)
def test_a_namespace_is_mapped_by_its_name_or_the_first_pattern_that_fits(
    virtual: str, host: str
) -> None:
    assert host_namespace(MAPPED, virtual) == host_name_namespace(MAPPED, virtual) == host
    assert virtual_namespace(MAPPED, host) == virtual


def test_with_mappings_only_other_namespaces_are_nowhere() -> None:
    assert host_namespace(ONLY, "shop") == "prod-shop"
    assert host_namespace(ONLY, "other") == ""


def test_the_star_may_stand_for_nothing() -> None:
    rules = NamespaceRules(patterns=(("team*", "prod-team*"),), only=True)
    assert host_namespace(replace(CLUSTER, namespaces=rules), "team") == "prod-team"


@pytest.mark.parametrize("virtual", ["a" * 63, "team-"])
def test_a_mapping_that_makes_no_valid_name_counts_as_none(virtual: str) -> None:
    rules = NamespaceRules(patterns=(("*", "b-*"), ("team-*", "x-*")))
    made = host_namespace(replace(CLUSTER, namespaces=rules), virtual)
    assert made.startswith("vcluster-my-vcluster-x-")
    assert host_namespace(replace(CLUSTER, namespaces=replace(rules, only=True)), virtual) == ""


@pytest.mark.parametrize("virtual", ["a", "a" * 63, "a-x-b", "x", "a" * 28 + "-" * 20 + "a"])
def test_the_host_namespace_of_an_unmapped_one_is_a_dns_label(virtual: str) -> None:
    for cluster in (MAPPED, replace(MAPPED, name="v" * 63)):
        assert DNS_LABEL.fullmatch(host_namespace(cluster, virtual))


def test_unmapped_namespaces_of_clusters_whose_names_run_together_stay_apart() -> None:
    one = Cluster("a", "h", namespaces=NamespaceRules())
    other = Cluster("a-x-b", "h", namespaces=NamespaceRules())
    assert host_namespace(one, "b-x-c") != host_namespace(other, "c")
    assert host_namespace(one, "c") != host_namespace(replace(one, host_namespace="g"), "c")


def test_a_host_namespace_that_no_rule_makes_has_no_virtual_one() -> None:
    for host in ("other", "team-a", "prod-team-z", "prod-team-a-ui", "kube-system", ""):
        assert virtual_namespace(MAPPED, host) == ""
    assert virtual_namespace(CLUSTER, "vc-my-vcluster") == ""


def test_namespaces_themselves_are_synced_only_with_namespace_sync() -> None:
    assert host_name_namespace(CLUSTER, "shop") == ""
    former = replace(CLUSTER, former_namespaces=RULES)
    assert host_name_namespace(former, "shop") == "prod-shop"
    assert host_namespace(former, "shop") == "vc-my-vcluster"


def test_in_host_namespaces_of_their_own_objects_keep_their_names() -> None:
    for plural in ("pods", "services", "secrets", "configmaps"):
        for name in ("web", "a-x-b", "x" * 200, "kube-root-ca.crt.a"):
            assert host_name(MAPPED, "shop", name, plural) == name
            assert hashed_host_name(MAPPED, "shop", name, plural) == name


def test_the_root_certificate_leaves_its_name_to_the_hosts_own() -> None:
    name = host_name(MAPPED, "shop", "kube-root-ca.crt", "configmaps")
    assert name == "vcluster-kube-root-ca.crt-x-my-vcluster"
    assert host_name(MAPPED, "shop", "kube-root-ca.crt", "secrets") == "kube-root-ca.crt"


def test_no_object_takes_the_name_that_another_was_moved_to() -> None:
    names = ["kube-root-ca.crt"]
    for _ in range(4):
        names.append(host_name(MAPPED, "shop", names[-1], "configmaps"))
    assert len({host_name(MAPPED, "shop", name, "configmaps") for name in names}) == len(names)


def test_no_secret_takes_the_name_of_a_token_secret() -> None:
    token = token_secret_name(MAPPED, "shop", "web")
    assert token == "vcluster-sa-tokens-web-4b5e57f6eb-x-my-vcluster"
    assert host_name(MAPPED, "shop", token, "secrets") != token
    assert token_secret_name(MAPPED, "shop", "p" * 253) != token_secret_name(
        MAPPED, "shop", "p" * 252
    )
