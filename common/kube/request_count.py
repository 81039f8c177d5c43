"""Counts what one client sent to its API server, for Prometheus."""

from typing import Final

from prometheus_client import Counter

from common.process.metrics import REQUESTS

WATCH: Final = "WATCH"
NO_ANSWER: Final = "none"


class RequestCount:
    """`cluster`: the virtual cluster at whose API server it is, "" for the host's, which all of
    them share."""

    def __init__(self, cluster: str) -> None:
        self._where = ("virtual" if cluster else "host", cluster)
        self._counters: dict[tuple[str, int], Counter] = {}

    def answered(self, verb: str, status: int) -> None:
        """`verb`: an HTTP method, or WATCH; `status` 0: nothing came. Cheap enough for each."""
        counter = self._counters.get((verb, status))
        if counter is None:
            code = str(status) if status else NO_ANSWER
            counter = self._counters[verb, status] = REQUESTS.labels(*self._where, verb, code)
        counter.inc()

    def failed(self, verb: str) -> None:
        self.answered(verb, 0)
