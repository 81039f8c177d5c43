"""Namespaces, beyond what their vectors say."""

from dataclasses import replace

import pytest

from common.cluster import Cluster, NamespaceRules
from common.context import Context, Related
from common.keys import Key
from common.kinds import REGISTRY
from common.metadata import ours
from common.naming import host_name_namespace
from common.objects import Obj, Side
from watchers.streams import Stream
from workers.perform import taken
from workers.plan import plan
from workers.work import Work

KIND = REGISTRY["namespaces"]
ON = Cluster(
    "v", "h", enabled=frozenset({"namespaces"}), namespaces=NamespaceRules({"shop": "prod"})
)
OFF = Cluster("v", "h")


def refusal(name: str, owner: str = "", cluster: Cluster = ON) -> str:
    """What a tenant is told when the host namespace is there already."""
    labels = {"vcluster.loft.sh/managed-by": owner} if owner else {}
    there: Obj = {"metadata": {"name": host_name_namespace(cluster, name), "labels": labels}}
    work = Work(Key("v", "namespaces", "", name), KIND, cluster, {}, None, Related(), b"")
    return str(taken(work, there))


def test_who_has_a_host_namespace_and_how_it_is_handed_over_is_told() -> None:
    assert refusal("shop") == (
        "host namespace prod belongs to someone else and is left alone; to hand it over: kubectl"
        " label namespace prod vcluster.loft.sh/managed-by=h-x-v"
    )


def test_that_of_another_virtual_cluster_is_not_for_handing_over() -> None:
    assert refusal("shop", "h-x-w") == "host namespace prod belongs to h-x-w and is left alone"


def test_where_the_name_tells_nothing_an_annotation_must() -> None:
    assert refusal("a" * 63).endswith(f" vcluster.loft.sh/name={'a' * 63}")


def test_a_cut_name_with_that_annotation_is_handed_over() -> None:
    there: Obj = {
        "metadata": {
            "name": host_name_namespace(ON, "a" * 63),
            "labels": {"vcluster.loft.sh/managed-by": "h-x-v"},
            "annotations": {"vcluster.loft.sh/name": "a" * 63},
        }
    }
    assert ours(KIND, there, ON) == "a" * 63
    there["metadata"]["annotations"]["vcluster.loft.sh/name"] = "b" * 63
    assert ours(KIND, there, ON) is None


def test_off_they_are_watched_in_the_virtual_cluster_alone() -> None:
    assert KIND.sides(OFF) == ("virtual",)
    assert KIND.sides(ON) == ("virtual", "host")


def test_the_uid_that_secret_digests_are_made_with_is_not_kept() -> None:
    system: Obj = {"metadata": {"name": "kube-system", "uid": "u"}}
    assert KIND.stored(system, b"")["metadata"]["uid"] == ""
    assert KIND.stored({"metadata": {"name": "shop", "uid": "u"}}, b"")["metadata"]["uid"] == "u"


@pytest.mark.parametrize(
    "changed",
    [
        {"namespaces": NamespaceRules({"shop": "next"})},
        {"namespaces": NamespaceRules({"shop": "prod"}, labels={"a": "b"})},
        {"namespaces": None},
        {"name_format": "classic"},
    ],
)
@pytest.mark.parametrize("side", ["virtual", "host"])
def test_under_other_settings_all_is_listed_anew(changed: dict[str, object], side: Side) -> None:
    other = replace(ON, **changed)  # type: ignore[arg-type]
    assert len({Stream(each, KIND, side, frozenset()).shape for each in (ON, other)}) == 2


def test_what_is_not_mapped_is_said_with_the_reason_once() -> None:
    cluster = replace(ON, namespaces=NamespaceRules(only=True))
    virtual: Obj = {"metadata": {"name": "shop", "uid": "u"}}
    event, patch = plan(KIND, virtual, None, Context(cluster))
    noted = {"metadata": {**virtual["metadata"], **patch.patch["metadata"]}}  # type: ignore[union-attr]
    assert event.reason == "NamespaceNotSynced"  # type: ignore[union-attr]
    assert plan(KIND, noted, None, Context(cluster)) == []
