"""Every kind that is on by default: created, changed, deleted, under both forms of names."""

from dataclasses import dataclass

import pytest

from common.objects import Obj, get_path
from tests.e2e.objects import (
    claim,
    configmap,
    encode,
    endpoints,
    in_volume,
    pod,
    secret,
    service,
    slice_of,
)
from tests.e2e.space import Space, new_space
from tests.e2e.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass(frozen=True)
class Case:
    """`path` has the value `after` on the host when `patch` was made to the virtual `obj`."""

    plural: str
    obj: Obj
    patch: Obj
    path: str
    after: object
    needs: tuple[tuple[str, Obj], ...] = ()


_SUBSETS = [{"addresses": [{"ip": "192.0.2.9"}], "ports": [{"port": 81, "protocol": "TCP"}]}]
_PORTS = [{"name": "admin", "port": 81, "protocol": "TCP", "targetPort": 81}]
_ADDRESSES = [{"addresses": ["192.0.2.8"], "conditions": {}}]
_UNSELECTED = (("services", service("x", selected=False)),)
CASES = [
    Case(
        "pods",
        pod("x"),
        {"spec": {"containers": [{"name": "main", "image": "nginx:1.28"}]}},
        "spec.containers",
        "nginx:1.28",
    ),
    Case("services", service("x"), {"spec": {"ports": _PORTS}}, "spec.ports", _PORTS),
    Case(
        "endpoints",
        endpoints("x"),
        {"subsets": _SUBSETS},
        "subsets",
        _SUBSETS,
        _UNSELECTED,
    ),
    Case(
        "endpointslices",
        slice_of("x", "x"),
        {"endpoints": _ADDRESSES},
        "endpoints",
        _ADDRESSES,
        _UNSELECTED,
    ),
    Case(
        "persistentvolumeclaims",
        claim("x"),
        {"metadata": {"labels": {"app": "db"}}},
        "metadata.labels.app",
        "db",
    ),
    Case(
        "configmaps",
        configmap("x"),
        {"data": {"key": None, "other": "new"}},
        "data",
        {"other": "new"},
        (("pods", pod("p", in_volume("configmaps", "x"))),),
    ),
    Case(
        "secrets",
        secret("x"),
        {"data": {"key": None, "other": encode("new")}},
        "data",
        {"other": encode("new")},
        (("pods", pod("p", in_volume("secrets", "x"))),),
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.plural)
async def test_a_kind_is_created_changed_and_deleted(either: Space, case: Case) -> None:
    for plural, needed in case.needs:
        await either.create(plural, needed)
    made = await either.create(case.plural, case.obj)
    host = await either.host(case.plural, "x")
    assert host["metadata"]["annotations"]["vcluster.loft.sh/uid"] == made["metadata"]["uid"]
    await either.patch(case.plural, "x", case.patch)
    await either.host(case.plural, "x", lambda obj: agrees(obj, case))
    await either.delete(case.plural, "x")
    await either.host_gone(case.plural, "x")


def agrees(host: Obj, case: Case) -> bool:
    found = get_path(host, case.path)
    if case.path == "spec.containers":
        found = found[0]["image"]
    return bool(found == case.after)


async def test_the_seeds_example_has_exactly_the_seeds_name_and_annotations(world: World) -> None:
    space = await new_space(world, "default")
    made = await space.create("pods", pod("my-pod"))
    name = "my-vcluster-default-my-pod-x-default-x-my-vcluster"
    assert space.host_name("my-pod") == name
    notes = (await space.host("pods", "my-pod"))["metadata"]["annotations"]
    prefix = "vcluster.loft.sh/"
    told = [notes[prefix + key] for key in ("name", "namespace", "uid")]
    assert told == ["my-pod", "default", made["metadata"]["uid"]]
