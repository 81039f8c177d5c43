"""What a scan leaves alone, who does it, and what it costs; on Redis, without clusters."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from redis import Redis

from benchmarks.scan import CLUSTER, KINDS, counting, fill, measure
from common.changes import active_plurals
from common.cluster import Cluster
from common.keys import Key
from common.kube.client import KubeClient
from common.process.metrics import REGISTRY
from common.workqueue import Again, Done, Outcome, Retry, Terminal, WorkQueue
from common.workqueue.rest import FAR_S, Rest
from tests.integration.workqueue import Clock, take_one
from workers.fights import Fights
from workers.gate import gates
from workers.scans import Report, Scans
from workers.session import Session

WEB = "pods default/web"
HOST_CONFIGMAPS = "tohost:{v}:obj:host:configmaps"
TRUCE_S = 600.0


@pytest.fixture
def rest(redis: Redis, queue: WorkQueue, clock: Clock) -> Rest:
    return Rest(redis, queue, TRUCE_S, clock)


@pytest.fixture
async def nowhere(tmp_path: Path) -> AsyncIterator[KubeClient]:
    """A server that fails the test when something asks it."""
    async with counting(tmp_path) as (client, seen):
        yield client
    assert not seen


def run_to(queue: WorkQueue, outcome: Outcome) -> None:
    queue.add("alpha", [WEB])
    taken = queue.take(10, [("alpha", "pods")])
    queue.finish([(taken[0], outcome)])


def session(client: KubeClient, cluster: Cluster = CLUSTER) -> Session:
    return Session(
        cluster=cluster,
        virtual=client,
        host=client,
        digest_key=b"k",
        kinds=KINDS,
        active=active_plurals(KINDS.values(), cluster),
        gates=gates(KINDS.values(), cluster),
    )


def test_what_is_queued_or_runs_is_left_alone(queue: WorkQueue, rest: Rest) -> None:
    queue.add("alpha", [WEB])
    assert rest.wake("alpha", [WEB]) == []
    take = queue.take(10, [("alpha", "pods")])
    assert rest.wake("alpha", [WEB]) == []
    queue.finish([(take[0], Done())])
    assert rest.wake("alpha", [WEB]) == [WEB]


@pytest.mark.parametrize(
    "outcome",
    [Retry(None, "503"), Retry(3600.0, "429"), Terminal("422"), Again(FAR_S - 1, "soon")],
    ids=str,
)
def test_what_is_tried_again_by_itself_is_left_alone(
    queue: WorkQueue, rest: Rest, outcome: Outcome
) -> None:
    run_to(queue, outcome)
    assert rest.resting("alpha", [WEB]) == []
    assert rest.wake("alpha", [WEB]) == []


def test_what_waits_long_for_something_else_is_looked_at(queue: WorkQueue, rest: Rest) -> None:
    """As a pod does for the end of its token."""
    run_to(queue, Again(FAR_S + 1, "tokens are refreshed then"))
    assert rest.resting("alpha", [WEB]) == [WEB]
    assert rest.wake("alpha", [WEB]) == [WEB]
    assert take_one(queue).key == Key("alpha", "pods", "default", "web")


def test_what_still_differs_after_it_was_woken_is_left_alone_for_a_truce(
    queue: WorkQueue, rest: Rest, clock: Clock
) -> None:
    for passed_s, woken in ((0, [WEB]), (TRUCE_S - 1, []), (2, [WEB])):
        clock.now_s += passed_s
        assert rest.wake("alpha", [WEB]) == woken
        for taken in queue.take(10, [("alpha", "pods")]):
            queue.finish([(taken, Done())])


def test_a_fight_that_a_worker_gave_up_is_begun_again_by_no_other(rest: Rest, clock: Clock) -> None:
    """See `Fights.new_truces`."""
    rest.leave_alone("alpha", [WEB])
    assert rest.wake("alpha", [WEB, "pods default/other"]) == ["pods default/other"]
    clock.now_s += TRUCE_S + 1
    assert rest.wake("alpha", [WEB]) == [WEB]


async def test_ten_thousand_pairs_in_sync_cost_no_request_and_little_time(
    redis: Redis, nowhere: KubeClient
) -> None:
    """A tenth of them, with leave for a busy machine."""
    fill(redis, {"pods": 500, "configmaps": 500})
    report, _ = await measure(redis, nowhere)
    assert (report.findings.pairs, report.findings.woken) == (1001, 0), "and a namespace"
    assert report.cpu_s < 10 * 0.2
    assert not redis.exists("tohost:{v}:dirty")


async def test_a_kind_whose_streams_are_not_all_listed_is_passed_over(
    redis: Redis, nowhere: KubeClient
) -> None:
    fill(redis, {"configmaps": 3})
    redis.delete("tohost:{v}:obj:host:configmaps")
    redis.srem("tohost:{v}:synced", "host:configmaps")
    assert (await measure(redis, nowhere))[0].findings.woken == 0
    redis.sadd("tohost:{v}:synced", "host:configmaps")
    assert (await measure(redis, nowhere))[0].findings.woken == 3


class Recorded(Scans):
    """`reports`: of all scans, also those for which a look was enough; `full`: without these."""

    reports: list[Report]
    full: int = 0

    async def scan(self, session: Session) -> Report:
        self.full += 1
        return await super().scan(session)

    def _store(self, cluster: str, report: Report) -> None:
        super()._store(cluster, report)
        self.reports.append(report)


async def test_of_two_workers_one_scans_in_each_period(redis: Redis, nowhere: KubeClient) -> None:
    fill(redis, {"configmaps": 1})
    queues, reports = [WorkQueue(redis, {"v": 1}, name) for name in "ab"], list[Report]()
    both = [Recorded(redis, {"v": KINDS}, queue, 0.3) for queue in queues]
    for each in both:
        each.reports = reports
    with suppress(TimeoutError):
        async with asyncio.timeout(1.8):
            await asyncio.gather(*(s.run({"v": session(nowhere)}, Fights()) for s in both))
    ends = [report.at for report in reports]
    assert len(ends) >= 2
    assert all(after - before > 0.2 for before, after in pairwise(ends))


async def test_what_did_not_change_is_not_planned_again(redis: Redis, nowhere: KubeClient) -> None:
    fill(redis, {"configmaps": 2})
    scans, one = Recorded(redis, {"v": KINDS}, WorkQueue(redis, {"v": 1}), 0.1), session(nowhere)
    scans.reports = []
    for _ in range(2):
        await scans.look_at(one)
    assert scans.full == 1
    assert [report.findings.pairs for report in scans.reports] == [3, 3]
    told = REGISTRY.get_sample_value("tohost_scan_last_timestamp_seconds", {"cluster": "v"})
    assert told == scans.reports[-1].at
    redis.hset("tohost:{v}:rv:host:configmaps", next(redis.hscan_iter(HOST_CONFIGMAPS))[0], "9:")
    await scans.look_at(one)
    assert scans.full == 2


async def test_what_differs_is_planned_every_time(redis: Redis, nowhere: KubeClient) -> None:
    fill(redis, {"configmaps": 2})
    redis.delete("tohost:{v}:obj:host:configmaps")
    scans, one = Recorded(redis, {"v": KINDS}, WorkQueue(redis, {"v": 1}), 0.1), session(nowhere)
    scans.reports = []
    for _ in range(2):
        await scans.look_at(one)
    assert scans.full == 2


async def test_a_period_of_nought_is_never(redis: Redis, nowhere: KubeClient) -> None:
    fill(redis, {"configmaps": 1})
    scans = Recorded(redis, {"v": KINDS}, WorkQueue(redis, {"v": 1}), 0.0)
    scans.reports, scans._tick_s = [], 0.01
    with suppress(TimeoutError):
        async with asyncio.timeout(0.2):
            await scans.run({"v": session(nowhere)}, Fights())
    assert scans.reports == []
