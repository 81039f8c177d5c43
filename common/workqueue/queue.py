"""The workqueue on RQ: keys that need a reconcile, each queued at most once and never run twice
at the same time.

A *mark* says that a key is dirty; it is the truth, kept by Lua scripts in one atomic step with
whatever caused it. An RQ job per key is its visible *token*: what workers pop and rq-dashboard
shows. Tokens may get lost or doubled without harm: the sweeper replaces them, and a token starts
nothing unless the key's state lets it. A run holds a lease; while it lasts no other worker gets
the key, and a mark that comes meanwhile leads to one more run.

Synchronous and batch-wise; asynchronous callers use `asyncio.to_thread`. Different methods may run
in different threads at once, but not the same one. Raises redis.RedisError when Redis can't be
reached: then nothing is lost, and what was half done is mended by the next sweep.
"""

import os
import random
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, groupby
from threading import Lock
from typing import Any

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError
from rq.executions import Execution
from rq.queue import Queue

from common.clock import running_s
from common.keys import Key
from common.workqueue import jobs
from common.workqueue.bell import ring
from common.workqueue.depth import Depth, depths
from common.workqueue.intake import Intake, Token
from common.workqueue.presence import Presence, queue_names
from common.workqueue.state import (
    LEASE_S,
    UNKNOWN,
    Again,
    Blocked,
    Done,
    Ended,
    How,
    Outcome,
    Retry,
    Scripts,
    Terminal,
)
from common.workqueue.sweep import Sweeper
from common.workqueue.tries import Tries
from common.workqueue.turns import Admission, admit_all

SHOWN_AFTER_S = 0.5
LONGEST_WAIT_S = 86400.0
"""What servers and objects ask for is no more to be trusted than they are; also, dates end."""


@dataclass(slots=True, eq=False)
class Taken:
    """A key that this worker runs. `tries`: failed runs in a row before this one.

    `deadline`, by `common.clock.running_s`, is when the lease ends; heartbeats move it. Ask
    `WorkQueue.holds` before each write. `known`: the versions of the virtual and of the host object
    that the run knows ("" for none), so that at its end only others lead to one more; None for a
    run that doesn't look at the store. `run` is there once RQ shows that it goes on. `waited_s`:
    how long it was queued, as far as that is known, by the dates of two machines.
    """

    key: Key
    seq: int
    tries: Tries
    lease: str
    deadline: float
    started: float
    known: tuple[str, str] | None = None
    run: Execution | None = field(default=None, repr=False)
    waited_s: float = 0.0


