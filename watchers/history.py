"""Notices that a cluster went back in its history: restored from a backup, it counts its
resourceVersions from an older one, and what changes from then on would look older than what is
stored, for as long as it takes to come to where it was.
"""

import time
from collections.abc import Callable

from common.errors import RetryError
from common.process.logs import get_log
from watchers.streams import StreamId
from watchers.versions import older

LISTS = 3
FOR_S = 20.0
log = get_log(__name__)


class History:
    """Of one stream. `clock`: monotonic seconds. `went_back`: it did, and the store still has what
    was before.

    One API server of several may lag behind, so an older list is refused at first. That the whole
    cluster went back is believed after LISTS of them within no less than FOR_S. A list that isn't
    older any more doesn't clear it up: the cluster may have come to our versions on another way.
    So the store is filled anew then, too.
    """

    def __init__(self, stream: StreamId, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._stored = ""
        self._lists = 0
        self._since = 0.0
        self.went_back = self._caught_up = False

    def begin(self, stored: str) -> None:
        """A list begins. Everything up to version `stored` was seen before, "" for none."""
        self._stored = stored

    def rebuilds(self, listed: str) -> bool:
        """Whether a list of this version replaces what is stored, whatever the versions."""
        return self.went_back or (self._caught_up and not older(listed, self._stored))

    def accepts(self, listed: str) -> bool:
        """A list of this version is complete: whether it may be stored, else another one is needed
        at once. Raises RetryError when it is older than what is stored."""
        if self.rebuilds(listed):
            return True
        if older(listed, self._stored):
            self._fell_behind(listed)
        elif self._lists:
            self._lists, self._caught_up = 0, True
        else:
            return True
        return False

    def done(self) -> None:
        """What is stored is what was listed."""
        self._lists, self.went_back, self._caught_up = 0, False, False

    def _fell_behind(self, listed: str) -> None:
        if not self._lists:
            self._since = self._clock()
        self._lists += 1
        if self._lists >= LISTS and self._clock() - self._since >= FOR_S:
            self.went_back = True
            log.error(
                "cluster went back in its history, was it restored from a backup?"
                " The store is filled anew from what it lists",
                stream=self._stream,
                listed=listed,
                stored=self._stored,
            )
            return
        raise RetryError(
            f"list of {self._stream} is of version {listed}, older than what is stored"
            f" ({self._stored}); listing again"
        )
