"""What several runs say together: the median, with the lowest and the highest."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    median: float
    low: float
    high: float

    def __str__(self) -> str:
        """`470 (455..481)`, or `470` when the runs agree or there was one only."""
        middle, low, high = (number(each) for each in (self.median, self.low, self.high))
        return middle if low == high else f"{middle} ({low}..{high})"


def spread(values: Iterable[float]) -> Spread | None:
    """None of no values: a figure that this benchmark doesn't have."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Spread(statistics.median(ordered), ordered[0], ordered[-1])


def number(value: float) -> str:
    """No more digits than say something, of zero or more: 1262, 105, 38.2, 3.81, 0.37."""
    places = 0 if value >= 99.95 else 1 if value >= 9.995 else 2
    return f"{value:.{places}f}"


def percentile(values: Sequence[float], percent: int) -> float:
    """Between the two nearest values, in proportion; the only one of one. At least one value."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
