"""Our name and label functions against every row of the reference's."""

from typing import Any

import pytest

from common.cluster import Cluster
from common.metadata import MANAGED_BY, NAMESPACE, translate_labels, translate_selector
from common.naming import (
    host_name,
    host_name_cluster,
    label_key,
    managed_by,
    namespace_label_key,
)
from tests.reference.cases import rows


def cluster(row: dict[str, Any], host_namespace: str = "") -> Cluster:
    return Cluster(row["vcluster"], row.get("hostNamespace", host_namespace), "classic")


def test_all_rows_are_there() -> None:
    assert [len(rows(name)) for name in ("name", "label", "labels")] == [351, 35, 14]


@pytest.mark.parametrize("row", rows("name"), ids=lambda row: row["name"][:20])
def test_host_names(row: dict[str, Any]) -> None:
    assert host_name(cluster(row), row["namespace"], row["name"]) == row["host"]
    assert host_name_cluster(cluster(row), row["name"]) == row["cluster"]


@pytest.mark.parametrize("row", rows("label"), ids=lambda row: row["key"][:20])
def test_label_keys(row: dict[str, Any]) -> None:
    assert label_key(cluster(row), row["key"]) == row["host"]
    assert namespace_label_key(cluster(row), row["key"]) == row["nsLabel"]


@pytest.mark.parametrize("row", rows("labels"))
def test_selectors(row: dict[str, Any]) -> None:
    selector = row["selector"]
    assert translate_selector(cluster(row), selector) == row["hostSelector"]
    of_namespaces = translate_selector(cluster(row), selector, of_namespaces=True)
    assert of_namespaces == row["hostNsSelector"]


@pytest.mark.parametrize("row", rows("labels"))
def test_labels_but_for_those_below_our_prefix_which_never_travel(row: dict[str, Any]) -> None:
    made = translate_labels(cluster(row), row["labels"])
    ours = {MANAGED_BY: managed_by(cluster(row)), NAMESPACE: "ns1"}
    forged = {label_key(cluster(row), key) for key in row["labels"] if key.startswith("vcluster.")}
    theirs = {key: value for key, value in row["hostMeta"].items() if key not in forged}
    assert {**made, **ours} == theirs


@pytest.mark.parametrize("row", rows("labels"))
def test_the_managed_by_label_of_cluster_scoped_objects(row: dict[str, Any]) -> None:
    namespaces = {"x": "y", "my-vcluster": "vc-my-vcluster"}
    namespace = namespaces.get(row["vcluster"], "team-namespace-quite-long-name-too")
    value = managed_by(cluster(row, namespace), namespaced=False)
    assert value == row["hostMetaCluster"][MANAGED_BY]
