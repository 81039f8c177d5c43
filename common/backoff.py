"""How long to wait before trying again, per key."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Curve:
    """The first wait, doubled by each further failure up to the cap."""

    base_s: float
    cap_s: float


TRANSIENT = Curve(0.05, 10.0)
"""A server is away or busy: short enough that all is well soon after it's back."""
BLOCKED = Curve(0.05, 30.0)
"""Something else must come first, which is often just being created: quick, then patient."""
REFUSED = Curve(5.0, 300.0)
"""A server said no: somebody has to change something."""


def delay_s(
    failures: int, after_s: float | None, random: Callable[[], float], curve: Curve = TRANSIENT
) -> float:
    """Seconds to wait after the `failures`-th failure in a row (1 is the first).

    The last three quarters of each wait are drawn by `random` (from [0, 1)), so that keys that
    failed together do not come back together. `after_s` is what the server asked for: never less
    than that, and up to a tenth more.
    """
    exponential_s = min(curve.cap_s, curve.base_s * 2.0 ** min(failures - 1, 32))
    jittered_s = exponential_s * (0.25 + 0.75 * random())
    if after_s is None:
        return jittered_s
    return max(after_s * (1 + 0.1 * random()), jittered_s)
