"""External names: what they mean, and whom they wake."""

import pytest

from common.context import Ref
from common.external_name import named_service
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


def test_a_service_wakes_with_the_one_that_it_names_where_that_may_get_another_name() -> None:
    kind = REGISTRY["services"]
    assert list(kind.references(_external("a.b-x-c.svc"))) == [
        Ref("services", "b-x-c", "a", wakes="referrer")
    ]
    assert not list(kind.references(_external("db.prod.svc")))


def _external(name: str) -> Obj:
    return {"metadata": {"name": "e"}, "spec": {"type": "ExternalName", "externalName": name}}
