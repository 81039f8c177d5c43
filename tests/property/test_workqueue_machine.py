"""The workqueue against a model: whatever happens, in whatever order, no key is queued twice, no
two leases live on one key, and every change is followed by a run.
"""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from redis import Redis
from rq.job import requeue_job
from rq.utils import as_text

from common.backoff import REFUSED
from common.keys import Key
from common.workqueue import (
    LEASE_S,
    Again,
    Blocked,
    Done,
    Outcome,
    Retry,
    Taken,
    Terminal,
    WorkQueue,
    jobs,
)
from common.workqueue.state import Scripts

CLUSTERS = {"alpha": 1, "beta": 3}
KEYS = [
    Key("alpha", "pods", "default", "web-0"),
    Key("alpha", "secrets", "default", "web.tls"),
    Key("beta", "nodes", "", "node-1"),
]
OPEN = [(key.cluster, key.plural) for key in KEYS]

any_key = st.sampled_from(KEYS)
any_worker = st.integers(0, 1)
outcomes = st.sampled_from(
    [
        Done(),
        Again(0.0, "now"),
        Again(5.0, "the namespace is missing"),
        Retry(None, "503"),
        Retry(30.0, "429"),
        Blocked("exceeded quota"),
        Terminal("403 forbidden"),
    ]
)


@dataclass
class Worker:
    queue: WorkQueue
    taken: list[Taken] = field(default_factory=list)


