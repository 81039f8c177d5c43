"""Laws of host names: valid, short, stable, and distinct wherever the plain form is."""

import re
from collections import defaultdict
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from common.cluster import Cluster
from common.naming import (
    MAX_LENGTH,
    hashed_host_name,
    host_name,
    host_name_cluster,
    label_key,
    managed_by,
    may_be_shared,
    namespace_label_key,
    shorten,
    token_secret_name,
)
from tests.property.strategies import CLUSTERS, LABEL, NAME, NAMESPACE

DNS_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
LABEL_KEY = re.compile(r"vcluster\.loft\.sh/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
KEYS = st.one_of(LABEL, st.just("release"), LABEL.map(lambda key: f"vcluster.loft.sh/{key}"))


@given(CLUSTERS, NAMESPACE, NAME)
def test_every_host_name_is_a_short_dns_name(cluster: Cluster, namespace: str, name: str) -> None:
    plain, hashed = host_name(cluster, namespace, name), hashed_host_name(cluster, namespace, name)
    for made in (plain, hashed, host_name_cluster(cluster, name)):
        assert len(made) <= MAX_LENGTH
        assert DNS_NAME.fullmatch(made)


@given(CLUSTERS, st.tuples(NAMESPACE, NAME), st.tuples(NAMESPACE, NAME))
def test_names_differ_unless_the_full_strings_are_equal(
    cluster: Cluster, one: tuple[str, str], other: tuple[str, str]
) -> None:
    def full(pair: tuple[str, str]) -> str:
        start = "" if cluster.name_format == "classic" else f"{cluster.name}-{pair[0]}-"
        return f"{start}{pair[1]}-x-{pair[0]}"

    same = full(one) == full(other)
    assert (host_name(cluster, *one) == host_name(cluster, *other)) is same


PIECES = st.sampled_from(["a", "b", "x", "-", "-x-", "a-x-a"])
TIGHT = st.lists(PIECES, min_size=1, max_size=6).map("".join)


@settings(max_examples=2000)
@given(CLUSTERS, st.tuples(TIGHT, TIGHT), st.tuples(TIGHT, TIGHT))
def test_names_that_two_objects_share_are_known_as_such(
    cluster: Cluster, one: tuple[str, str], other: tuple[str, str]
) -> None:
    if one != other and host_name(cluster, *one) == host_name(cluster, *other):
        assert may_be_shared(*one)
        assert may_be_shared(*other)


def test_short_names_made_of_the_separators_pieces_are_shared_only_as_known() -> None:
    texts = ["".join(parts) for n in (1, 2, 3, 4, 5) for parts in product("ax-", repeat=n)]
    for format_ in ("classic", "prefixed"):
        cluster = Cluster("v", "h", name_format=format_)
        makers: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for namespace, name in product(texts, texts):
            makers[host_name(cluster, namespace, name)].append((namespace, name))
        shared = [pair for pairs in makers.values() if len(pairs) > 1 for pair in pairs]
        assert [pair for pair in shared if not may_be_shared(*pair)] == []


@given(CLUSTERS, st.lists(st.tuples(NAMESPACE, NAME), unique=True, min_size=2, max_size=4))
def test_hashed_names_always_differ(cluster: Cluster, pairs: list[tuple[str, str]]) -> None:
    assert len({hashed_host_name(cluster, *pair) for pair in pairs}) == len(pairs)


@given(CLUSTERS, NAMESPACE, NAME)
def test_a_token_secret_has_a_name_of_its_own(cluster: Cluster, namespace: str, name: str) -> None:
    plain, hashed = host_name(cluster, namespace, name), hashed_host_name(cluster, namespace, name)
    secret = token_secret_name(cluster, namespace, name)
    assert secret not in (plain, hashed)
    assert DNS_NAME.fullmatch(secret)


@given(CLUSTERS, KEYS)
def test_renamed_label_keys_are_valid_and_below_our_prefix(cluster: Cluster, key: str) -> None:
    renamed = label_key(cluster, key)
    assert renamed == key or LABEL_KEY.fullmatch(renamed)
    assert LABEL_KEY.fullmatch(namespace_label_key(cluster, key))
    assert len(managed_by(cluster, namespaced=False)) <= MAX_LENGTH


@given(st.text(alphabet="ab.-", max_size=200))
def test_shortening_is_stable_and_leaves_short_names(text: str) -> None:
    assert shorten(shorten(text)) == shorten(text)
    assert len(text) > MAX_LENGTH or shorten(text) == text
