from collections import Counter
from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from common.workqueue.turns import Turns

waiting = st.dictionaries(
    st.sampled_from("abcde"),
    st.dictionaries(st.sampled_from(["pods", "secrets", "services"]), st.integers(0, 50)),
)
weights = st.dictionaries(st.sampled_from("abcde"), st.integers(1, 5))


@given(st.integers(0, 64), waiting, weights)
def test_shares_use_the_whole_batch_and_no_more_than_waits(
    limit: int, waiting: Mapping[str, Mapping[str, int]], weights: Mapping[str, int]
) -> None:
    shares = Turns().share(limit, waiting, weights)
    lengths = {(c, p): n for c, plurals in waiting.items() for p, n in plurals.items()}
    assert all(0 < share <= lengths[queue] for queue, share in shares.items())
    assert sum(shares.values()) == min(limit, sum(lengths.values()))


@given(weights, st.integers(1, 64))
def test_busy_clusters_share_by_weight(weights: Mapping[str, int], limit: int) -> None:
    turns, total = Turns(), Counter[str]()
    for _ in range(300 // limit + 1):
        for (cluster, _), share in turns.share(limit, endless(weights), weights).items():
            total[cluster] += share
    rounds = [total[cluster] / weight for cluster, weight in weights.items()]
    assert max(rounds, default=0) - min(rounds, default=0) <= 1


@given(st.integers(0, 10_000), st.integers(1, 16))
def test_a_newcomer_is_served_at_once_whatever_burst_went_before(burst: int, limit: int) -> None:
    turns = Turns()
    for _ in range(burst // limit % 50):
        turns.share(limit, {"burst": {"pods": burst + limit}}, {})
    both = {"burst": {"pods": 10_000}, "new": {"pods": 1}}
    first, second = turns.share(limit, both, {}), turns.share(limit, both, {})
    assert ("new", "pods") in first | second


def test_a_cluster_that_was_idle_does_not_catch_up() -> None:
    turns = Turns()
    for _ in range(10):
        turns.share(64, {"a": {"pods": 1000}}, {})
    shares = turns.share(64, {"a": {"pods": 1000}, "b": {"pods": 1000}}, {})
    assert shares == {("a", "pods"): 32, ("b", "pods"): 32}


def test_kinds_of_a_cluster_take_turns_in_small_batches() -> None:
    turns, both = Turns(), {"a": {"pods": 100, "secrets": 100}}
    served = [next(iter(turns.share(1, both, {})))[1] for _ in range(4)]
    assert served == ["pods", "secrets", "pods", "secrets"]


def endless(weights: Mapping[str, int]) -> dict[str, dict[str, int]]:
    return {cluster: {"pods": 10_000} for cluster in weights}
