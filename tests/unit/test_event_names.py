"""What host names tell of virtual ones, and which host objects can't be ours."""

import pytest

from common.cluster import Cluster, NamespaceRules
from common.event.names import (
    may_be_ours,
    possible_fields,
    virtual_cluster_name,
    virtual_names,
)
from common.naming import hashed_host_name, host_name, host_name_cluster, host_namespace

PREFIXED, CLASSIC = Cluster("v", "h"), Cluster("v", "h", name_format="classic")
MAPPED = Cluster(
    "v", "h", namespaces=NamespaceRules(exact={"a": "team-a"}, patterns=(("dev-*", "v-dev-*"),))
)
BOTH = pytest.mark.parametrize("cluster", [PREFIXED, CLASSIC], ids=["prefixed", "classic"])


@BOTH
def test_a_plain_name_tells_namespace_and_name(cluster: Cluster) -> None:
    assert virtual_names(cluster, host_name(cluster, "default", "web-0")) == [("default", "web-0")]


@BOTH
def test_a_name_with_dots_is_read_too(cluster: Cluster) -> None:
    name = host_name(cluster, "kube-system", "kube-root-ca.crt")
    assert virtual_names(cluster, name) == [("kube-system", "kube-root-ca.crt")]


def test_a_name_that_two_objects_may_bear_tells_both() -> None:
    name = host_name(CLASSIC, "b-x-c", "a")
    assert virtual_names(CLASSIC, name) == [("b-x-c", "a"), ("c", "a-x-b")]


def test_the_other_format_settles_most_of_these() -> None:
    assert virtual_names(PREFIXED, host_name(PREFIXED, "b-x-c", "a")) == [("b-x-c", "a")]


@BOTH
@pytest.mark.parametrize(
    "name", ["", "web", "-x-v", "-x--x-v", "a-x-UP-x-v", "a-x-b.c-x-v", "v-n-w-x-n-x-w", "a-x-v"]
)
def test_other_names_tell_nothing(cluster: Cluster, name: str) -> None:
    assert virtual_names(cluster, name) == []


@BOTH
def test_a_name_that_was_cut_tells_nothing(cluster: Cluster) -> None:
    assert virtual_names(cluster, host_name(cluster, "default", "w" * 60)) == []


def test_cluster_scoped_names_are_read_by_their_own_form() -> None:
    assert virtual_cluster_name(PREFIXED, host_name_cluster(PREFIXED, "fast")) == "fast"
    assert virtual_cluster_name(PREFIXED, "vcluster-fast-x-other-x-v") == ""
    assert virtual_cluster_name(PREFIXED, "fast") == ""


def test_names_that_gave_way_with_namespace_sync_are_read_back() -> None:
    given_way = host_name(MAPPED, "a", "kube-root-ca.crt", "configmaps")
    assert given_way != "kube-root-ca.crt"
    assert "a/kube-root-ca.crt" in possible_fields(MAPPED, "team-a", given_way)


def test_possible_fields_follow_the_namespace() -> None:
    assert possible_fields(PREFIXED, "h", host_name(PREFIXED, "n", "p")) == ["n/p"]
    assert possible_fields(MAPPED, "team-a", "p") == ["a/p"]
    assert possible_fields(MAPPED, "v-dev-one", "p") == ["dev-one/p"]
    assert possible_fields(MAPPED, host_namespace(MAPPED, "other"), "p") == ["other/p"]
    assert possible_fields(MAPPED, "someone-elses", "p") == []


def test_possible_fields_of_cluster_scoped_objects_have_no_namespace() -> None:
    assert possible_fields(PREFIXED, "", host_name_cluster(PREFIXED, "fast")) == ["fast"]
    assert possible_fields(MAPPED, "", "team-a") == ["a"]


@BOTH
@pytest.mark.parametrize("name", ["web", "w" * 60, "w" * 253, "a-x-b"])
def test_no_host_object_of_ours_is_sorted_out(cluster: Cluster, name: str) -> None:
    assert may_be_ours(cluster, "h", host_name(cluster, "default", name))
    assert may_be_ours(cluster, "h", hashed_host_name(cluster, "default", name))


@pytest.mark.parametrize("cluster_name", ["v", "v" * 63, "v-" * 31 + "v"])
def test_nor_where_the_clusters_own_name_is_long(cluster_name: str) -> None:
    cluster = Cluster(cluster_name, "h")
    assert may_be_ours(cluster, "h", host_name(cluster, "default", "web"))


@BOTH
@pytest.mark.parametrize(
    ("namespace", "name"),
    [("other", "v-n-w-x-n-x-v"), ("h", "web"), ("h", "web-5d8f9c7b6d-x7x9z"), ("h", "a-x-n-x-w")],
)
def test_what_cannot_be_ours_is_sorted_out(cluster: Cluster, namespace: str, name: str) -> None:
    assert not may_be_ours(cluster, namespace, name)


def test_with_namespace_sync_the_namespace_decides() -> None:
    for virtual in ("a", "dev-one", "other", "n" * 63):
        assert may_be_ours(MAPPED, host_namespace(MAPPED, virtual), "anything")
    for host in ("a", "h", "default", "kube-system", "team-b"):
        assert not may_be_ours(MAPPED, host, "anything")