class Machine(RuleBasedStateMachine):
    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self.redis = redis
        self.now_s = 1_700_000_000.0
        redis.flushall()
        self.workers = [self.new_worker() for _ in range(2)]
        # How often each key was changed; how many of those its last ended run had seen.
        self.changes: Counter[Key] = Counter()
        self.seen: Counter[Key] = Counter()
        self.seen_by: dict[str, int] = {}
        self.by_hand: Counter[Key] = Counter()

    def new_worker(self) -> Worker:
        queue = WorkQueue(self.redis, CLUSTERS, "w", lambda: self.now_s, lambda: 1.0)
        return Worker(queue)

    @rule(key=any_key)
    def change(self, key: Key) -> None:
        self.changes[key] += 1
        patient = self.state(key) == b"w"
        self.workers[0].queue.add(key.cluster, [key.member])
        assert self.state(key)[:1] in ((b"w",) if patient else (b"q", b"s")), "it isn't hastened"

    @rule(key=any_key)
    def change_and_die_before_pushing_the_job(self, key: Key) -> None:
        self.changes[key] += 1
        with self.redis.pipeline() as pipe:
            Scripts(lambda: self.now_s).add(pipe, key.cluster, [key.member])
            pipe.execute()

    @rule(worker=any_worker, limit=st.integers(1, 4))
    def take(self, worker: int, limit: int) -> None:
        taken = self.workers[worker].queue.take(limit, OPEN)
        assert len(taken) <= limit
        for one in taken:
            self.seen_by[one.lease] = self.changes[one.key]
        self.workers[worker].taken += taken

    @precondition(lambda self: self.runs())
    @rule(outcome=outcomes, index=st.integers(0, 5))
    def finish(self, outcome: Outcome, index: int) -> None:
        mine, one = self.runs()[index % len(self.runs())]
        self.end(mine, one, outcome)

    @rule(worker=any_worker, outcome=outcomes)
    def take_and_finish_all(self, worker: int, outcome: Outcome) -> None:
        mine = self.workers[worker]
        self.take(worker, 4)
        for one in list(mine.taken):
            self.end(mine, one, outcome)

    def end(self, mine: Worker, one: Taken, outcome: Outcome) -> None:
        mine.taken.remove(one)
        ours = self.state(one.key) == f"s:{one.lease}".encode()
        mine.queue.finish([(one, outcome)])
        if ours and isinstance(outcome, Done):
            self.seen[one.key] = max(self.seen[one.key], self.seen_by[one.lease])

    def state(self, key: Key) -> bytes:
        return self.redis.hget(f"tohost:{{{key.cluster}}}:state", key.member) or b""  # type: ignore[return-value]

    def runs(self) -> list[tuple[Worker, Taken]]:
        return [(mine, one) for mine in self.workers for one in mine.taken]

    @rule(key=any_key)
    def pop_and_die_before_starting(self, key: Key) -> None:
        if key not in self.by_hand:
            self.redis.lpop(jobs.queue_key(key.cluster, key.plural))
            self.die(0)

    @precondition(lambda self: self.runs())
    @rule(worker=any_worker)
    def hand_back(self, worker: int) -> None:
        mine = self.workers[worker]
        mine.queue.hand_back(mine.taken)
        mine.taken = []

    @precondition(lambda self: self.runs())
    @rule(worker=any_worker)
    def die(self, worker: int) -> None:
        self.workers[worker] = self.new_worker()

    @rule(worker=any_worker)
    def heartbeat(self, worker: int) -> None:
        mine = self.workers[worker]
        lost = mine.queue.heartbeat()
        assert not [one for one in mine.taken if one.key in lost and mine.queue.holds(one)]

    @rule(seconds=st.sampled_from([1.0, 6.0, LEASE_S + 1, 60.0]))
    def time_passes(self, seconds: float) -> None:
        self.now_s += seconds

    @precondition(lambda self: self.runs())
    @rule(worker=any_worker)
    def sleep_while_the_other_takes_over(self, worker: int) -> None:
        self.now_s += LEASE_S + 1
        self.sweep(1 - worker)
        self.take(1 - worker, 4)

    @rule(worker=any_worker)
    def sweep(self, worker: int) -> None:
        self.workers[worker].queue.sweep(force=True)

    @rule(key=any_key)
    def press_requeue(self, key: Key) -> None:
        failed = jobs.queue_of(self.redis, key).failed_job_registry
        if jobs.job_id(key) in failed.get_job_ids():
            requeue_job(jobs.job_id(key), self.redis)
            self.changes[key] += 1
            self.by_hand[key] += 1

    @rule(key=any_key)
    def empty_a_queue_by_hand(self, key: Key) -> None:
        if key not in self.by_hand:
            jobs.queue_of(self.redis, key).empty()  # type: ignore[no-untyped-call]

    @rule(key=any_key)
    def push_a_second_token(self, key: Key) -> None:
        jobs.queue_of(self.redis, key).enqueue_job(jobs.build(self.redis, key))
        self.by_hand[key] += 1

    @invariant()
    def a_key_is_queued_once_at_most(self) -> None:
        for key in KEYS:
            tokens = self.redis.llen(jobs.queue_key(key.cluster, key.plural))
            assert tokens <= 1 + self.by_hand[key]

    @invariant()
    def who_holds_a_key_is_who_redis_says(self) -> None:
        for mine, one in self.runs():
            if mine.queue.holds(one):
                assert self.state(one.key) == f"s:{one.lease}".encode()

    @invariant()
    def what_is_failing_is_shown_as_failed_and_has_a_time_to_be_tried_again(self) -> None:
        for key in KEYS:
            if self.state(key) == b"f":
                failed = jobs.queue_of(self.redis, key).failed_job_registry.get_job_ids()
                assert jobs.job_id(key) in failed or key in self.by_hand
                due_s = self.redis.zscore(f"tohost:{{{key.cluster}}}:delayed", key.member)
                assert isinstance(due_s, float)
                assert due_s <= self.now_s + REFUSED.cap_s

    def teardown(self) -> None:
        """Nothing more changes and all workers die: another one gets everything done."""
        last = self.new_worker()
        for _ in range(6):
            self.now_s += 60
            last.queue.sweep(force=True)
            while taken := last.queue.take(10, OPEN):
                for one in taken:
                    self.seen[one.key] = self.changes[one.key]
                last.queue.finish([(one, Done()) for one in taken])
        assert not [key for key in KEYS if self.seen[key] < self.changes[key]]
        self.nothing_is_left()

    def nothing_is_left(self) -> None:
        known = {f"tohost:{{{cluster}}}:seq" for cluster in CLUSTERS} | {"tohost:bell"}
        left = [key for key in self.redis.keys("tohost:*") if self.redis.ttl(key) == -1]
        assert {as_text(key) for key in left} <= known
        runs = self.redis.keys("rq:execution*") + self.redis.keys("rq:wip:*")
        assert runs + self.redis.keys("rq:queue:*") + self.redis.keys("rq:scheduled:*") == []
        assert self.redis.keys("rq:job:*") + self.redis.keys("rq:failed:*") == []


def test_the_workqueue_keeps_its_promises_whatever_happens(redis: Redis) -> None:
    run_state_machine_as_test(
        lambda: Machine(redis),  # type: ignore[arg-type]
        settings=settings(
            max_examples=200,
            stateful_step_count=40,
            suppress_health_check=list(HealthCheck),
        ),
    )
