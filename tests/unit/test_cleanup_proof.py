"""Whose a host object is, told without the configuration."""

from dataclasses import replace

import pytest

from common.cluster import Cluster
from common.context import Context
from common.kinds import REGISTRY
from common.naming import hashed_host_name
from common.objects import Obj, merge_patch
from tohost.cleanup.proof import (
    Doubt,
    Found,
    clusters_at,
    doubt,
    marks,
    prove,
    prove_namespace,
    sort_doubts,
    with_mapping,
)
from workers.plan import host_object

KIND, NAMESPACES = REGISTRY["configmaps"], REGISTRY["namespaces"]
VIRTUAL: Obj = {"metadata": {"name": "n", "namespace": "d", "uid": "u"}}
HERE = Cluster("v", "h")


def made(cluster: Cluster = HERE, virtual: Obj = VIRTUAL, **changes: object) -> Obj:
    obj: Obj = merge_patch(host_object(KIND, virtual, Context(cluster)), {"metadata": changes})
    return obj


def proven(obj: Obj) -> str | None:
    return prove(KIND, obj, clusters_at("v", "h"))


@pytest.mark.parametrize(
    "obj",
    [
        made(),
        made(replace(HERE, name_format="classic")),
        made(name=hashed_host_name(HERE, "d", "n")),
        made(annotations={"else": "x"}),
    ],
    ids=["prefixed", "classic", "beside a taken name", "with notes of others"],
)
def test_what_tohost_makes_is_proven(obj: Obj) -> None:
    assert proven(obj) == "d/n"


@pytest.mark.parametrize(
    ("obj", "why"),
    [
        (made(annotations=None), "bears the label only"),
        (made(name="a-copy"), "its name or namespace isn't the one that its annotations lead to"),
        (made(namespace="x"), "its name or namespace isn't the one that its annotations lead to"),
        (
            made(annotations={"vcluster.loft.sh/kind": "/v1, Kind=Secret"}),
            "its annotations are those of another kind (/v1, Kind=Secret)",
        ),
        (made(annotations={"vcluster.loft.sh/uid": None}), "lacks annotations of ours"),
    ],
)
def test_a_look_alike_is_not_and_is_told_why(obj: Obj, why: str) -> None:
    assert proven(obj) is None
    assert doubt(KIND, obj) == why


@pytest.mark.parametrize("name", ["v2", "v-v", "x-x-v"])
def test_what_another_virtual_cluster_made_is_not(name: str) -> None:
    assert proven(made(Cluster(name, "h"))) is None


def test_what_lives_in_a_mapped_namespace_keeps_its_name_and_is_proven_only_there() -> None:
    mapped = with_mapping(HERE, "d", "prod")
    assert prove(KIND, made(mapped), [mapped]) == "d/n"
    assert prove(KIND, made(mapped), [with_mapping(HERE, "other", "prod")]) is None
    assert proven(made(mapped)) is None


def test_a_host_namespace_tells_which_virtual_one_it_is() -> None:
    mapped = with_mapping(HERE, "d", "prod")
    obj = host_object(NAMESPACES, {"metadata": {"name": "d", "uid": "u"}}, Context(mapped))
    assert prove_namespace(NAMESPACES, obj, HERE) == "d"
    assert prove_namespace(NAMESPACES, obj, Cluster("v", "elsewhere")) is None
    labelled = {"metadata": {"name": "prod", "labels": obj["metadata"]["labels"]}}
    assert prove_namespace(NAMESPACES, labelled, HERE) is None, "it was handed over, and not used"


def test_what_the_host_makes_beside_proven_objects_follows_them() -> None:
    services, endpoints = REGISTRY["services"], REGISTRY["endpoints"]
    service: Obj = {"metadata": {"name": "web", "namespace": "h", "uid": "s"}}
    same: Obj = {"metadata": {"name": "web", "namespace": "h"}}
    owned: Obj = {"metadata": {"name": "web-1", "ownerReferences": [{"uid": "s"}]}}
    doubts = [Doubt(endpoints, each, "") for each in (same, owned)]
    other = Doubt(KIND, same, "")
    result = sort_doubts([*doubts, other], [Found(services, service, "d/web")])
    assert (result.follows, result.doubts) == (doubts, [other])


def test_the_mark_of_cluster_scoped_objects_tells_the_host_namespace() -> None:
    assert marks("v", ["h", "g"]) == {"g-x-v": "g", "h-x-v": "h"}
