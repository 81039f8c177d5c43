"""Host names by example."""

from common.cluster import Cluster
from common.naming import (
    hashed_host_name,
    host_name,
    host_name_cluster,
    host_namespace,
    label_key,
    managed_by,
    namespace_label_key,
    token_secret_name,
)

CLUSTER = Cluster("my-vcluster", "vc-my-vcluster")
CLASSIC = Cluster("my-vcluster", "vc-my-vcluster", "classic")
OTHER = Cluster("other", "vc-my-vcluster")


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
