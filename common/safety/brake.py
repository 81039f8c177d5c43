"""The brake: many objects whose counterparts are all missing are not deleted by themselves.

It is asked before each deletion that follows only from an absence which nobody saw happen: no
watch event, no deletionTimestamp. Such a deletion first waits for a moment, so that one accident
has come into the store as a whole before the first of its deletions is judged, however many
workers are at it. Then `common.safety.absence` counts how many there are. When they are too many
nothing of it is deleted, until the objects are back or someone releases the brake.

It's the same for every worker, through `common.safety.brake_state`. Synchronous. Whoever can't
reach Redis gets a RedisError, and may not delete.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from redis import Redis

from common.errors import HeldError
from common.objects import Side
from common.process.logs import get_log
from common.safety.absence import Absences
from common.safety.brake_state import BrakeState, Held

FEW = 20
"""So many are never too many."""
LOOKS_PER_S = 50.0
_WORDS = {
    "host": (
        "host objects",
        "virtual objects",
        "that the kubeconfig of virtual cluster {} leads to the right cluster and that its objects"
        " are all there",
    ),
    "virtual": (
        "virtual pods",
        "host pods",
        "that host.kubeconfig leads to the right cluster and that the host namespace of virtual"
        " cluster {} is there and complete",
    ),
}
log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """settle_s: how long a deletion waits before it's judged; that must be longer than what lists
    show takes to be stored, and than `fresh_s`, how old a count may be. window_s: deletions of so
    long count together. again_s: when to look again at what is held."""

    settle_s: float = 2.0
    fresh_s: float = 1.0
    window_s: float = 60.0
    again_s: float = 20.0


PACE = Pace()


class Brake:
    """Of one virtual cluster. `fraction`: of its objects that may go within the window. A side is
    the one on which something would be deleted. `clock` gives monotonic seconds."""

    def __init__(
        self,
        redis: Redis,
        cluster: str,
        absences: Absences,
        fraction: float,
        pace: Pace,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state = BrakeState(redis, cluster)
        self._absences = absences
        self._fraction = fraction
        self._pace = pace
        self._clock = clock
        self._counts: dict[Side, tuple[float, Held]] = {}
        self._lock = threading.Lock()

    def admit(self, side: Side, member: str) -> None:
        """Return when this object, which was just proven to lack its counterpart, may be deleted.
        Raises HeldError while it may not."""
        wait_s = self._state.ask(side, member, self._pace.settle_s, self._pace.window_s)
        if wait_s is None:
            return
        if wait_s > 0:
            raise HeldError("its counterpart is gone, though nobody saw it go; looks again", wait_s)
        found = self._count(side)
        if self._is_too_much(found):
            raise HeldError(self._engage(side, found), self._again_s(found))
        self._state.let(side, member, self._pace.window_s)

    def follow(self, member: str) -> None:
        """Return when this host object, which nothing refers to any more, may be deleted. Raises
        HeldError while what referred to it may be missing by mistake."""
        wait_s = self._state.ask("followers", member, self._pace.settle_s, self._pace.window_s)
        if wait_s is None:
            return
        if wait_s > 0:
            raise HeldError("nothing refers to it any more; looks again", wait_s)
        if self._state.is_asked("host") and self._is_too_much(found := self._count("host")):
            raise HeldError(self._engage("host", found), self._again_s(found))
        self._state.forget("followers", member)

    def look(self) -> tuple[int, str]:
        """Count again where the brake is engaged, and open it where it need not be any more.
        Answers how much it holds, and what is to be told then."""
        told, held = [], 0
        for side in self._state.engaged():
            found = self._count(side)
            if self._state.released():
                self._open(side, "it was released")
            elif self._is_too_much(found):
                held += found.count
                told.append(self._engage(side, found))
            else:
                self._open(side, "what was missing is back")
        return held, "; ".join(told)

    def _is_too_much(self, found: Held) -> bool:
        return found.count > max(FEW, self._fraction * found.of)

    def _again_s(self, found: Held) -> float:
        """What is held may be there again, which only a look at its server tells."""
        return max(self._pace.again_s, found.count / LOOKS_PER_S)

    def _count(self, side: Side) -> Held:
        with self._lock:
            at_s, found = self._counts.get(side, (float("-inf"), Held(0, 0)))
            if self._clock() - at_s >= self._pace.fresh_s:
                at_s, found = self._clock(), self._count_now(side)
                self._counts[side] = at_s, found
            return found

    def _count_now(self, side: Side) -> Held:
        let = self._state.recent(side, self._pace.window_s)
        lacking, everything = self._absences.of(side)
        return Held(len(lacking | let), len(everything | let))

    def _engage(self, side: Side, found: Held) -> str:
        """Answers what is to be told."""
        held, new = self._state.engage(side, found.count, found.of)
        message = self._message(side, held)
        if new:
            log.error("deletion brake engaged", cluster=self._state.cluster, reason=message)
        return message

    def _open(self, side: Side, why: str) -> None:
        if self._state.open(side):
            log.warning("deletion brake open again", cluster=self._state.cluster, reason=why)

    def _message(self, side: Side, held: Held) -> str:
        since = datetime.fromtimestamp(held.since, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        what, lacking, check = _WORDS[side]
        name = self._state.cluster
        return (
            f"deletion brake: {held.count} of {held.of} {what} would be deleted because their"
            f" {lacking} are missing, though nothing showed their deletion; held since {since}."
            f" Check {check.format(name)}. If they are meant to go: tohost release {name}, or set"
            " safety.maxDeleteFraction"
        )
