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
    assert store.position("v", "virtual", "pods") == ""
    assert store.versions("v", "virtual", "pods") == {}
