"""Histograms of how long things take, where each microsecond counts.

Those of the library take locks, and cost several times as much for each value.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

BOUNDS_S: Final = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300)
_NAMES: Final = (*map(floatToGoString, BOUNDS_S), "+Inf")


class Durations(Collector):
    """A histogram of seconds. Only one thread may observe; any may collect meanwhile."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str]) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = labels
        # By the labels' values: how many fell between which bounds, and last the sum of all.
        self._series: dict[tuple[str, ...], list[float]] = {}

    def observe(self, labels: tuple[str, ...], seconds: float) -> None:
        """`labels`: their values, in order. What clocks let look negative counts as nothing."""
        series = self._series.get(labels)
        if series is None:
            series = self._series[labels] = [0.0] * (len(_NAMES) + 1)
        if seconds < 0.0:
            seconds = 0.0
        series[bisect_left(BOUNDS_S, seconds)] += 1
        series[-1] += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels)
        for labels, series in dict(self._series).items():
            *counts, total_s = list(series)
            buckets = list(zip(_NAMES, accumulate(counts), strict=True))
            family.add_metric(labels, buckets, total_s)
        yield family
