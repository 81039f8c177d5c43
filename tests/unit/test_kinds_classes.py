"""Classes of priority and storage: which stay, what they refer to, when they are made anew."""

import pytest

from common.cluster import Cluster
from common.context import Context, Ref
from common.kinds import REGISTRY
from common.objects import Obj
from common.priority import priority_class_name

PRIORITIES, STORAGE = REGISTRY["priorityclasses"], REGISTRY["storageclasses"]
CLUSTER = Cluster("v", "h", enabled=frozenset(REGISTRY))
CSI = "csi.storage.k8s.io"


def storage_class(**parameters: str) -> Obj:
    named = {f"{CSI}/{key.replace('_', '-')}": value for key, value in parameters.items()}
    return {"metadata": {"name": "fast"}, "provisioner": "csi", "parameters": named}


def test_a_priority_class_follows_its_name() -> None:
    assert priority_class_name(CLUSTER, "high") == "vcluster-high-x-h-x-v"
    assert priority_class_name(CLUSTER, "") == ""


def test_a_pods_priority_class_is_called_as_the_class_itself() -> None:
    virtual = {"metadata": {"name": "high"}}
    assert PRIORITIES.host_name(CLUSTER, "high") == priority_class_name(CLUSTER, "high")
    assert PRIORITIES.skip(virtual, Context(CLUSTER)) == ""


@pytest.mark.parametrize("name", ["system-cluster-critical", "system-node-critical", "system-x"])
def test_no_priority_class_of_a_tenant_is_the_hosts_own(name: str) -> None:
    assert priority_class_name(CLUSTER, name) == f"vcluster-{name}-x-h-x-v"
    assert not PRIORITIES.skip({"metadata": {"name": name}}, Context(CLUSTER))


def test_a_storage_class_refers_to_the_secrets_that_it_names_outright() -> None:
    found = storage_class(
        provisioner_secret_name="prov",
        provisioner_secret_namespace="oracle",
        node_stage_secret_name="${pvc.name}",
        node_stage_secret_namespace="oracle",
        node_publish_secret_name="publish",
        node_publish_secret_namespace="${pvc.namespace}",
        controller_expand_secret_name="alone",
    )
    assert list(STORAGE.references(found)) == [Ref("secrets", "oracle", "prov")]
    assert list(STORAGE.named(found)) == [Ref("secrets", "oracle", "prov")]


@pytest.mark.parametrize("name", ["x\nt secrets kube-system/admin", "Ä", "a/b", " a", "$pvc"])
def test_a_parameter_that_can_name_no_secret_stays_and_refers_to_none(name: str) -> None:
    for found in (
        storage_class(x_secret_name=name, x_secret_namespace="oracle"),
        storage_class(x_secret_name="prov", x_secret_namespace=name),
    ):
        made = STORAGE.translate(found, Context(CLUSTER))["parameters"]
        assert list(STORAGE.references(found)) == []
        assert name in made.values()


def test_other_parameters_are_never_taken_for_secrets() -> None:
    parameters = {"secret-name": "a", f"{CSI}/fstype": "ext4", "x-secret-name": "b"}
    found = {"metadata": {"name": "fast"}, "provisioner": "csi", "parameters": parameters}
    assert STORAGE.translate(found, Context(CLUSTER))["parameters"] == parameters


def test_only_changes_that_the_host_would_refuse_make_a_class_anew() -> None:
    for field in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"):
        assert STORAGE.recreate({field: "x"}, {})
    for field in ("mountOptions", "allowVolumeExpansion", "allowedTopologies", "metadata"):
        assert not STORAGE.recreate({field: "x"}, {})
    for field in ("value", "preemptionPolicy"):
        assert PRIORITIES.recreate({field: 1}, {})
    for field in ("description", "globalDefault", "metadata"):
        assert not PRIORITIES.recreate({field: 1}, {})
