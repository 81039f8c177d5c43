"""The workqueue's states and the moves between them: what `lua/*.lua` do, seen from Python.

Each function adds one script call for keys of one virtual cluster to a pipeline; the answers come
in the order of the calls. Scripts are sent whole, as they cost less than a round trip to learn
whether a restarted Redis still has them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from redis.client import Pipeline

from common.keys import redis_prefix
from common.lua import source

LEASE_S = 9.0
"""A worker that was not heard of for so long is dead."""

How = Literal["done", "again", "retry", "wait", "failed", "back"]

Ended: TypeAlias = tuple[str, str, int, How, str, float, str, str]
"""Of a run: member, lease, the mark's number at the start, how it ended, tries to remember, seconds
to wait, and the versions that it knew of the virtual and of the host object."""
UNKNOWN = "-", "-"
"""In place of these, for a run that didn't look at the store."""


@dataclass(frozen=True, slots=True)
class Done:
    """The reconcile succeeded: the key is idle until it is marked again."""


@dataclass(frozen=True, slots=True)
class Again:
    """Not a failure, but look again after `after_s` seconds; a change hastens it."""

    after_s: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """A transient failure: back off. `after_s`: what the server asked for, which no change
    hastens; None when it didn't ask."""

    after_s: float | None
    message: str


@dataclass(frozen=True, slots=True)
class Blocked:
    """Something else must come first. Backs off as after a transient failure; what lasts is shown
    as failed and tried again every half a minute."""

    message: str
    reason: str = "SyncFailed"


@dataclass(frozen=True, slots=True)
class Terminal:
    """A refusal, or a bug: shown as failed, and tried again after seconds, then minutes. A change
    of the object, or someone who requeues the job, hastens it."""

    message: str
    reason: str = "SyncFailed"


Outcome: TypeAlias = Done | Again | Retry | Blocked | Terminal


class Scripts:
    """`clock` gives Unix seconds for tests; without it the Redis server's clock decides."""

    def __init__(self, clock: Callable[[], float] | None) -> None:
        names = ("add", "start", "finish", "extend", "sweep", "look", "drop")
        self._sources = {name: source("mark", "state", name) for name in names}
        self._clock = clock

    def add(self, pipe: Pipeline, cluster: str, members: Sequence[str]) -> None:
        """Answers the members for which a job must be pushed."""
        self._call(pipe, "add", cluster, members)

    def start(self, pipe: Pipeline, cluster: str, tokens: Iterable[tuple[str, str, bool]]) -> None:
        """`tokens`: member, lease, whether its job says that it is queued. Answers two for each:
        the mark's number, b"" when the key was not started, and its tries so far."""
        arguments: list[str | float] = [LEASE_S]
        for member, lease, queued in tokens:
            arguments += (member, lease, "1" if queued else "")
        self._call(pipe, "start", cluster, arguments)

    def finish(self, pipe: Pipeline, cluster: str, ends: Iterable[Ended]) -> None:
        """Answers for each: lost, idle, queued, delayed or failed."""
        arguments = [value for end in ends for value in end]
        self._call(pipe, "finish", cluster, arguments)

    def extend(self, pipe: Pipeline, cluster: str, leases: Iterable[tuple[str, str]]) -> None:
        """`leases`: member and lease. Answers for each 1, or 0 when it was lost."""
        arguments: list[str | float] = [LEASE_S]
        for lease in leases:
            arguments += lease
        self._call(pipe, "extend", cluster, arguments)

    def sweep(self, pipe: Pipeline, cluster: str, limit: int) -> None:
        """Answers what lua/sweep.lua says: see `common.workqueue.sweep`."""
        self._call(pipe, "sweep", cluster, [limit])

    def look(self, pipe: Pipeline, cluster: str) -> None:
        """Answers members and mark numbers of all that ought to be queued; members that run."""
        self._call(pipe, "look", cluster, [])

    def drop(self, pipe: Pipeline, cluster: str, plural: str) -> None:
        """Forgets the keys of a kind, but those that run."""
        self._call(pipe, "drop", cluster, [plural])

    def _call(
        self, pipe: Pipeline, name: str, cluster: str, arguments: Sequence[str | float]
    ) -> None:
        now = "" if self._clock is None else repr(self._clock())
        keys = redis_prefix(cluster)
        # As a plain command: redis-py refuses `pipe.eval` on a Redis Cluster.
        pipe.execute_command(  # type: ignore[no-untyped-call]
            "EVAL", self._sources[name], 1, keys, now, *arguments
        )
