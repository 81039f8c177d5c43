"""What the store keeps of a virtual cluster besides its objects."""

import pytest
from fakeredis import FakeRedis

from common.store import Store


@pytest.fixture
def store() -> Store:
    return Store(FakeRedis())


def test_the_first_identity_seen_stays(store: Store) -> None:
    assert store.claim_identity("v", "first")
    assert not store.claim_identity("v", "second")
    assert store.claim_identity("v", "first")


def test_identities_of_different_virtual_clusters_do_not_meet(store: Store) -> None:
    assert store.claim_identity("v", "first")
    assert store.claim_identity("w", "second")


def test_a_cluster_that_was_never_listed_has_no_synced_streams(store: Store) -> None:
    assert store.synced("v") == frozenset()
    assert store.stream("v", "virtual", "pods")[1] == ""
    assert store.versions("v", "virtual", "pods") == {}


def test_of_two_virtual_clusters_at_one_server_the_first_has_it(store: Store) -> None:
    store.claim_identity("v", "digest")
    assert store.claim_cluster("v", "digest", ["v", "w"]) == ""
    assert store.claim_cluster("w", "digest", ["v", "w"]) == "v"
    assert store.claim_cluster("v", "digest", ["v", "w"]) == ""


def test_one_that_is_configured_no_more_or_moved_away_has_it_no_more(store: Store) -> None:
    store.claim_identity("v", "digest")
    store.claim_cluster("v", "digest", ["v"])
    assert store.claim_cluster("w", "digest", ["w"]) == ""
    store.claim_identity("w", "digest of another cluster")
    assert store.claim_cluster("v", "digest", ["v", "w"]) == ""
