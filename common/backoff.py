"""How long to wait before trying again, per key."""

from collections.abc import Callable

BASE_S = 0.05
CAP_S = 60.0


def delay_s(failures: int, after_s: float | None, random: Callable[[], float]) -> float:
    """Seconds to wait after the `failures`-th failure in a row (1 is the first).

    Doubles from 50 ms to a minute; the last three quarters of each are drawn by `random` (from
    [0, 1)), so that keys that failed together do not come back together. `after_s` is what the
    server asked for: never less than that, and up to a tenth more.
    """
    exponential_s = min(CAP_S, BASE_S * 2.0 ** min(failures - 1, 32))
    jittered_s = exponential_s * (0.25 + 0.75 * random())
    if after_s is None:
        return jittered_s
    return max(after_s * (1 + 0.1 * random()), jittered_s)
