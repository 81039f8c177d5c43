"""Which ConfigMaps and Secrets a pod refers to."""

from typing import Any

import pytest

from common.context import Ref
from common.kinds import REGISTRY
from common.objects import Obj
from common.references import follow, pod_references


def pod(**spec: object) -> Obj:
    return {"metadata": {"name": "web", "namespace": "ns"}, "spec": spec}


def names(obj: Obj) -> set[str]:
    return {f"{ref.plural} {ref.namespace}/{ref.name}" for ref in pod_references(obj)}


@pytest.mark.parametrize("containers", ["containers", "initContainers", "ephemeralContainers"])
def test_environments_of_all_containers_count(containers: str) -> None:
    env = [
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "a", "key": "k"}}},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "b", "key": "k"}}},
        {"name": "C", "value": "plain"},
    ]
    env_from = [{"configMapRef": {"name": "c"}}, {"secretRef": {"name": "d"}}]
    found = names(pod(**{containers: [{"name": "x", "env": env, "envFrom": env_from}]}))
    assert found == {"configmaps ns/a", "configmaps ns/c", "secrets ns/b", "secrets ns/d"}


@pytest.mark.parametrize(
    "volume",
    [
        {"secret": {"secretName": "s"}},
        {"azureFile": {"secretName": "s"}},
        {"csi": {"nodePublishSecretRef": {"name": "s"}}},
        *(
            {source: {"secretRef": {"name": "s"}}}
            for source in ("iscsi", "rbd", "cephfs", "cinder")
        ),
        *(
            {source: {"secretRef": {"name": "s"}}}
            for source in ("scaleIO", "flexVolume", "storageos")
        ),
        {"projected": {"sources": [{"secret": {"name": "s", "optional": True}}]}},
    ],
)
def test_secrets_of_every_volume_kind_count(volume: Obj) -> None:
    assert names(pod(volumes=[{"name": "v", **volume}])) == {"secrets ns/s"}


def test_configmap_volumes_and_pull_secrets_count() -> None:
    volumes = [
        {"name": "a", "configMap": {"name": "a"}},
        {"name": "b", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}},
    ]
    found = names(pod(volumes=volumes, imagePullSecrets=[{"name": "pull"}, {}]))
    assert found == {"configmaps ns/a", "configmaps ns/kube-root-ca.crt", "secrets ns/pull"}


@pytest.mark.parametrize(
    "empty",
    [
        {},
        {"spec": None},
        {"spec": {"containers": None, "volumes": None, "imagePullSecrets": None}},
        {"spec": {"containers": [{"env": None, "envFrom": [{"secretRef": None}]}]}},
        {"spec": {"volumes": [{"configMap": None}, {"csi": {"nodePublishSecretRef": None}}]}},
    ],
)
def test_missing_parts_refer_to_nothing(empty: dict[str, Any]) -> None:
    assert list(pod_references({"metadata": {"name": "web", "namespace": "ns"}, **empty})) == []


@pytest.mark.parametrize(
    "kept_back",
    [
        {"schedulingGates": [{"name": "quota"}]},
        {"volumes": [{"name": "v", "projected": {"sources": [{"podCertificate": {"a": "b"}}]}}]},
    ],
)
def test_a_pod_that_is_not_on_the_host_needs_nothing_there(kept_back: Obj) -> None:
    refers = pod(imagePullSecrets=[{"name": "pull"}])
    assert REGISTRY["pods"].references(refers)
    refers["spec"] |= kept_back
    assert not REGISTRY["pods"].references(refers)


def test_each_reference_is_given_once() -> None:
    volumes = [{"name": str(n), "secret": {"secretName": "s"}} for n in range(3)]
    assert len(list(pod_references(pod(volumes=volumes)))) == 1


def test_following_leaves_the_given_object_alone() -> None:
    volume = {"secret": {"secretName": "s"}}
    sources = {"secret": (("secretName",), "secrets")}
    renamed = follow(volume, sources, lambda plural, name: f"{plural}-{name}")
    assert renamed == {"secret": {"secretName": "secrets-s"}}
    assert volume == {"secret": {"secretName": "s"}}


def test_endpoints_wake_when_their_service_changes() -> None:
    endpoints = {"metadata": {"name": "db", "namespace": "ns"}}
    assert list(REGISTRY["endpoints"].references(endpoints)) == [
        Ref("services", "ns", "db", "referrer")
    ]


def test_a_slice_belongs_to_the_service_of_its_label() -> None:
    metadata = {"name": "x", "namespace": "ns", "labels": {"kubernetes.io/service-name": "db"}}
    refs = list(REGISTRY["endpointslices"].references({"metadata": metadata}))
    assert refs == [Ref("services", "ns", "db", "referrer")]


def test_host_pods_refer_to_their_node_and_host_claims_to_their_volume() -> None:
    host_pod, claim = {"spec": {"nodeName": "n1"}}, {"spec": {"volumeName": "pv"}}
    assert list(REGISTRY["pods"].host_references(host_pod)) == [Ref("nodes", "", "n1")]
    refs = list(REGISTRY["persistentvolumeclaims"].host_references(claim))
    assert refs == [Ref("persistentvolumes", "", "pv")]
