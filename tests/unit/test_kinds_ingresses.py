"""What an Ingress refers to, and what the vectors can't show of its annotations."""

import json
import re

import pytest

from common.actions import Create, RequeueAfter
from common.cluster import Cluster
from common.context import Context, Ref
from common.ingress.service_json import follow_services, named_services
from common.kinds import REGISTRY
from common.objects import Obj
from workers.plan import host_object, plan
from workers.translate import translate_documents

INGRESSES = REGISTRY["ingresses"]
NGINX, ALB = "nginx.ingress.kubernetes.io", "alb.ingress.kubernetes.io"
KEY_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")


def ingress(notes: dict[str, str] | None = None, namespace: str = "default", **spec: object) -> Obj:
    metadata = {"name": "web", "namespace": namespace, "uid": "u1", "annotations": notes or {}}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "Ingress",
        "metadata": metadata,
        "spec": spec,
    }


def backend(service: str, **port: object) -> Obj:
    return {"service": {"name": service, "port": port or {"number": 80}}}


def action(name: str) -> Obj:
    return backend(name, name="use-annotation")


def routing(*backends: Obj) -> list[Obj]:
    return [{"http": {"paths": [{"backend": each} for each in backends]}}]


def cluster(**settings: object) -> Cluster:
    return Cluster("v", "h", enabled=frozenset(REGISTRY), **settings)  # type: ignore[arg-type]


def members(refs: object, wakes: str = "target") -> set[str]:
    return {ref.member for ref in refs if ref.wakes == wakes}  # type: ignore[attr-defined]


def test_secrets_of_tls_and_of_annotations_are_referred_to_where_they_are() -> None:
    notes = {f"{NGINX}/auth-secret": "basic", f"{NGINX}/auth-tls-secret": "other/ca"}
    found = ingress(notes, tls=[{"secretName": "tls"}, {"hosts": ["a.b"]}])
    expected = {"secrets default/basic", "secrets default/tls", "secrets other/ca"}
    assert members(INGRESSES.references(found)) == expected


def test_a_secret_arrives_because_an_ingress_refers_to_it_and_another_does_not() -> None:
    secrets = [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default"}}
        for name in ("tls", "unused")
    ]
    made = translate_documents(secrets, [ingress(tls=[{"secretName": "tls"}])], cluster())
    assert [each["metadata"]["name"] for each in made.objects] == ["v-default-tls-x-default-x-v"]
    assert [name for name, _ in made.skipped] == ["Secret default/unused"]


def test_the_secret_of_an_ingress_that_is_not_synced_stays() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tls"}}
    without = Cluster("v", "h", enabled=frozenset({"secrets"}))
    made = translate_documents([secret], [ingress(tls=[{"secretName": "tls"}])], without)
    assert made.objects == ()


def test_services_are_no_targets_but_wait_when_their_names_could_be_shared() -> None:
    plain = ingress(defaultBackend=backend("web"))
    shared = ingress(namespace="b-x-c", defaultBackend=backend("a"))
    assert list(INGRESSES.references(plain)) == []
    assert members(INGRESSES.references(shared), "referrer") == {"services b-x-c/a"}


def test_every_service_that_it_names_is_known_as_such_but_no_action() -> None:
    forward = json.dumps({"forwardConfig": {"targetGroups": [{"serviceName": "green"}]}})
    found = ingress(
        {f"{ALB}/actions.split": forward},
        defaultBackend=backend("web"),
        rules=routing(action("split")),
    )
    assert members(INGRESSES.named(found)) == {"services default/web", "services default/green"}


@pytest.mark.parametrize(
    "value", ["x\nt secrets kube-system/admin", "a\nt b/c", "../x", "ä/ö", "/"]
)
def test_an_annotation_that_can_name_no_secret_refers_to_none(value: str) -> None:
    found = ingress({f"{NGINX}/auth-secret": value})
    assert list(INGRESSES.references(found)) == []


@pytest.mark.parametrize("length", [1, 20, 52])
def test_keys_of_actions_and_conditions_are_ones_that_servers_take(length: int) -> None:
    split, web = "a" * length, "w" * length
    notes = {f"{ALB}/actions.{split}": "{}", f"{ALB}/conditions.{split}": "[]"}
    notes |= {f"{ALB}/conditions.{web}": "[]"}
    found = ingress(notes, namespace="n" * 63, rules=routing(action(split), backend(web)))
    made = host_object(INGRESSES, found, Context(cluster()))["metadata"]["annotations"]
    keys = [key.removeprefix(f"{ALB}/") for key in made if key.startswith(ALB)]
    assert sorted(key.partition(".")[0] for key in keys) == [*["actions"] * 2, *["conditions"] * 2]
    assert all(KEY_NAME.fullmatch(key) for key in keys)


def test_a_service_and_an_action_of_one_name_share_their_conditions() -> None:
    rules = routing(backend("web"), action("web"))
    found = ingress({f"{ALB}/conditions.web": "[]"}, namespace="n" * 30, rules=rules)
    made = host_object(INGRESSES, found, Context(cluster()))
    paths = made["spec"]["rules"][0]["http"]["paths"]
    names = {path["backend"]["service"]["name"] for path in paths}
    conditions = {key for key in made["metadata"]["annotations"] if "/conditions." in key}
    assert len(names) == 2
    assert conditions == {f"{ALB}/conditions.{name}" for name in names}


def test_nested_names_follow_wherever_they_stand() -> None:
    text = '{"a":[{"serviceName":"x"},{"b":{"ServiceName":"y"}}],"serviceNames":["z"]}'
    assert named_services(text) == ["x", "y"]
    followed = follow_services(text, str.upper)
    assert followed == '{"a":[{"serviceName":"X"},{"b":{"ServiceName":"Y"}}],"serviceNames":["z"]}'


@pytest.mark.parametrize("text", ["", "{", "plain", "{'a': 1}", "[1,]", '"\n"', "\ufeff{}"])
def test_what_is_no_json_stays(text: str) -> None:
    assert follow_services(text, str.upper) == text


@pytest.mark.parametrize(
    "text",
    [
        '{"x":' + "1" * 5000 + ',"serviceName":"host"}',
        '{"x":' + "[" * 5000 + "]" * 5000 + ',"serviceName":"host"}',
        '{"serviceName":"host","serviceName":""}',
        '{"serviceName":"host","SERVICENAME":""}',
    ],
)
def test_json_that_another_reader_may_take_otherwise_does_not_travel(text: str) -> None:
    assert follow_services(text, str.upper) is None


def test_text_that_names_no_service_keeps_its_form() -> None:
    text = '{"type": "redirect",\n "n": 1.0}'
    assert follow_services(text, str.upper) == text


def test_waiting_ends_when_the_host_tells_the_name() -> None:
    found = ingress(namespace="b-x-c", defaultBackend=backend("a"))
    (waits,) = plan(INGRESSES, found, None, Context(cluster()))
    assert isinstance(waits, RequeueAfter)
    assert "services b-x-c/a" in waits.reason
    (made,) = plan(INGRESSES, ingress(defaultBackend=backend("web")), None, Context(cluster()))
    assert isinstance(made, Create)
    assert Ref("services", "b-x-c", "a") in INGRESSES.named(found)
