"""Offline translation: what is made, what is skipped and why."""

from dataclasses import replace

import pytest

from common.cluster import Cluster
from common.errors import ConfigError
from common.kinds import REGISTRY
from common.naming import hashed_host_name, namespace_label_key
from common.objects import Obj, name_of
from workers.translate import Translation, translate_documents

CLUSTER = Cluster("v", "h", enabled=frozenset(REGISTRY) - {"endpoints"})


def obj(kind: str, name: str, api_version: str = "v1", **fields: object) -> Obj:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


POD = obj(
    "Pod", "web", spec={"containers": [{"name": "c", "envFrom": [{"configMapRef": {"name": "a"}}]}]}
)


def translate(*documents: Obj, related: tuple[Obj, ...] = ()) -> Translation:
    return translate_documents(documents, related, CLUSTER)


def test_objects_come_out_in_the_order_of_the_documents() -> None:
    made = translate(obj("ConfigMap", "a"), POD, obj("Service", "s")).objects
    assert [each["kind"] for each in made] == ["ConfigMap", "Pod", "Service"]


def test_a_missing_namespace_is_default() -> None:
    assert translate(POD).objects[0]["metadata"]["name"] == "v-default-web-x-default-x-v"


def test_referrers_may_be_among_the_documents_or_related() -> None:
    assert len(translate(obj("ConfigMap", "a"), POD).objects) == 2
    assert len(translate(obj("ConfigMap", "a"), related=(POD,)).objects) == 1
    assert translate(obj("ConfigMap", "a")).skipped == (
        ("ConfigMap default/a", "no synced object refers to it"),
    )


def test_what_is_not_synced_is_named_with_the_reason() -> None:
    documents = (obj("Deployment", "d", "apps/v1"), obj("Endpoints", "e"), obj("Node", "n"))
    skipped = dict(translate(*documents).skipped)
    assert skipped["Deployment d"] == "kind Deployment is not synced"
    assert skipped["Endpoints default/e"] == "sync.toHost.endpoints.enabled is false"
    assert skipped["Node n"] == "kind Node is not synced"


def test_namespaces_and_services_are_taken_from_the_related_objects() -> None:
    service = obj("Service", "db", spec={"clusterIP": "10.0.0.5", "ports": [{"port": 5432}]})
    namespace = {
        **obj("Namespace", "default"),
        "metadata": {"name": "default", "labels": {"a": "b"}},
    }
    (pod,) = translate(POD, related=(service, namespace)).objects
    names = {variable["name"] for variable in pod["spec"]["containers"][0]["env"]}
    assert "DB_SERVICE_HOST" in names
    assert any("ns-label" in key for key in pod["metadata"]["labels"])


def test_a_namespace_among_the_documents_has_the_label_that_every_server_gives_it() -> None:
    pod, *_ = translate(POD, obj("Namespace", "default")).objects
    key = namespace_label_key(CLUSTER, "kubernetes.io/metadata.name")
    assert pod["metadata"]["labels"][key] == "default"


def test_what_a_pod_takes_over_outdoes_the_variables_of_services() -> None:
    service = obj("Service", "db", spec={"clusterIP": "10.0.0.5", "ports": [{"port": 5432}]})
    for kind, holder in (("ConfigMap", "data"), ("Secret", "data"), ("Secret", "stringData")):
        source = {f"{kind[0].lower()}{kind[1:]}Ref": {"name": "a"}, "prefix": "DB_"}
        pod = obj("Pod", "web", spec={"containers": [{"name": "c", "envFrom": [source]}]})
        binary = {"binaryData": {"SERVICE_HOST": "eA=="}}
        given = {**obj(kind, "a"), holder: {"PORT": "5432"}, **binary}
        (made,) = translate(pod, related=(service, given)).objects
        names = {each["name"] for each in made["spec"]["containers"][0]["env"]}
        assert "DB_PORT" not in names
        assert {"DB_SERVICE_HOST", "DB_SERVICE_PORT"} <= names


def test_a_pod_that_runs_is_translated_as_if_it_were_new() -> None:
    metadata = {"name": "web", "deletionTimestamp": "x", "deletionGracePeriodSeconds": 3}
    running = {**POD, "metadata": metadata, "status": {"phase": "Running", "startTime": "x"}}
    running["spec"] = {**POD["spec"], "nodeName": "node-1"}
    assert translate(running).objects == translate(POD).objects