class WorkQueue:
    """`clusters`: weight by name of virtual cluster. `worker`: what people see, made unique here.

    `clock` gives Unix seconds to tests; without it Redis' clock decides on leases and delays, and
    no worker's date does.
    """

    def __init__(
        self,
        redis: Redis,
        clusters: Mapping[str, int],
        worker: str = "",
        clock: Callable[[], float] | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.clusters = clusters
        self.worker = f"{worker or socket.gethostname()}.{os.getpid()}.{secrets.token_hex(3)}"
        self._redis = redis
        self._clock = clock or running_s
        self._date = clock or time.time
        self._chance = chance
        self._scripts = Scripts(clock)
        self._sweeper = Sweeper(redis, self._scripts, clusters, self._clock)
        self._presence = Presence(redis, self.worker)
        self._intake = Intake(redis)
        self._running: dict[Key, Taken] = {}
        self._open: frozenset[tuple[str, str]] = frozenset()
        self._leases = count()
        self._showing = Lock()
        self._ended: Counter[str] = Counter()

    # Adding

    def add(self, cluster: str, members: Sequence[str]) -> None:
        """Mark keys dirty and queue them. A member is `pods default/web-0`."""
        with self._redis.pipeline(transaction=False) as pipe:
            self._scripts.add(pipe, cluster, members)
            self.push(cluster, [member.decode() for member in pipe.execute()[0]])

    def push(self, cluster: str, members: Sequence[str]) -> None:
        """Push a job for each member for which a mark said so, and ring the bell."""
        self._push([Key.from_member(cluster, member) for member in members])

    def _push(self, keys: Collection[Key]) -> None:
        if not keys:
            return
        with self._redis.pipeline(transaction=False) as pipe:
            jobs.push(self._redis, pipe, keys)
            ring(pipe, {jobs.queue_name(key.cluster, key.plural) for key in keys})
            pipe.execute()

    # Taking

    def wait(self, timeout_s: float) -> None:
        """Sleep until the bell says that there may be work, or the time is over.

        From the first call on, `take` looks only at queues for which it rang or that had work left,
        and at all of them once a second. Not to be called while `take` runs.
        """
        self._intake.wait(timeout_s)

    @property
    def held_back(self) -> bool:
        """Whether the last `take` left something because of its `admission` alone."""
        return self._intake.held_back

    def take(
        self,
        limit: int,
        open_queues: Collection[tuple[str, str]],
        admission: Admission = admit_all,
        may_take: Callable[[tuple[str, str]], bool] = lambda _: True,
    ) -> list[Taken]:
        """Start up to `limit` keys of the given (cluster, plural) queues, fairly shared; of each
        cluster as many as `admission` lets in, and none of the queues that have to wait."""
        self._open = frozenset(open_queues)
        tokens = self._intake.pop(limit, self._open, self.clusters, admission, may_take)
        return self._start(tokens) if tokens else []

    def _start(self, tokens: Mapping[Key, Token]) -> list[Taken]:
        """Lease the keys of these tokens; those that may not run now are dropped, their marks
        stand."""
        now, date_s = self._clock(), self._date()
        leases = {key: f"{self.worker}.{next(self._leases)}" for key in tokens}
        keys = sorted(tokens)
        with self._redis.pipeline(transaction=False) as pipe:
            for cluster, some in groupby(keys, key=lambda key: key.cluster):
                wanted = [(key.member, leases[key], tokens[key].queued) for key in some]
                self._scripts.start(pipe, cluster, wanted)
            answers = [value for answer in pipe.execute() for value in answer]
        taken = []
        for key, seq, attempts in zip(keys, answers[::2], answers[1::2], strict=True):
            if seq:
                tries = Tries.decode(attempts.decode(errors="replace"))
                one = Taken(key, int(seq), tries, leases[key], now + LEASE_S, now)
                one.waited_s = max(0.0, date_s - (tokens[key].since or date_s))
                taken.append(one)
        self._running.update((one.key, one) for one in taken)
        return taken

    def show(self, after_s: float = SHOWN_AFTER_S) -> None:
        """Let RQ show as started what has been running for so long. Call it every now and then; for
        what is over in milliseconds that would only be work."""
        now = self._clock()
        with self._showing:  # else the record might come after the run's end
            running = list(self._running.values())
            slow = [one for one in running if one.run is None and now - one.started >= after_s]
            if not slow:
                return
            with self._redis.pipeline(transaction=False) as pipe:
                for one in slow:
                    one.run = jobs.start(self._redis, pipe, one.key, self.worker)
                pipe.execute()

    def holds(self, taken: Taken) -> bool:
        """Whether the lease still stands: ask before each write."""
        return self._running.get(taken.key) is taken and self._clock() < taken.deadline

    # Ending

    def finish(
        self,
        results: Sequence[tuple[Taken, Outcome]],
        first: Callable[[Pipeline], None] = lambda _: None,
    ) -> list[Any]:
        """End runs. Those whose lease was lost are passed over: the key is another worker's.

        `first` adds commands that come before that in the same pipeline; answers their answers.
        """
        return self._end([self._ending(taken, outcome) for taken, outcome in results], first)

    def hand_back(self, taken: Sequence[Taken]) -> None:
        """Give up runs that didn't end, so that other workers take their keys at once; when Redis
        can't be told, once the leases run out."""
        try:
            self._end([_End(one, "back", one.tries) for one in taken], lambda _: None)
        finally:
            for one in taken:
                self._forget(one)

    def _ending(self, taken: Taken, outcome: Outcome) -> "_End":
        now_s, chance = self._date(), self._chance
        match outcome:
            case Done():
                return _End(taken, "done")
            case Again(after_s, reason):
                return _End(taken, "again", wait_s=min(after_s, LONGEST_WAIT_S), why=reason)
            case Retry(after_s, message):
                tries = taken.tries.failed(now_s)
                wait_s = min(tries.transient_s(after_s, chance), LONGEST_WAIT_S)
                how: How = "retry" if after_s is None else "wait"
                return _End(taken, how, tries, wait_s, message)
            case Blocked(message, reason):
                tries, why = taken.tries.blocked(now_s), f"{reason}: {message}"
                how = "failed" if tries.blocked_for_long else "retry"
                return _End(taken, how, tries, tries.blocked_s(chance), why)
            case Terminal(message, reason):
                tries, why = taken.tries.refused(now_s), f"{reason}: {message}"
                return _End(taken, "failed", tries, tries.refused_s(chance), why)

    def _end(self, ends: Sequence["_End"], first: Callable[[Pipeline], None]) -> list[Any]:
        if not ends:
            return []
        ends = sorted(ends, key=_cluster_of)
        with self._showing:
            held = {end.taken.key: end.taken for end in ends if self.holds(end.taken)}
            for end in ends:
                self._forget(end.taken)
            try:
                answers, states = self._release(ends, held, first)
                self._show(ends, states, held)
            except RedisError:
                # Their leases go on, so that the caller can try again.
                self._running.update(held)
                raise
        return answers

    def _forget(self, taken: Taken) -> None:
        if self._running.get(taken.key) is taken:
            del self._running[taken.key]

    def _release(
        self,
        ends: Sequence["_End"],
        held: Mapping[Key, Taken],
        first: Callable[[Pipeline], None],
    ) -> tuple[list[Any], list[str]]:
        """Clear RQ's records first and let go of the leases last: as long as we have one, nobody
        pushes a new job for the key, which we would then remove. Answers what `first` was answered,
        and the keys' states."""
        with self._redis.pipeline(transaction=False) as pipe:
            first(pipe)
            asked = len(pipe)
            for name, some in groupby(sorted(ends, key=_queue_of), key=_queue_of):
                self._clear(pipe, jobs.queue(self._redis, name), list(some), held)
            cleared = len(pipe)
            for cluster, some in groupby(ends, key=_cluster_of):
                self._scripts.finish(pipe, cluster, [end.row() for end in some])
            answers = pipe.execute()
        states = [state.decode() for some in answers[cleared:] for state in some]
        return answers[:asked], states

    @staticmethod
    def _clear(
        pipe: Pipeline, target: Queue, ends: Sequence["_End"], held: Collection[Key]
    ) -> None:
        """Remove what RQ shows of runs in one queue."""
        jobs.end(pipe, target, [run for end in ends if (run := end.taken.run)])
        still = [end for end in ends if end.taken.key in held]
        jobs.leave_registries(pipe, target, [jobs.job_id(end.taken.key) for end in still])
        jobs.forget(pipe, [jobs.job_id(end.taken.key) for end in still if end.how == "done"])

    def _show(self, ends: Sequence["_End"], states: Sequence[str], held: Collection[Key]) -> None:
        """Let RQ show what became of the keys that are not done, and forget those that are though
        their leases had run out. (Should one of these be marked just now, its token will do.)"""
        self._ended["failed"] += states.count("failed")
        self._ended["done"] += len(states) - states.count("failed") - states.count("lost")
        again: list[Key] = []
        with self._redis.pipeline(transaction=False) as pipe:
            for end, state in zip(ends, states, strict=True):
                key = end.taken.key
                if state in ("delayed", "failed"):
                    self._sweeper.expect(key.cluster, end.wait_s)
                if state == "queued":
                    again.append(key)
                elif state == "delayed":
                    jobs.schedule(self._redis, pipe, key, end.wait_s, end.why)
                elif state == "failed":
                    jobs.fail(self._redis, pipe, key, end.why)
                elif state == "idle" and key not in held:
                    jobs.forget(pipe, [jobs.job_id(key)])
            if len(pipe):
                pipe.execute()
        self._push(again)

    # Living on

    def heartbeat(self) -> set[Key]:
        """Extend the leases of all that runs here; call it every 3 to 4 seconds. Answers the keys
        whose lease was lost: stop working on them."""
        running = sorted(self._running.values(), key=lambda one: one.key.cluster)
        deadline = self._clock() + LEASE_S
        with self._redis.pipeline(transaction=False) as pipe:
            for cluster, some in groupby(running, key=lambda one: one.key.cluster):
                leases = [(one.key.member, one.lease) for one in some]
                self._scripts.extend(pipe, cluster, leases)
            mine = [held for answer in pipe.execute() for held in answer]
        lost = set()
        for one, held in zip(running, mine, strict=True):
            if held:
                one.deadline = deadline
            elif self._running.get(one.key) is one:
                self._forget(one)
                lost.add(one.key)
        self._beat()
        return lost

    def _beat(self) -> None:
        ended, self._ended = self._ended, Counter()
        self._presence.beat(self._open, bool(self._running), ended["done"], ended["failed"])

    @property
    def sweep_due(self) -> bool:
        """Whether `sweep` has anything to do; asks nobody."""
        return self._sweeper.due

    def sweep(self, force: bool = False) -> int:
        """Queue again what is due, what dead workers left and what lost its job; answers how many.
        Call it every 200 ms in every worker. `force`: without waiting for the time of each."""
        return self._sweeper.sweep(force)

    def close(self) -> None:
        """Take the worker off RQ's list. Hand back first what still runs."""
        self._presence.leave()
        self._intake.close()

    def known(self) -> frozenset[tuple[str, str]]:
        """The (cluster, plural) of the queues that there are, empty or not."""
        names = queue_names(self._redis, self.clusters)
        pairs = (name.partition(".") for some in names.values() for name in some)
        return frozenset((cluster, plural) for cluster, _, plural in pairs)

    def drop(self, cluster: str, plural: str) -> None:
        """Forget a queue that nobody works off any more: its keys, their jobs, the failed ones."""
        with self._redis.pipeline(transaction=False) as pipe:
            self._scripts.drop(pipe, cluster, plural)
            jobs.drop(self._redis, pipe, jobs.queue_name(cluster, plural))
            pipe.execute()

    def depth(self) -> dict[tuple[str, str], Depth]:
        """The work in each queue that exists, by cluster and plural."""
        return depths(self._redis, self.clusters)


@dataclass(frozen=True, slots=True)
class _End:
    """How one run ended; `why` is what rq-dashboard shows."""

    taken: Taken
    how: How
    tries: Tries = field(default_factory=Tries)
    wait_s: float = 0.0
    why: str = ""

    def row(self) -> Ended:
        one, tries = self.taken, self.tries.encode()
        known = one.known or UNKNOWN
        return one.key.member, one.lease, one.seq, self.how, tries, self.wait_s, *known


def _cluster_of(end: _End) -> str:
    return end.taken.key.cluster


def _queue_of(end: _End) -> str:
    return jobs.queue_name(end.taken.key.cluster, end.taken.key.plural)
