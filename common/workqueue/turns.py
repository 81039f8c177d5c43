"""Whose turn it is: a fair share of each batch for every virtual cluster that has work."""

from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from heapq import heapify, heappop, heappush
from typing import TypeAlias

Shares: TypeAlias = dict[tuple[str, str], int]
"""(cluster, plural) -> number of keys."""
Admits: TypeAlias = Callable[[str, int, int], bool]
"""Whether a cluster may have one more key of a batch in which it has so many, and all so many. Once
it may not, it may not for the rest of the batch."""
Admission: TypeAlias = Callable[[Collection[str]], Admits]
"""For a batch of the keys of these clusters."""


def admit_all(_: Collection[str]) -> Admits:
    return lambda _cluster, _own, _all: True


class Turns:
    """Stride scheduling: each key taken from a cluster moves it back by 1/weight, and the cluster
    that is furthest in front is next. A cluster that had nothing to do starts level with the
    others, so it neither waits behind a burst nor catches up on what it did not need.
    """

    def __init__(self) -> None:
        self._passes: dict[str, float] = {}
        self._level = 0.0
        self._rotation = 0

    def share(
        self,
        limit: int,
        waiting: Mapping[str, Mapping[str, int]],
        weights: Mapping[str, int],
        admission: Admission = admit_all,
    ) -> Shares:
        """Split up to `limit` among `waiting` (cluster -> plural -> queued keys).

        Within a cluster its kinds take turns, unweighted. Clusters without a weight have 1.
        """
        shares: Shares = {}
        rings = {cluster: self._ring(lengths) for cluster, lengths in waiting.items()}
        turns = [
            (max(self._passes.get(c, 0.0), self._level), c) for c, ring in rings.items() if ring
        ]
        heapify(turns)
        admits, given = admission([cluster for _, cluster in turns]), Counter[str]()
        total = 0
        while turns and total < limit:
            at, cluster = heappop(turns)
            if not admits(cluster, given[cluster], total):
                continue
            self._level = at
            given[cluster] += 1
            total += 1
            plural = self._next(rings[cluster], waiting[cluster], shares, cluster)
            shares[cluster, plural] = shares.get((cluster, plural), 0) + 1
            self._passes[cluster] = at + 1 / weights.get(cluster, 1)
            if rings[cluster]:
                heappush(turns, (self._passes[cluster], cluster))
        self._rotation += 1
        return shares

    def _ring(self, lengths: Mapping[str, int]) -> deque[str]:
        """The kinds that have work, starting with another one each time."""
        ring = deque(sorted(plural for plural, length in lengths.items() if length > 0))
        ring.rotate(-self._rotation)
        return ring

    @staticmethod
    def _next(ring: deque[str], lengths: Mapping[str, int], shares: Shares, cluster: str) -> str:
        """The kind in front, sent to the back if it has more."""
        plural = ring.popleft()
        if shares.get((cluster, plural), 0) + 1 < lengths[plural]:
            ring.append(plural)
        return plural
