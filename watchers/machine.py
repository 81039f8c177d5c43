"""What a reflector does next: a state machine without I/O or clock.

A stream starts with a list (in pages), then watches from the list's version. It comes back to the
watch after any trouble, and to the list only when the server has forgotten the version (410), or
never came to it: one that was restored from a backup has older ones, and tells nothing until it
comes to ours again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import random
from typing import TypeAlias

from common.backoff import delay_s
from common.errors import ApiError, RetryError
from watchers.versions import latest, older

PAGE_LIMIT = 200
"""Objects; parsed, a page of many streams at once is most of what a watcher needs of memory."""
WATCH_MIN_S = 1200.0
WATCH_SPREAD_S = 600.0
SHORT_S = 1.0
FIRST_MIN_S = 10.0
FIRST_SPREAD_S = 5.0
GONE = 410


@dataclass(frozen=True, slots=True)
class List:
    """Fetch a page after `delay_s`; `token` "" is the first one, `limit` 0 is all in one."""

    token: str = ""
    limit: int = PAGE_LIMIT
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Watch:
    """Watch from `position`; the server is to end it after `timeout_s`. `doubtful`: it may not be
    the server of before, so see first that it isn't behind the position."""

    position: str
    timeout_s: int
    delay_s: float = 0.0
    doubtful: bool = False


Step: TypeAlias = List | Watch


class Machine:
    """Told what happened, says what to do. `random` draws from [0, 1).

    `position` is the version up to which everything was delivered, "" before the first list;
    `list_version` that of the list under way; `failures` counts those since something was stored
    or came.
    """

    def __init__(self, position: str = "", random: Callable[[], float] = random) -> None:
        self.position = position
        self.list_version = ""
        self.failures = 0
        self._random = random
        self._step: Step = List()
        self._restarted = False
        self._doubtful = False
        self._empty_at = ""

    def start(self) -> Step:
        return self._go(self._watch() if self.position else List())

    def page(self, version: str, token: str) -> List | None:
        """A page came: where the next one is, None when the list is complete. What goes wrong then
        is no matter of its last page: the list is begun anew.

        The whole list stands at the version of its first page.
        """
        step = self._step
        assert isinstance(step, List)
        if not step.token:
            self.list_version = version
        if not token:
            self._step = List(limit=step.limit)
            return None
        following = List(token, step.limit)
        self._step = following
        return following

    def listed(self, *, empty: bool = False) -> Step:
        """The complete list is stored. There's nothing to tell whether the first one was a lie; if
        it was empty, the server is soon asked once more."""
        self._empty_at = self.list_version if empty and not self.position else ""
        self.position, self.failures = self.list_version, 0
        self._restarted = self._doubtful = False
        return self._go(self._watch())

    def unlisted(self) -> Step:
        """The complete list was good, and another one is needed."""
        self.failures = 0
        return self._go(List())

    def stands_at(self, version: str, shown: Sequence[str]) -> List | None:
        """What the server that was in doubt has come to, and the versions of some objects that it
        has: to be listed when that's before our position, or when one of these was there already as
        it listed nothing; else None, as it may be watched from there."""
        self._doubtful = False
        lied = self._empty_at and any(each and not older(self._empty_at, each) for each in shown)
        self._empty_at = ""
        if not lied and not older(version, self.position):
            return None
        step = List()
        self._step = step
        return step

    def seen(self, version: str) -> None:
        """Events up to this version were delivered (a bookmark counts). A server may repeat old
        ones; they are no way back."""
        self.failures = 0
        self.position = latest(self.position, version)

    def closed(self, lasted_s: float) -> Step:
        """The server ended the watch. One that ends at once, again and again, is a failure."""
        self._doubtful = lasted_s < WATCH_MIN_S or bool(self._empty_at)
        if lasted_s >= SHORT_S:
            self.failures = 0
            return self._go(self._watch())
        return self._later(self._watch(), None)

    def silent(self) -> Step:
        """Neither event nor bookmark for too long: the connection may be dead."""
        self._doubtful = True
        return self._later(self._watch(), None)

    def failed(self, error: RetryError | ApiError) -> Step:
        """Try the same again, later; but start the list anew when the server lost the thread.

        A server that can't keep a list's token until the next page is asked for all at once.
        """
        self._doubtful = True
        if isinstance(error, RetryError):
            return self._later(self._again(), error.after_s)
        step = self._step
        if error.status == GONE and isinstance(step, List) and step.token:
            limit, self._restarted = (0 if self._restarted else PAGE_LIMIT), True
            return self._later(List(limit=limit), None)
        if error.status == GONE or isinstance(step, List):
            return self._later(List(), None)
        return self._later(self._again(), None)

    def _again(self) -> Step:
        return self._watch() if isinstance(self._step, Watch) else replace(self._step, delay_s=0)

    def _watch(self) -> Watch:
        timeout_s = int(WATCH_MIN_S + WATCH_SPREAD_S * self._random())
        if self._empty_at:
            timeout_s = int(FIRST_MIN_S + FIRST_SPREAD_S * self._random())
        return Watch(self.position, timeout_s, doubtful=self._doubtful)

    def _later(self, step: Step, after_s: float | None) -> Step:
        self.failures += 1
        wait_s = delay_s(self.failures, None, self._random)
        if after_s is not None:
            wait_s = max(wait_s, delay_s(1, after_s, self._random))
        return self._go(replace(step, delay_s=wait_s))

    def _go(self, step: Step) -> Step:
        self._step = step
        return step
