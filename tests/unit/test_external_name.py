"""External names: what they mean, and whom they wake."""

import pytest

from common.cluster import Cluster
from common.context import Context, Ref
from common.external_name import named_service, translate_external_name
from common.kinds import REGISTRY
from common.objects import Obj


@pytest.mark.parametrize("domain", ["", ".", ".cluster.local", ".cluster.local.", ".corp.example"])
@pytest.mark.parametrize("front", ["", "web-0.", "http.tcp."])
def test_what_a_clusters_dns_could_answer_is_a_service(front: str, domain: str) -> None:
    assert named_service(f"{front}db.prod.svc{domain}") == Ref("services", "prod", "db")


@pytest.mark.parametrize(
    "name", ["db", "db.example.com", "db.svc", "db.svc.example.com", "a.b.svcs"]
)
def test_any_other_name_is_outside(name: str) -> None:
    assert named_service(name) is None


@pytest.mark.parametrize("name", ["db.team", "web-0.db.team", "db", "com"])
def test_no_reader_can_take_a_name_outside_for_one_in_its_own_cluster(name: str) -> None:
    """With a dot at its end it's looked up as it is, and not below `svc.cluster.local`."""
    context = Context(Cluster("v", "h"))
    assert translate_external_name(name, context) == f"{name}."
    assert translate_external_name(f"{name}.", context) == f"{name}."


@pytest.mark.parametrize("name", ["db.example.com", "example.org", "db.example.com.", "a.b.c.team"])
def test_names_that_no_search_list_makes_a_service_of_stay_as_they_are(name: str) -> None:
    assert translate_external_name(name, Context(Cluster("v", "h"))) == name


def test_a_service_wakes_with_the_one_that_it_names_where_that_may_get_another_name() -> None:
    kind = REGISTRY["services"]
    assert list(kind.references(_external("a.b-x-c.svc"))) == [
        Ref("services", "b-x-c", "a", wakes="referrer")
    ]
    assert not list(kind.references(_external("db.prod.svc")))


def _external(name: str) -> Obj:
    return {"metadata": {"name": "e"}, "spec": {"type": "ExternalName", "externalName": name}}
