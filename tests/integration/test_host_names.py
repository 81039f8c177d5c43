"""Claims of host names by Ingresses of several virtual clusters, in a real Redis."""

from typing import Any

import pytest
from redis import Redis

from common.ingress.claimed import claimed_hosts
from common.keys import Key
from common.objects import Obj
from common.workqueue import WorkQueue
from tests.integration.workqueue import CLUSTERS
from workers.host_names import MOST_HOSTS, HostNames

ALPHA, BETA = (Key(cluster, "ingresses", "default", "web") for cluster in CLUSTERS)


@pytest.fixture
def names(redis: Redis, queue: WorkQueue) -> HostNames:
    return HostNames(redis, queue, set(CLUSTERS))


def ingress(*hosts: str, day: int = 1, notes: dict[str, str] | None = None, **spec: Any) -> Obj:
    """A host's Ingress that was created on that day of a month."""
    created = f"2026-01-{day:02}T00:00:00Z"
    rules = [{"host": host} if host else {} for host in hosts]
    metadata = {"creationTimestamp": created, "annotations": notes or {}}
    return {"metadata": metadata, "spec": {"rules": rules, **spec}}


def dirty(redis: Any, cluster: str) -> set[bytes]:
    return set(redis.hkeys(f"tohost:{{{cluster}}}:dirty"))


def test_the_younger_ingress_learns_that_its_host_name_is_taken(names: HostNames) -> None:
    assert names.claim(ALPHA, ingress("a.example.com", "b.example.com")) == {}
    found = names.claim(BETA, ingress("a.example.com", "c.example.com", day=2))
    assert found == {"a.example.com": ALPHA}
    assert names.claim(ALPHA, ingress("a.example.com", "b.example.com")) == {}


def test_an_older_ingress_that_takes_a_name_wakes_the_younger_one_once(
    names: HostNames, redis: Redis
) -> None:
    names.claim(ALPHA, ingress("b.example.com"))
    assert names.claim(BETA, ingress("a.example.com", day=2)) == {}
    for _ in range(2):
        assert names.claim(ALPHA, ingress("a.example.com")) == {}
        assert dirty(redis, "beta") <= {b"ingresses default/web"}
    assert dirty(redis, "beta") == {b"ingresses default/web"}
    redis.delete("tohost:{beta}:dirty")
    names.claim(ALPHA, ingress("a.example.com"))
    assert dirty(redis, "beta") == set()
    assert names.claim(BETA, ingress("a.example.com", day=2)) == {"a.example.com": ALPHA}


@pytest.mark.parametrize(
    ("first", "second", "meet"),
    [
        ("*.example.com", "a.example.com", True),
        ("a.example.com", "*.example.com", True),
        ("*.example.com", "*.example.com", True),
        ("*.example.com", "a.b.example.com", False),
        ("*.example.com", "example.com", False),
        ("*.example.com", "*.b.example.com", False),
        ("a.example.com", "b.example.com", False),
        ("", "", True),
        ("", "a.example.com", False),
    ],
)
def test_a_wildcard_claims_what_is_right_below_it(
    names: HostNames, first: str, second: str, meet: bool
) -> None:
    names.claim(ALPHA, ingress(first))
    assert bool(names.claim(BETA, ingress(second, day=2))) is meet


def test_a_wildcard_that_comes_first_by_age_wakes_the_names_below_it(
    names: HostNames, redis: Redis
) -> None:
    names.claim(BETA, ingress("a.example.com", day=2))
    names.claim(ALPHA, ingress("*.example.com"))
    assert dirty(redis, "beta") == {b"ingresses default/web"}


def test_of_two_that_are_equally_old_only_one_is_told(names: HostNames) -> None:
    names.claim(ALPHA, ingress("a.example.com"))
    told = [
        bool(names.claim(BETA, ingress("a.example.com"))),
        bool(names.claim(ALPHA, ingress("a.example.com"))),
    ]
    assert told == [True, False]


def test_within_one_virtual_cluster_names_are_shared_freely(names: HostNames) -> None:
    names.claim(ALPHA, ingress("a.example.com"))
    other = Key("alpha", "ingresses", "team", "web")
    assert names.claim(other, ingress("a.example.com", day=2)) == {}


def test_a_claim_goes_with_the_ingress_and_with_the_rule(names: HostNames, redis: Any) -> None:
    names.claim(ALPHA, ingress("a.example.com", "*.example.org"))
    names.claim(ALPHA, ingress("*.example.org"))
    assert names.claim(BETA, ingress("a.example.com", day=2)) == {}
    names.claim(ALPHA, None)
    assert names.claim(BETA, ingress("x.example.org", day=2)) == {}
    names.claim(BETA, None)
    assert redis.keys("*ingress-hosts*") == []


def test_one_of_several_claims_of_a_virtual_cluster_is_enough(names: HostNames) -> None:
    other = Key("alpha", "ingresses", "team", "web")
    names.claim(other, ingress("a.example.com", day=3))
    names.claim(ALPHA, ingress("a.example.com"))
    names.claim(ALPHA, None)
    assert names.claim(BETA, ingress("a.example.com", day=2)) == {}
    assert names.claim(BETA, ingress("a.example.com", day=4)) == {"a.example.com": other}


def test_what_is_left_of_a_virtual_cluster_that_is_not_configured_does_not_count(
    names: HostNames, redis: Redis, queue: WorkQueue
) -> None:
    names.claim(ALPHA, ingress("a.example.com"))
    alone = HostNames(redis, queue, {"beta"})
    assert alone.claim(BETA, ingress("a.example.com", day=2)) == {}


def test_an_empty_redis_knows_everything_again_when_all_were_reconciled(
    names: HostNames, redis: Redis
) -> None:
    names.claim(ALPHA, ingress("a.example.com"))
    redis.flushall()
    assert names.claim(BETA, ingress("a.example.com", day=2)) == {}
    names.claim(ALPHA, ingress("a.example.com"))
    assert dirty(redis, "beta") == {b"ingresses default/web"}


def test_aliases_and_default_backends_claim_names_too() -> None:
    aliased = ingress(
        "a.b", notes={"nginx.ingress.kubernetes.io/server-alias": "*.B.c, d.e"}, day=1
    )
    assert claimed_hosts(aliased) == ["*.b.c", "a.b", "d.e"]
    assert claimed_hosts(ingress(defaultBackend={"service": {"name": "s"}})) == ["*"]
    assert claimed_hosts({"spec": {"rules": [None, {"http": None}]}}) == ["*"]


def test_an_ingress_with_thousands_of_names_is_noted_in_part(names: HostNames, redis: Any) -> None:
    names.claim(ALPHA, ingress(*(f"{n}.example.com" for n in range(5000))))
    assert redis.scard("tohost:{ingress-hosts}:below:example.com:alpha") == MOST_HOSTS
