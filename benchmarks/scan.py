"""What the periodic scan costs when nothing differs, and how little it keeps others waiting.

    python -m benchmarks.scan [--pods N] [--configmaps N] [--redis URL]

The store is filled with pairs in sync; of a cluster only a server that counts requests is there.
CPU is that of the scanning thread alone, seconds are with its pauses. `lag` says how late timers
of the event loop fired meanwhile; pauses of the machine are in it.
"""

import argparse
import asyncio
import gc
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from itertools import islice
from pathlib import Path

import orjson
from aiohttp import web
from redis import Redis

from benchmarks.pairs import NAMESPACE, configmaps, pods
from common.changes import active_plurals, change_of
from common.config.model import VirtualCluster
from common.kind import Kind
from common.kinds import kinds_of
from common.kube.client import KubeClient
from common.objects import Obj, Side
from common.store import Store
from common.workqueue import WorkQueue
from sandbox.redis import RedisServer
from workers.gate import gates
from workers.scans import Report, Scans
from workers.session import Session

TICK_S = 0.005
SYNC = {"toHost": {"configMaps": {"enabled": True, "all": True}}}
CLUSTER = VirtualCluster.model_validate(
    {"name": "v", "hostNamespace": "h", "sync": SYNC}, by_alias=True
).cluster()
KINDS = kinds_of(CLUSTER)
MAKERS = {"pods": pods, "configmaps": configmaps}
READING = {"GET", "HEAD"}


def fill(redis: Redis, counts: dict[str, int]) -> None:
    """The pairs of each kind, all other streams listed and empty, and nothing dirty."""
    redis.flushall()
    store = Store(redis)
    for kind in KINDS.values():
        for side in kind.sides(CLUSTER):
            store.set_synced("v", side, kind.plural)
    _put(store, KINDS["namespaces"], "virtual", [NAMESPACE])
    for plural, count in counts.items():
        pairs = MAKERS[plural](KINDS[plural], CLUSTER, count)
        while some := list(islice(pairs, 500)):
            _put(store, KINDS[plural], "virtual", [virtual for virtual, _ in some])
            _put(store, KINDS[plural], "host", [host for _, host in some])
    redis.delete(*(f"tohost:{{v}}:{what}" for what in ("dirty", "state")))


def _put(store: Store, kind: Kind, side: Side, objects: Iterable[Obj]) -> None:
    active = active_plurals(KINDS.values(), CLUSTER)
    changes = [change_of(kind, side, CLUSTER, active, each, False, b"k") for each in objects]
    assert all(changes), "an object is not ours"
    store.put("v", side, kind.plural, [each for each in changes if each])


@asynccontextmanager
async def counting(directory: Path) -> AsyncIterator[tuple[KubeClient, Counter[str]]]:
    """A client of a server that only counts requests, by method."""
    seen: Counter[str] = Counter()

    async def count(request: web.Request) -> web.Response:
        seen[request.method] += 1
        return web.json_response({"kind": "Status"}, status=500)

    runner = web.AppRunner(app := web.Application(), access_log=None)
    app.router.add_route("*", "/{path:.*}", count)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    cluster = {"name": "c", "cluster": {"server": f"http://127.0.0.1:{runner.addresses[0][1]}"}}
    context = {"name": "c", "context": {"cluster": "c", "user": "c"}}
    content = {"clusters": [cluster], "contexts": [context], "current-context": "c"}
    content["users"] = [{"name": "c", "user": {}}]
    (directory / "kubeconfig").write_bytes(orjson.dumps(content))
    async with await KubeClient.connect(str(directory / "kubeconfig"), name="counting") as client:
        yield client, seen
    await runner.cleanup()


async def lag(lags_s: list[float]) -> None:
    while True:
        due_s = time.perf_counter() + TICK_S
        await asyncio.sleep(TICK_S)
        lags_s.append(time.perf_counter() - due_s)


async def measure(redis: Redis, client: KubeClient) -> tuple[Report, list[float]]:
    session = Session(
        cluster=CLUSTER,
        virtual=client,
        host=client,
        digest_key=b"k",
        kinds=KINDS,
        active=active_plurals(KINDS.values(), CLUSTER),
        gates=gates(KINDS.values(), CLUSTER),
    )
    scans = Scans(redis, {"v": KINDS}, WorkQueue(redis, {"v": 1}), 300.0)
    lags_s: list[float] = []
    ticking = asyncio.create_task(lag(lags_s))
    report = await scans.scan(session)
    ticking.cancel()
    with suppress(asyncio.CancelledError):
        await ticking
    return report, sorted(lags_s)


async def run(redis: Redis, counts: dict[str, int], directory: Path) -> None:
    print(
        f"{'objects':<28}{'CPU s':>7}{'us each':>9}{'seconds':>9}{'woken':>7}"
        f"{'API calls':>11}{'writes':>8}{'lag p50':>9}{'p99':>7}{'max ms':>8}"
    )
    for some in (*({plural: count} for plural, count in counts.items()), counts):
        fill(redis, some)
        async with counting(directory) as (client, seen):
            report, lags_s = await measure(redis, client)
        found, total = report.findings, sum(some.values())
        assert found.pairs >= total, found
        writes = sum(count for method, count in seen.items() if method not in READING)
        name = ", ".join(f"{count} {plural}" for plural, count in some.items())
        at = [1000 * each for each in (statistics.median(lags_s), lags_s[-len(lags_s) // 100 - 1])]
        print(
            f"{name:<28}{report.cpu_s:>7.2f}{report.cpu_s / total * 1e6:>9.0f}"
            f"{report.seconds:>9.2f}{found.woken:>7}{seen.total():>11}{writes:>8}"
            f"{at[0]:>9.1f}{at[1]:>7.1f}{1000 * lags_s[-1]:>8.1f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.scan")
    parser.add_argument("--pods", type=int, default=10_000)
    parser.add_argument("--configmaps", type=int, default=10_000)
    parser.add_argument("--redis", help="default: one of its own; all that is in it is lost")
    options = parser.parse_args()
    counts = {"pods": options.pods, "configmaps": options.configmaps}
    # As worker processes do.
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        if options.redis:
            asyncio.run(run(Redis.from_url(options.redis), counts, directory))
            return
        with RedisServer(directory) as server:
            asyncio.run(run(Redis.from_url(server.url), counts, directory))


if __name__ == "__main__":
    main()
