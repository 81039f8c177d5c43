"""The demo's checker notices everything that could be wrong."""

import copy

import pytest

from common.objects import Obj, set_path
from tohost.demo.check import host_name, problems

NAME = "v-shop-web-x-shop-x-v"


def obj(name: str, **fields: object) -> Obj:
    return {"metadata": {"name": name, "namespace": "shop", "uid": f"uid-{name}"}, **fields}


def on_host(virtual: Obj, **fields: object) -> Obj:
    name = virtual["metadata"]["name"]
    metadata = {
        "name": host_name(("", "shop", name), "v"),
        "namespace": "vc-v",
        "labels": {"vcluster.loft.sh/managed-by": "v"},
        "annotations": {
            "vcluster.loft.sh/name": name,
            "vcluster.loft.sh/namespace": "shop",
            "vcluster.loft.sh/uid": virtual["metadata"]["uid"],
        },
    }
    return {**copy.deepcopy(virtual), "metadata": metadata, **fields}


POD = obj(
    "web",
    spec={
        "nodeName": "node-1",
        "containers": [
            {
                "name": "c",
                "image": "nginx",
                "envFrom": [{"configMapRef": {"name": "settings"}}],
                "env": [{"valueFrom": {"secretKeyRef": {"name": "password", "key": "k"}}}],
            }
        ],
    },
    status={
        "phase": "Running",
        "podIP": "10.0.0.1",
        "containerStatuses": [{"name": "c", "image": "nginx", "ready": True}],
        "conditions": [{"type": "Ready", "status": "True"}],
    },
)
SETTINGS, PASSWORD, NOTES = (
    obj(name, data={"k": name}) for name in ("settings", "password", "notes")
)
VIRTUAL: dict[str, list[Obj]] = {
    "pods": [POD],
    "services": [],
    "endpoints": [],
    "endpointslices": [],
    "persistentvolumeclaims": [],
    "configmaps": [SETTINGS, NOTES],
    "secrets": [PASSWORD],
}


def host() -> dict[str, list[Obj]]:
    """All as it must be: the ConfigMap that nothing refers to is not there."""
    kept = {**VIRTUAL, "configmaps": [SETTINGS]}
    return {plural: [on_host(each) for each in objects] for plural, objects in kept.items()}


def test_nothing_is_wrong_when_all_is_as_it_must_be() -> None:
    assert problems(VIRTUAL, host(), "v") == []


def test_a_missing_host_object_is_noticed() -> None:
    assert problems(VIRTUAL, {**host(), "pods": []}, "v") == ["pods shop/web: has 0 host objects"]


def test_a_double_is_noticed() -> None:
    twice = {**host(), "pods": host()["pods"] * 2}
    assert problems(VIRTUAL, twice, "v") == ["pods shop/web: has 2 host objects"]


def test_an_orphan_is_noticed() -> None:
    orphan = on_host(obj("old", spec={"containers": []}))
    found = problems(VIRTUAL, {**host(), "pods": [*host()["pods"], orphan]}, "v")
    assert found == ["pods shop/old: on the host, but must not be"]


def test_what_nothing_refers_to_must_not_be_on_the_host() -> None:
    found = problems(VIRTUAL, {**host(), "configmaps": [*map(on_host, [SETTINGS, NOTES])]}, "v")
    assert found == ["configmaps shop/notes: on the host, but must not be"]


def test_objects_of_others_on_the_host_are_let_be() -> None:
    other = on_host(obj("other", spec={"containers": []}))
    other["metadata"]["labels"] = {"vcluster.loft.sh/managed-by": "w"}
    assert problems(VIRTUAL, {**host(), "pods": [*host()["pods"], other]}, "v") == []


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("metadata.name", "web", f"its host object is called web, not {NAME}"),
        ("spec.nodeName", "node-2", "node is 'node-1', on the host 'node-2'"),
        ("status.phase", "Failed", "phase is 'Running', on the host 'Failed'"),
        ("status.podIP", "10.0.0.2", "address is '10.0.0.1', on the host '10.0.0.2'"),
        ("status.conditions", [], "conditions is {'Ready': 'True'}, on the host {}"),
    ],
)
def test_a_difference_is_named(path: str, value: object, message: str) -> None:
    there = host()
    set_path(there["pods"][0], path, value)
    assert problems(VIRTUAL, there, "v") == [f"pods shop/web: {message}"]


def test_a_host_object_of_a_predecessor_is_noticed() -> None:
    there = host()
    there["pods"][0]["metadata"]["annotations"]["vcluster.loft.sh/uid"] = "another"
    message = "pods shop/web: its host object belongs to a predecessor"
    assert problems(VIRTUAL, there, "v") == [message]


def test_data_of_secrets_is_compared_but_not_shown() -> None:
    there = host()
    there["secrets"][0]["data"] = {"k": "hunter2"}
    (found,) = problems(VIRTUAL, there, "v")
    assert found.startswith("secrets shop/password: data is ")
    assert "hunter2" not in found


def test_endpoints_of_a_service_with_a_selector_are_the_hosts_own() -> None:
    service = obj("web", spec={"selector": {"a": "b"}, "type": "ClusterIP", "ports": []})
    endpoints = obj("web", subsets=[])
    virtual = {**VIRTUAL, "services": [service], "endpoints": [endpoints]}
    there = {**host(), "services": [on_host(service)]}
    assert problems(virtual, there, "v") == []
    assert problems(virtual, {**there, "endpoints": [on_host(endpoints)]}, "v") == [
        "endpoints shop/web: on the host, but must not be"
    ]


def test_long_names_are_cut_and_hashed() -> None:
    assert host_name(("", "default", "x" * 60), "my-vcluster") == (
        "my-vcluster-default-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-d1f82fb0cc"
    )
