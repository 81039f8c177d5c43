"""What a worker has in hand: never too much, never all of it for those that are slow."""

from collections import Counter, deque
from collections.abc import Collection, Mapping

from hypothesis import given
from hypothesis import strategies as st

from common.kube.circuit_breaker import FAILURES, PROBES, CircuitBreaker
from common.workqueue.turns import Turns
from tests.integration.workqueue import Clock
from workers.room import Room, Servers

limits = st.integers(1, 300)
weights = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 5), min_size=2)


class Worker:
    """Takes batches of endless queues. `stuck`: clusters whose keys never end; of all others the
    oldest keys in hand end first."""

    def __init__(self, limit: int, weights: Mapping[str, int], stuck: Collection[str] = ()) -> None:
        self.servers = {name: Servers(breaker(name), breaker("host")) for name in weights}
        self.room = Room(limit, weights, self.servers.get)
        self.held = Counter[str]()
        self.ended = Counter[str]()
        self._limit = limit
        self._weights = weights
        self._stuck = stuck
        self._turns = Turns()
        self._flowing: deque[str] = deque()

    def take(self, *clusters: str) -> Counter[str]:
        waiting = {cluster: {"pods": 10_000} for cluster in clusters}
        most = min(64, self.room.free)
        shares = self._turns.share(most, waiting, self._weights, self.room.admission)
        taken = Counter[str]()
        for (cluster, _), count in shares.items():
            taken[cluster] += count
        self.room.enter(list(taken.elements()))
        self.held += taken
        self._flowing.extend(c for c in taken.elements() if c not in self._stuck)
        assert self.held.total() + self.room.free == self._limit
        assert self.room.free >= 0
        return taken

    def end(self, count: int) -> None:
        for _ in range(min(count, len(self._flowing))):
            cluster = self._flowing.popleft()
            self.room.leave(cluster)
            self.held[cluster] -= 1
            self.ended[cluster] += 1

    def fill(self, *clusters: str) -> None:
        while self.take(*clusters):
            pass


def breaker(name: str) -> CircuitBreaker:
    return CircuitBreaker(name, Clock())


@given(limits)
def test_the_only_virtual_cluster_may_have_all(limit: int) -> None:
    worker = Worker(limit, {"a": 1})
    worker.fill("a")
    assert worker.room.free == 0


@given(limits, weights)
def test_one_that_is_alone_at_work_has_two_thirds_and_leaves_the_rest(
    limit: int, weights: Mapping[str, int]
) -> None:
    worker = Worker(limit, weights, stuck=["a"])
    lone = min(weights)
    worker.fill(lone)
    assert worker.held[lone] * 3 >= limit * 2
    assert worker.room.free == limit // 3


@given(st.integers(64, 300), st.integers(1, 8), st.integers(1, 50))
def test_others_work_on_beside_some_that_never_end(limit: int, slow: int, at_once: int) -> None:
    stuck = [f"slow-{number}" for number in range(slow)]
    worker = Worker(limit, dict.fromkeys([*stuck, "regular"], 1), stuck)
    worker.fill(*stuck)
    for _ in range(20):
        assert worker.take(*stuck, "regular")["regular"] > 0
        worker.end(at_once + 10)
    assert worker.held.total() <= limit


@given(st.integers(16, 300), st.integers(1, 4), st.integers(1, 4), st.integers(1, 40))
def test_clusters_that_are_all_busy_get_done_what_their_weights_say(
    limit: int, one: int, other: int, at_once: int
) -> None:
    worker = Worker(limit, {"one": one, "other": other, "idle": 5})
    for _ in range(1000 // at_once):
        worker.fill("one", "other")
        worker.end(at_once)
    share = worker.ended["one"] / worker.ended.total()
    assert abs(share - one / (one + other)) < 0.04


def test_of_a_cluster_whose_server_is_away_a_few_keys_are_tried_and_others_go_on() -> None:
    clock = Clock()
    servers = {
        name: Servers(CircuitBreaker(name, clock), breaker("host")) for name in ("away", "near")
    }
    room = Room(192, {"away": 1, "near": 1}, servers.get)
    for _ in range(FAILURES):
        servers["away"].virtual.failed()
    both = {"away": {"pods": 1000}, "near": {"pods": 1000}}
    assert Turns().share(64, both, {}, room.admission) == {("near", "pods"): 64}
    clock.now_s += 1
    shares = Turns().share(64, both, {}, room.admission)
    assert shares == {("away", "pods"): PROBES, ("near", "pods"): 64 - PROBES}
    assert room.notes() == {"away": "the API server does not answer, and is only probed"}


def test_while_the_host_is_away_a_few_keys_of_all_clusters_together_are_tried() -> None:
    clock = Clock()
    host = CircuitBreaker("host", clock)
    room = Room(192, {"a": 1, "b": 1}, lambda name: Servers(breaker(name), host))
    for _ in range(FAILURES):
        host.failed()
    clock.now_s += 1
    both = {"a": {"pods": 1000}, "b": {"pods": 1000}}
    assert sum(Turns().share(64, both, {}, room.admission).values()) == PROBES
    room.enter(["a", "b"])
    assert Turns().share(64, both, {}, room.admission) == {}
    assert room.notes().keys() == {"host"}