def test_a_secret_is_shown_with_its_data() -> None:
    pod = obj("Pod", "p", spec={"volumes": [{"name": "v", "secret": {"secretName": "s"}}]})
    secret = obj("Secret", "s", data={"a": "eA=="}, stringData={"b": "y"})
    assert translate(secret, related=(pod,)).objects[0]["data"] == {"a": "eA==", "b": "eQ=="}


def test_tokens_are_not_minted_but_their_place_is_shown() -> None:
    source = {"serviceAccountToken": {"path": "token"}}
    volumes = [{"name": "t", "projected": {"sources": [source]}}]
    (pod,) = translate(obj("Pod", "p", spec={"volumes": volumes})).objects
    assert not any("token" in key for key in pod["metadata"]["annotations"])
    (item,) = pod["spec"]["volumes"][0]["projected"]["sources"][0]["downwardAPI"]["items"]
    assert item["fieldRef"]["fieldPath"] == "metadata.annotations['vcluster.loft.sh/token-t-0']"


def test_nulls_and_missing_parts_are_no_trouble() -> None:
    bare = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "labels": None},
        "spec": None,
    }
    kinds = [
        ("ConfigMap", "v1"),
        ("Secret", "v1"),
        ("Service", "v1"),
        ("PersistentVolumeClaim", "v1"),
    ]
    others = [obj(kind, "x", version, spec=None, data=None) for kind, version in kinds]
    translation = translate(bare, *others, {"kind": "Thing"}, {})
    assert [each["kind"] for each in translation.objects] == [
        "Pod",
        "Service",
        "PersistentVolumeClaim",
    ]


def test_the_documents_are_not_changed() -> None:
    before = repr(POD)
    translate(POD)
    assert repr(POD) == before


def named(kind: str, namespace: str, name: str, **fields: object) -> Obj:
    return {**obj(kind, name), "metadata": {"name": name, "namespace": namespace}, **fields}


def test_of_two_objects_with_one_host_name_the_later_gets_the_hashed_one() -> None:
    cluster = replace(CLUSTER, name_format="classic", all_objects=frozenset({"configmaps"}))
    maps = [named("ConfigMap", "b-x-c", "a"), named("ConfigMap", "c", "a-x-b")]
    volumes = [{"name": "v", "configMap": {"name": "a-x-b"}}]
    pod = named("Pod", "c", "p", spec={"volumes": volumes})
    first, second, host_pod = translate_documents([*maps, pod], (), cluster).objects
    assert name_of(first) == "a-x-b-x-c-x-v"
    assert name_of(second) == hashed_host_name(cluster, "c", "a-x-b")
    assert host_pod["spec"]["volumes"][0]["configMap"]["name"] == name_of(second)


def test_an_object_that_is_not_synced_takes_no_name_from_another() -> None:
    cluster = replace(CLUSTER, name_format="classic")
    source = {"name": "c", "envFrom": [{"configMapRef": {"name": "a-x-b"}}]}
    pod = named("Pod", "c", "p", spec={"containers": [source]})
    maps = [named("ConfigMap", "b-x-c", "a"), named("ConfigMap", "c", "a-x-b")]
    (host,) = translate_documents(maps, (pod,), cluster).objects
    assert name_of(host) == "a-x-b-x-c-x-v"


def test_a_name_that_others_could_bear_is_followed_when_nobody_does() -> None:
    volumes = [{"name": "v", "secret": {"secretName": "a-x-b-x-c"}}]
    (pod,) = translate(obj("Pod", "p", spec={"volumes": volumes})).objects
    assert pod["spec"]["volumes"][0]["secret"]["secretName"] == (
        "v-default-a-x-b-x-c-x-default-x-v"
    )


@pytest.mark.parametrize(
    "spec", ["text", {"containers": [None]}, {"volumes": [{"name": "v", "secret": "s"}]}]
)
def test_an_object_that_no_server_would_take_is_named(spec: object) -> None:
    with pytest.raises(ConfigError, match=r"^Pod .*p: does not have the form of a Pod; "):
        translate(obj("Pod", "p", spec=spec))
