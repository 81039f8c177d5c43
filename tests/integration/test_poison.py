"""Objects that can't be synced, by the hundred: what they cost, and that others don't wait."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from random import Random

import orjson
import pytest
from redis import Redis

from common.changes import active_plurals
from common.cluster import Cluster
from common.context import Context, Related
from common.keys import Key
from common.kind import Kind
from common.kinds import REGISTRY
from common.kube.client import KubeClient
from common.naming import host_name
from common.objects import Obj
from common.process.logs import formatter
from common.safety.identity import identify
from common.workqueue import Blocked, Done, Outcome, Retry, Terminal, Tries, WorkQueue
from sandbox.run import Sandbox, sandbox
from tests.integration.workqueue import Clock
from workers.fights import Fights
from workers.gate import gates
from workers.reconcile import TELL_AFTER_FAILURES, TELL_EVERY, Reconciler
from workers.session import Session
from workers.work import Work

MANY = 50
TICK_S, PERIOD_S = 2.0, 200.0
SORTS: dict[str, Outcome] = {
    "denied": Terminal("403", "Forbidden"),
    "full": Blocked("exceeded quota", "Forbidden"),
    "busy": Retry(None, "503"),
}


def test_poison_costs_few_tries_and_good_keys_are_taken_at_once(redis: Redis, clock: Clock) -> None:
    """Some minutes of three sorts of poison in one queue, with a good key every ten seconds."""
    queue = WorkQueue(redis, {"v": 1}, clock=clock, chance=Random(7).random)
    queue.add("v", [f"pods {sort}/p{n}" for sort in SORTS for n in range(MANY)])
    tries: Counter[str] = Counter()
    waited: list[int] = []
    for tick in range(int(PERIOD_S / TICK_S)):
        good = f"pods good/p{tick}" if tick % 5 == 0 else ""
        queue.add("v", [good] if good else [])
        waited += run_all(queue, tries, good)
        clock.now_s += TICK_S
        queue.sweep(force=True)
    assert tries["denied"] <= 8 * MANY
    assert tries["full"] <= 22 * MANY
    assert tries["busy"] <= 40 * MANY
    # Once the back-off has spread them, a good key is in the next batch.
    assert waited[2:] == [0] * (len(waited) - 2)
    assert len(waited) == tries["good"] == 20


def run_all(queue: WorkQueue, tries: Counter[str], good: str) -> list[int]:
    """Run all that is queued; answers how many went before the good key."""
    before, found = 0, []
    while taken := queue.take(64, [("v", "pods")]):
        if good in (one.key.member for one in taken):
            found.append(before)
        before += len(taken)
        tries.update(one.key.namespace for one in taken)
        queue.finish([(one, SORTS.get(one.key.namespace, Done())) for one in taken])
    return found


CLUSTER = Cluster(
    "v", "h", enabled=frozenset({"configmaps"}), all_objects=frozenset({"configmaps"})
)
CONFIGMAPS, NAMESPACES = REGISTRY["configmaps"], REGISTRY["namespaces"]


class Bench:
    """One virtual ConfigMap; the host has no namespace for it yet."""

    def __init__(self, box: Sandbox, session: Session, virtual: Obj) -> None:
        self.box = box
        self.session = session
        self.virtual = virtual

    async def reconcile(self, tries: Tries = Tries(), kind: Kind = CONFIGMAPS) -> Outcome:  # noqa: B008
        key = Key("v", "configmaps", "n", "c")
        work = Work(key, kind, CLUSTER, self.virtual, None, Related(), b"key")
        return await Reconciler(self.session, Fights()).reconcile(work, lambda: True, tries)

    async def events(self) -> list[Obj]:
        return (await self.session.virtual.list_page("/api/v1/namespaces/n/events")).items


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with (
        sandbox(tmp_path, kubelet=False) as box,
        await KubeClient.connect(str(box.virtual_kubeconfig), name="v") as virtual,
        await KubeClient.connect(str(box.host_kubeconfig), name="host") as host,
    ):
        await virtual.create(NAMESPACES, "", {"metadata": {"name": "n"}})
        obj = await virtual.create(CONFIGMAPS, "n", {"metadata": {"name": "c"}, "data": {"a": "b"}})
        known, active = await identify(virtual), active_plurals(REGISTRY.values(), CLUSTER)
        ways = gates(REGISTRY.values(), CLUSTER)
        session = Session(CLUSTER, virtual, host, known.key, REGISTRY, active, ways)
        yield Bench(box, session, obj)


async def test_what_lacks_its_host_namespace_is_blocked_and_goes_on_once_it_is_there(
    bench: Bench,
) -> None:
    outcome = await bench.reconcile()
    assert isinstance(outcome, Blocked)
    assert 'namespaces "h" not found' in outcome.message
    await bench.session.host.create(NAMESPACES, "", {"metadata": {"name": "h"}})
    assert await bench.reconcile() == Done()


async def test_what_lacks_its_api_on_the_host_is_blocked_with_a_word_about_it(
    bench: Bench,
) -> None:
    await bench.session.host.create(NAMESPACES, "", {"metadata": {"name": "h"}})
    fault = bench.box.host.faults.fail(404, method="POST", path="/configmaps")
    outcome = await bench.reconcile()
    assert isinstance(outcome, Blocked)
    bench.box.host.faults.remove(fault)
    assert await bench.reconcile() == Done()


async def test_an_event_tells_of_what_is_blocked_when_it_lasts_and_then_now_and_again(
    bench: Bench,
) -> None:
    for blocks in range(2 * TELL_EVERY):
        await bench.reconcile(Tries(blocks=blocks))
        told = await bench.events()
        assert bool(told) == (blocks >= TELL_AFTER_FAILURES)
    [event] = told
    assert (event["reason"], event["type"], event["count"]) == ("NotFound", "Warning", 2)


async def test_a_failing_try_costs_four_requests_at_most(bench: Bench) -> None:
    """The refused write, and the event that is counted up."""
    await bench.session.host.create(NAMESPACES, "", {"metadata": {"name": "h"}})
    bench.box.host.faults.fail(403, method="POST", path="/configmaps")
    outcome = await bench.reconcile()
    assert isinstance(outcome, Terminal)
    asked = [served.faults.delay(0, path="/") for served in (bench.box.host, bench.box.virtual)]
    await bench.reconcile(Tries(refusals=1))
    assert sum(fault.struck for fault in asked) <= 4


async def test_words_about_annotations_tell_why_the_host_has_more_of_them(bench: Bench) -> None:
    await bench.session.host.create(NAMESPACES, "", {"metadata": {"name": "h"}})
    bench.virtual["metadata"]["annotations"] = {"big": "x" * (256 * 1024 - 10)}
    outcome = await bench.reconcile()
    assert isinstance(outcome, Terminal)
    assert "may not be more than 262144 bytes" in outcome.message
    assert "tohost's own annotations come on top" in outcome.message


async def test_a_bug_is_told_without_the_objects_data(bench: Bench) -> None:
    def broken(virtual: Obj, _context: Context) -> Obj:
        raise KeyError(virtual["data"]["a"])

    outcome = await bench.reconcile(kind=replace(CONFIGMAPS, translate=broken))
    assert isinstance(outcome, Terminal)
    assert outcome.reason == "InternalError"
    assert outcome.message.startswith("internal error: KeyError in broken (test_poison.py:")


async def test_the_log_tells_what_becomes_of_an_object_by_both_of_its_names(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """All that was decided, and a failure that lasts not each time."""
    caplog.set_level("INFO")
    for blocks in range(TELL_AFTER_FAILURES):
        await bench.reconcile(Tries(blocks=blocks))
    await bench.session.host.create(NAMESPACES, "", {"metadata": {"name": "h"}})
    await bench.reconcile()
    lines = [formatter("json").format(record) for record in caplog.records]
    blocked, performed = [orjson.loads(line) for line in lines if "v configmaps n/c" in line]
    assert blocked["message"] == "waits for something else"
    assert 'namespaces "h" not found' in blocked["why"]
    assert (performed["message"], performed["action"]) == ("performed", "Create")
    assert blocked["host"] == performed["host"] == f"h/{host_name(CLUSTER, 'n', 'c', 'configmaps')}"
