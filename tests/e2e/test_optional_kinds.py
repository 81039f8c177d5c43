"""Every kind that is off by default, custom resources and patches, all switched on at once."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from common.kube.client import KubeClient
from common.objects import Obj, get_path
from tests.crds import install, snapshot_definitions
from tests.e2e.objects import (
    claim,
    configmap,
    disruption_budget,
    in_env,
    ingress,
    network_policy,
    pod,
    priority_class,
    secret,
    service,
)
from tests.e2e.space import Space, new_space
from tests.e2e.waiting import eventually
from tests.e2e.world import HOST_NAMESPACE, World, open_world

pytestmark = pytest.mark.asyncio(loop_scope="session")

_ON = (
    "ingresses networkPolicies priorityClasses podDisruptionBudgets storageClasses serviceAccounts"
    " persistentVolumes volumeSnapshots volumeSnapshotContents resourceClaims"
    " resourceClaimTemplates"
)
_SECRET_REF = {"path": "spec.secretName", "kind": "Secret", "apiVersion": "v1"}
_WIDGETS = {"enabled": True, "references": [_SECRET_REF]}
_NOTE = {"path": 'metadata.annotations["team"]', "expression": "'team-' + context.virtual.name"}
_SIZE = {"path": "data.size", "expression": "string(int(value) * 10)"}
_SNAPSHOTS = "snapshot.storage.k8s.io/v1"
OWN = {"vcluster.loft.sh/managed-by": "v"}


def widgets_definition() -> Obj:
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {"type": "object", "properties": {"spec": anything, "status": anything}}
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
        },
    }


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """The definitions come after the processes: those find them by themselves."""
    to_host: Obj = {option: {"enabled": True} for option in _ON.split()}
    to_host["customResources"] = {"widgets.example.com": _WIDGETS}
    to_host["configMaps"] = {"patches": [_NOTE, _SIZE]}
    folder = tmp_path_factory.mktemp("wide")
    async with open_world(folder, "v", {"sync": {"toHost": to_host}}, classic=False) as opened:
        backend = opened.backend
        for file in (backend.virtual_kubeconfig, backend.host_kubeconfig):
            async with await KubeClient.connect(str(file), name=file.stem) as client:
                await install(client, [*snapshot_definitions(), widgets_definition()])
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def space(world: World) -> Space:
    return await new_space(world)


@dataclass(frozen=True)
class Case:
    """`before` at `path` on the host becomes `after` when `patch` was made to the virtual `obj`,
    unless that is empty. `h` in a text stands for the host name of that name."""

    plural: str
    obj: Obj
    path: str
    before: Any
    patch: Obj = field(default_factory=dict)
    after: Any = None


def snapshot(name: str, claimed: str) -> Obj:
    source = {"persistentVolumeClaimName": claimed}
    return {
        "apiVersion": _SNAPSHOTS,
        "kind": "VolumeSnapshot",
        "metadata": {"name": name},
        "spec": {"source": source, "volumeSnapshotClassName": "fast"},
    }


def device_claim() -> Obj:
    exactly = {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1}
    return {"devices": {"requests": [{"name": "gpu", "exactly": exactly}]}}


def widget(name: str, secret_name: str) -> Obj:
    spec = {"secretName": secret_name, "size": 1}
    return {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": name},
        "spec": spec,
    }


CASES = [
    Case(
        "ingresses",
        ingress("x", "web", "tls"),
        "spec.tls",
        [{"hosts": ["x.example.com"], "secretName": "h:tls"}],
        {"spec": {"ingressClassName": "nginx"}},
        [{"hosts": ["x.example.com"], "secretName": "h:tls"}],
    ),
    Case(
        "networkpolicies",
        network_policy("x", "web"),
        "spec.podSelector.matchLabels.app",
        "web",
        {"spec": {"podSelector": {"matchLabels": {"app": "other"}}}},
        "other",
    ),
    Case(
        "poddisruptionbudgets",
        disruption_budget("x", "web"),
        "spec.minAvailable",
        1,
        {"spec": {"minAvailable": 2}},
        2,
    ),
    Case(
        "serviceaccounts",
        {"metadata": {"name": "x", "annotations": {"iam": "a"}}, "secrets": [{"name": "s"}]},
        "metadata.annotations.iam",
        "a",
        {"metadata": {"annotations": {"iam": "b"}}},
        "b",
    ),
    Case(
        "volumesnapshots",
        snapshot("x", "data"),
        "spec.source",
        {"persistentVolumeClaimName": "h:data"},
    ),
    Case("resourceclaims", {"metadata": {"name": "x"}, "spec": device_claim()}, "kind", None),
    Case(
        "resourceclaimtemplates",
        {"metadata": {"name": "x"}, "spec": {"spec": device_claim()}},
        "spec.spec.devices.requests",
        device_claim()["devices"]["requests"],
    ),
    Case(
        "widgets",
        widget("x", "key"),
        "spec",
        {"secretName": "h:key", "size": 1},
        {"spec": {"size": None, "colour": "red"}},
        {"secretName": "h:key", "colour": "red"},
    ),
    Case(
        "configmaps",
        configmap("x", {"size": "1"}),
        "data.size",
        "10",
        {"data": {"size": "2"}},
        "20",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.plural)
async def test_a_kind_is_created_changed_and_deleted(space: Space, case: Case) -> None:
    if case.plural == "configmaps":
        await space.create("pods", pod("uses", in_env("configmaps", "x")))
    made = await space.create(case.plural, case.obj)
    host = await space.host(case.plural, "x", lambda obj: agrees(space, obj, case, case.before))
    assert host["metadata"]["annotations"]["vcluster.loft.sh/uid"] == made["metadata"]["uid"]
    if case.patch:
        await space.patch(case.plural, "x", case.patch)
        await space.host(case.plural, "x", lambda obj: agrees(space, obj, case, case.after))
    await space.delete(case.plural, "x")
    await space.host_gone(case.plural, "x")


def agrees(space: Space, host: Obj, case: Case, expected: Any) -> bool:
    return expected is None or bool(get_path(host, case.path) == named(space, expected))


def named(space: Space, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: named(space, each) for key, each in value.items()}
    if isinstance(value, list):
        return [named(space, each) for each in value]
    if isinstance(value, str) and value.startswith("h:"):
        return space.host_name(value[2:])
    return value


async def test_classes_are_created_changed_and_deleted(world: World) -> None:
    classes: dict[str, tuple[Obj, Obj]] = {
        "priorityclasses": (priority_class("x"), {"description": "other"}),
        "storageclasses": (
            {"metadata": {"name": "x"}, "provisioner": "example.com/disk"},
            {"allowVolumeExpansion": True},
        ),
    }
    name = f"vcluster-x-x-{HOST_NAMESPACE}-x-v"
    for plural, (obj, change) in classes.items():
        await world.virtual.create(plural, "", obj)
        await host_has(world, plural, name, {})
        await world.virtual.patch(plural, "", "x", change)
        await host_has(world, plural, name, change)
        await world.virtual.delete(plural, "", "x")
        await gone(world, plural, name)


async def test_a_pod_bears_its_own_service_account(space: Space) -> None:
    await space.create("serviceaccounts", {"metadata": {"name": "builder"}})
    await space.create("pods", pod("p", serviceAccountName="builder"))
    host = await space.host("pods", "p")
    assert host["spec"]["serviceAccountName"] == space.host_name("builder")
    await space.running("p")


async def test_a_volume_of_the_tenants_own_is_bound_to_its_claim(space: Space) -> None:
    name = f"disk-{space.namespace}"
    reference = {"namespace": space.namespace, "name": "data"}
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": "fast",
        "hostPath": {"path": "/data"},
        "claimRef": reference,
    }
    await space.world.virtual.create(
        "persistentvolumes", "", {"metadata": {"name": name}, "spec": spec}
    )
    claimed = claim("data")
    claimed["spec"]["volumeName"] = name
    await space.create("persistentvolumeclaims", claimed)
    host_volume = f"vcluster-{name}-x-{HOST_NAMESPACE}-x-v"
    host = await space.host("persistentvolumeclaims", "data")
    assert host["spec"]["volumeName"] == host_volume
    assert host["spec"]["storageClassName"] == f"vcluster-fast-x-{HOST_NAMESPACE}-x-v"
    await host_has(space.world, "persistentvolumes", host_volume, {"status": {"phase": "Bound"}})
    bound = await space.virtual("persistentvolumeclaims", "data", is_bound)
    assert bound["spec"]["volumeName"] == name
    volume = await virtual_has(
        space.world, "persistentvolumes", name, {"status": {"phase": "Bound"}}
    )
    assert volume["spec"]["claimRef"]["uid"] == bound["metadata"]["uid"]


async def test_a_content_that_the_host_made_appears(space: Space) -> None:
    await space.create("volumesnapshots", snapshot("daily", "data"))
    host = await space.host("volumesnapshots", "daily")
    name = f"snapcontent-{host['metadata']['uid']}"
    reference = {"kind": "VolumeSnapshot", "name": host["metadata"]["name"]}
    content = {
        "apiVersion": _SNAPSHOTS,
        "kind": "VolumeSnapshotContent",
        "metadata": {"name": name},
        "spec": {
            "driver": "example.com",
            "deletionPolicy": "Delete",
            "source": {"volumeHandle": "disk-1"},
            "volumeSnapshotRef": {**reference, "namespace": HOST_NAMESPACE},
        },
    }
    await space.world.host.create("volumesnapshotcontents", "", content)
    status = {"boundVolumeSnapshotContentName": name, "readyToUse": True}
    await space.patch_host("volumesnapshots", "daily", {"status": status}, "status")
    await space.virtual("volumesnapshots", "daily", lambda seen: seen["status"] == status)
    there = await virtual_has(space.world, "volumesnapshotcontents", name, {})
    wanted = {"kind": "VolumeSnapshot", "name": "daily", "namespace": space.namespace}
    assert wanted.items() <= there["spec"]["volumeSnapshotRef"].items()


async def test_a_pod_gets_the_device_that_the_host_gave_its_claim(space: Space) -> None:
    await space.create("resourceclaims", {"metadata": {"name": "gpu"}, "spec": device_claim()})
    mine = {"resourceClaims": [{"name": "gpu", "resourceClaimName": "gpu"}]}
    made = await space.create("pods", pod("p", **mine))
    host = await space.host("pods", "p")
    claims = [{"name": "gpu", "resourceClaimName": space.host_name("gpu")}]
    assert host["spec"]["resourceClaims"] == claims
    result = {"request": "gpu", "driver": "d.example.com", "pool": "p", "device": "gpu-0"}
    consumer = {
        "resource": "pods",
        "name": host["metadata"]["name"],
        "uid": host["metadata"]["uid"],
    }
    allocation = {"devices": {"results": [result]}}
    status = {"allocation": allocation, "reservedFor": [consumer]}
    await space.host("resourceclaims", "gpu")
    await space.patch_host("resourceclaims", "gpu", {"status": status}, "status")
    told = await space.virtual("resourceclaims", "gpu", lambda seen: seen["status"]["reservedFor"])
    own = {"resource": "pods", "name": "p", "uid": made["metadata"]["uid"]}
    assert told["status"]["reservedFor"] == [own]


async def test_a_custom_resource_brings_its_secret_and_its_status_back(space: Space) -> None:
    await space.create("secrets", secret("key"))
    await space.create("widgets", widget("w", "key"))
    await space.host("secrets", "key")
    await space.host("widgets", "w")
    await space.patch_host("widgets", "w", {"status": {"state": "turning"}}, "status")
    await space.virtual("widgets", "w", lambda seen: seen["status"] == {"state": "turning"})
    await space.delete("widgets", "w")
    await space.host_gone("secrets", "key")


async def test_the_secret_of_an_ingress_comes_and_goes_with_it(space: Space) -> None:
    await space.create("secrets", secret("tls"))
    await space.create("services", service("web"))
    await space.create("ingresses", ingress("site", "web", "tls"))
    await space.host("secrets", "tls")
    await space.delete("ingresses", "site")
    await space.host_gone("secrets", "tls")


async def test_a_patched_annotation_arrives(space: Space) -> None:
    await space.create("configmaps", configmap("x", {"size": "1"}))
    await space.create("pods", pod("uses", in_env("configmaps", "x")))
    host = await space.host("configmaps", "x")
    assert host["metadata"]["annotations"]["team"] == "team-x"


async def test_a_patch_that_fails_is_told_on_the_object(space: Space) -> None:
    await space.create("configmaps", configmap("bad", {"size": "large"}))
    await space.create("pods", pod("uses", in_env("configmaps", "bad", "size")))
    event = await space.warning("bad", "PatchFailed")
    assert "data.size" in event["message"]
    assert "string(int(value) * 10)" in event["message"]
    await space.patch("configmaps", "bad", {"data": {"size": "1"}})
    await space.host("configmaps", "bad", lambda seen: seen["data"]["size"] == "10")


async def test_everything_comes_to_rest(world: World) -> None:
    await world.settled(quiet_s=2.0)


def is_bound(claimed: Obj) -> bool:
    return bool(claimed["status"]["phase"] == "Bound" and claimed["spec"]["volumeName"])


async def host_has(world: World, plural: str, name: str, part: Obj) -> Obj:
    return await _has(world.host, plural, name, part)


async def virtual_has(world: World, plural: str, name: str, part: Obj) -> Obj:
    return await _has(world.virtual, plural, name, part)


async def _has(api: Any, plural: str, name: str, part: Obj) -> Obj:
    """The cluster-scoped object of that name, once it has `part`."""

    async def look() -> Obj:
        there: Obj | None = await api.get(plural, "", name)
        assert there is not None, f"no {plural} {name}"
        for key, value in part.items():
            found = there.get(key)
            part_of = isinstance(value, dict) and value.items() <= (found or {}).items()
            assert found == value or part_of, there
        return there

    return await eventually(look)


async def gone(world: World, plural: str, name: str) -> None:
    async def look() -> bool:
        return await world.host.get(plural, "", name) is None

    await eventually(look)
