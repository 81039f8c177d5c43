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

from redis import Redis
from redis.exceptions import RedisError
from rq.executions import Execution

from common.clock import running_s
from common.keys import Key
from common.workqueue import jobs
from common.workqueue.bell import ring
from common.workqueue.depth import Depth, depths
from common.workqueue.intake import Intake
from common.workqueue.presence import Presence, queue_names
from common.workqueue.state import (
    LEASE_S,
    Again,
    Blocked,
    Done,
    How,
    Outcome,
    Retry,
    Scripts,
    Terminal,
)
from common.workqueue.sweep import Sweeper
from common.workqueue.tries import Tries

LONGEST_WAIT_S = 86400.0
"""What servers and objects ask for is no more to be trusted than they are; also, dates end."""


@dataclass(slots=True, eq=False)
class Taken:
    """A key that this worker runs. `tries`: failed runs in a row before this one.

    `deadline`, by `common.clock.running_s`, is when the lease ends; heartbeats move it. Ask
    `WorkQueue.holds` before each write.
    """

    key: Key
    seq: int
    tries: Tries
    lease: str
    deadline: float
    run: Execution = field(repr=False)


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
        self._sweeper = Sweeper(redis, self._scripts)
        self._presence = Presence(redis, self.worker)
        self._intake = Intake(redis)
        self._running: dict[Key, Taken] = {}
        self._open: frozenset[tuple[str, str]] = frozenset()
        self._leases = count()
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
            for cluster in {key.cluster for key in keys}:
                ring(pipe, cluster)
            pipe.execute()

    # Taking

    def wait(self, timeout_s: float) -> None:
        """Sleep until the bell says that there may be work, or the time is over.

        From the first call on, `take` looks only at clusters that rang or had work left, and at
        all of them once a second. The first call returns at once, as the bell may have rung.
        """
        self._intake.wait(timeout_s)

    def take(self, limit: int, open_queues: Collection[tuple[str, str]]) -> list[Taken]:
        """Start up to `limit` keys of the given (cluster, plural) queues, fairly shared."""
        self._open = frozenset(open_queues)
        tokens = self._intake.pop(limit, self._open, self.clusters)
        return self._start(tokens) if tokens else []

    def _start(self, tokens: Mapping[Key, bool]) -> list[Taken]:
        """Lease the keys of these tokens; those that may not run now are dropped, their marks
        stand."""
        deadline = self._clock() + LEASE_S
        leases = {key: f"{self.worker}.{next(self._leases)}" for key in tokens}
        keys = sorted(tokens)
        with self._redis.pipeline(transaction=False) as pipe:
            for cluster, some in groupby(keys, key=lambda key: key.cluster):
                wanted = [(key.member, leases[key], tokens[key]) for key in some]
                self._scripts.start(pipe, cluster, wanted)
            answers = [value for answer in pipe.execute() for value in answer]
        started = zip(keys, answers[::2], answers[1::2], strict=True)
        taken = []
        with self._redis.pipeline(transaction=False) as pipe:
            for key, seq, attempts in started:
                if seq:
                    run = jobs.start(self._redis, pipe, key, self.worker)
                    tries = Tries.decode(attempts.decode(errors="replace"))
                    taken.append(Taken(key, int(seq), tries, leases[key], deadline, run))
            pipe.execute()
        self._running.update((one.key, one) for one in taken)
        return taken

    def holds(self, taken: Taken) -> bool:
        """Whether the lease still stands: ask before each write."""
        return self._running.get(taken.key) is taken and self._clock() < taken.deadline

    # Ending

    def finish(self, results: Sequence[tuple[Taken, Outcome]]) -> None:
        """End runs. Those whose lease was lost are passed over: the key is another worker's."""
        self._end([self._ending(taken, outcome) for taken, outcome in results])

    def hand_back(self, taken: Sequence[Taken]) -> None:
        """Give up runs that didn't end, so that other workers take their keys at once; when Redis
        can't be told, once the leases run out."""
        try:
            self._end([_End(one, "back", one.tries) for one in taken])
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

    def _end(self, ends: Sequence["_End"]) -> None:
        if not ends:
            return
        ends = sorted(ends, key=_cluster_of)
        held = {end.taken.key: end.taken for end in ends if self.holds(end.taken)}
        for end in ends:
            self._forget(end.taken)
        try:
            self._show(ends, self._release(ends, held), held)
        except RedisError:
            # Their leases go on, so that the caller can try again.
            self._running.update(held)
            raise

    def _forget(self, taken: Taken) -> None:
        if self._running.get(taken.key) is taken:
            del self._running[taken.key]

    def _release(self, ends: Sequence["_End"], held: Mapping[Key, Taken]) -> list[str]:
        """Clear RQ's records first and let go of the leases last: as long as we have one, nobody
        pushes a new job for the key, which we would then remove. Answers States."""
        with self._redis.pipeline(transaction=False) as pipe:
            for name, some in groupby(sorted(ends, key=_queue_of), key=_queue_of):
                ours = list(some)
                target = jobs.queue(self._redis, name)
                jobs.end(pipe, target, [end.taken.run for end in ours])
                still = [end for end in ours if end.taken.key in held]
                jobs.leave_registries(pipe, target, [end.taken.run.job_id for end in still])
                gone = [end.taken.run.job_id for end in still if end.how == "done"]
                jobs.forget(pipe, gone)
            cleared = len(pipe)
            for cluster, some in groupby(ends, key=_cluster_of):
                self._scripts.finish(pipe, cluster, [end.row() for end in some])
            answers = pipe.execute()[cleared:]
        return [state.decode() for states in answers for state in states]

    def _show(self, ends: Sequence["_End"], states: Sequence[str], held: Collection[Key]) -> None:
        """Let RQ show what became of the keys that are not done, and forget those that are though
        their leases had run out. (Should one of these be marked just now, its token will do.)"""
        self._ended["failed"] += states.count("failed")
        self._ended["done"] += len(states) - states.count("failed") - states.count("lost")
        again: list[Key] = []
        with self._redis.pipeline(transaction=False) as pipe:
            for end, state in zip(ends, states, strict=True):
                key = end.taken.key
                if state == "queued":
                    again.append(key)
                elif state == "delayed":
                    jobs.schedule(self._redis, pipe, key, end.wait_s, end.why)
                elif state == "failed":
                    jobs.fail(self._redis, pipe, key, end.why)
                elif state == "idle" and key not in held:
                    jobs.forget(pipe, [end.taken.run.job_id])
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
        queues = [jobs.queue_name(*queue) for queue in self._open]
        self._presence.beat(queues, bool(self._running), ended["done"], ended["failed"])

    def sweep(self, force: bool = False) -> int:
        """Queue again what is due, what dead workers left and what lost its job; answers how many.
        Call it every 200 ms in every worker: locks let one do it. `force` passes over them."""
        return self._sweeper.sweep(list(self.clusters), force)

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

    def row(self) -> tuple[str, str, int, How, str, float]:
        one = self.taken
        return one.key.member, one.lease, one.seq, self.how, self.tries.encode(), self.wait_s


def _cluster_of(end: _End) -> str:
    return end.taken.key.cluster


def _queue_of(end: _End) -> str:
    return jobs.queue_name(end.taken.key.cluster, end.taken.key.plural)
