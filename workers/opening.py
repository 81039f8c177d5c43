"""Which queues may be worked off now: those of kinds whose streams are listed (`workers.gate`).

That changes while watchers start, and seldom later. A queue that should be closed does no harm, as
every key is asked about again; one that should be open only waits for the next look. Synchronous.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from common.kube.served import Records
from common.store import Store
from workers.gate import Stream
from workers.session import Session

SOON_S = 0.5
LATER_S = 2.0
OPEN_S = 10.0
CHANGING_S = 30.0
Queues = frozenset[tuple[str, str]]
"""By (cluster, plural)."""
_Standing = tuple[frozenset[Stream], Records]


@dataclass(slots=True)
class _Seen:
    """What the last look at a virtual cluster found, and when something had changed last."""

    session: Session
    stopped: str
    standing: _Standing
    queues: Queues
    looked_at: float
    changed_at: float

    def wait_s(self, now: float) -> float:
        if len(self.queues) == len(self.session.gates):
            return OPEN_S
        return SOON_S if now - self.changed_at < CHANGING_S else LATER_S


class Openings:
    """`queues`: the open ones of all virtual clusters; the very same set while nothing changes.
    `clock` gives seconds, any start."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self.queues: Queues = frozenset()
        self._store = store
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    def due(self, sessions: Mapping[str, Session]) -> list[str]:
        """Those virtual clusters where something may have changed; asks nobody."""
        now = self._clock()
        return [name for name, session in sessions.items() if self._is_due(name, session, now)]

    def look(self, sessions: Mapping[str, Session]) -> Queues:
        """Look at those that are due, in one round trip; answers `queues`. Call it twice a second.
        Raises redis.RedisError."""
        now, asked = self._clock(), self.due(sessions)
        standings = self._store.standings(asked)
        before = {name: seen.queues for name, seen in self._seen.items()}
        for name, standing in standings.items():
            self._note(name, sessions[name], standing, now)
        if any(self._seen[name].queues != before.get(name) for name in asked):
            self.queues = frozenset().union(*(seen.queues for seen in self._seen.values()))
        return self.queues

    def _is_due(self, name: str, session: Session, now: float) -> bool:
        seen = self._seen.get(name)
        if seen is None or seen.session is not session or seen.stopped != session.stopped:
            return True
        wait_s = seen.wait_s(now)
        return int(now / wait_s) != int(seen.looked_at / wait_s)  # so that they're due together

    def _note(self, name: str, session: Session, standing: _Standing, now: float) -> None:
        seen, stopped = self._seen.get(name), session.stopped
        if (
            seen
            and seen.session is session
            and (seen.stopped, seen.standing) == (stopped, standing)
        ):
            seen.looked_at = now
            return
        queues = frozenset((name, p) for p in session.gates if session.kind_at(p, *standing))
        self._seen[name] = _Seen(session, stopped, standing, queues, now, now)
