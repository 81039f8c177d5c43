"""A circuit breaker: spares an API server that doesn't answer, and whoever waits for it.

Closed, it is in nobody's way. So many failures in a row open it: then there are only a few probes,
at first ten times a second, soon every two seconds. The first answer closes it again.
"""

from collections.abc import Callable

from common.clock import running_s
from common.process.logs import get_log

FAILURES = 8
PROBES = 2
FIRST_S, LONGEST_S = 0.1, 2.0
BUSY = frozenset({429, 502, 503, 504})
"""What servers answer that have too much to do, and proxies that don't reach theirs."""
UNCLEAR = frozenset({500})
"""A webhook failed, or etcd: it's no sign of either."""
_log = get_log(__name__)


class CircuitBreaker:
    """Of one client of the API server `server`. `clock` gives seconds, from any start."""

    def __init__(self, server: str, clock: Callable[[], float] = running_s) -> None:
        self._server = server
        self._clock = clock
        self._failures = 0
        self._wait_s = 0.0
        self._next_at = 0.0

    @property
    def is_open(self) -> bool:
        return self._wait_s > 0

    def heard(self, status: int) -> None:
        """An answer came; cheap enough for each of them."""
        if status in BUSY:
            self.failed()
        elif self._failures and status not in UNCLEAR:
            if self.is_open:
                _log.info("API server answers again", server=self._server)
            self._failures, self._wait_s = 0, 0.0

    def failed(self) -> None:
        """No answer came."""
        self._failures += 1
        if self._failures >= FAILURES and not self.is_open:
            _log.warning("API server does not answer, only probing it", server=self._server)
            self._wait_s = FIRST_S
            self._next_at = self._clock() + FIRST_S

    def room(self, under_way: int) -> float:
        """How much more may be begun, when so much is under way: anything while closed.

        A server that hangs is asked once more now and then, though the probes before have not
        ended: these may never learn that it is back.
        """
        if not self.is_open:
            return float("inf")
        return 0 if self._clock() < self._next_at else max(1, PROBES - under_way)

    def begun(self) -> None:
        """What `room` let through is under way."""
        if self.is_open and self._clock() >= self._next_at:
            self._wait_s = min(LONGEST_S, 2 * self._wait_s)
            self._next_at = self._clock() + self._wait_s
