"""`make bench`: what the pipeline does beside a client that writes straight to the host.

On real API servers when KUBEBUILDER_ASSETS names their folder, else on the sandbox. Every
throughput is followed by its ratio to direct writes of as many objects, measured in the same run.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from redis import Redis
from rich.console import Console
from rich.table import Table

from benchmarks.arrivals import Arrivals, arrivals, virtual_name
from benchmarks.load import AT_ONCE, CONFIGMAPS, PODS, create_all, delete_all
from benchmarks.processes import Process, fleet, write_config
from benchmarks.stage import Stage, stage
from common.kind import Kind
from common.kube import KubeClient, object_path
from common.objects import Obj
from sandbox.kubeconfig import read_access
from sandbox.kubelet import Kubelet

VIRTUAL_NAMESPACE = "bench"
HOST_NAMESPACE = "vc-bench"
DIRECT_NAMESPACE = "direct"
TIMEOUT_S = 300.0


@dataclass(slots=True)
class Row:
    """One line of the result; `values` by column."""

    what: str
    values: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Bench:
    stage: Stage
    virtual: KubeClient
    host: KubeClient
    redis: Redis
    processes: list[Process]
    count: int
    rows: list[Row] = field(default_factory=list)

    async def direct(self, kind: Kind, run: int) -> float:
        """Objects a second when the same client writes them to the host itself."""
        names = [f"direct-{run}-{number}" for number in range(self.count)]
        began = time.perf_counter()
        await create_all(self.host, kind, DIRECT_NAMESPACE, names)
        rate = self.count / (time.perf_counter() - began)
        await delete_all(self.host, kind, DIRECT_NAMESPACE, names)
        return rate

    async def burst(self, kind: Kind, run: int) -> None:
        """All at once in the virtual cluster, until the last is on the host (and, for pods,
        until the last is Running in the virtual cluster)."""
        direct = await self.direct(kind, run)
        names = {f"burst-{run}-{number}" for number in range(self.count)}
        memory, cpu = self._memory(), self._cpu()
        async with arrivals(self.host, kind, HOST_NAMESPACE, virtual_name) as seen:
            began = time.perf_counter()
            created = await create_all(self.virtual, kind, VIRTUAL_NAMESPACE, sorted(names))
            await seen.all_of(names, TIMEOUT_S)
            rate = self.count / (max(seen.at.values()) - began)
        row = Row(f"{kind.plural} create", _throughput(rate, direct))
        row.values |= _latency(created, seen) | self._cost(cpu)
        row.values["Redis B/object"] = f"{(self._memory() - memory) / self.count:.0f}"
        row.values["doubled"] = str(len(seen.seen_twice))
        self.rows.append(row)
        if kind is PODS:
            await self._status(names)
        await self._delete(kind, names)

    async def _status(self, names: set[str]) -> None:
        cpu = self._cpu()
        took_s = await self._all_running(names)
        values = {"objects/s": f"{self.count / took_s:.0f}", **self._cost(cpu)}
        self.rows.append(Row("pods bind and status up", values))

    async def _all_running(self, names: set[str]) -> float:
        """Start a kubelet; answers the seconds until every virtual pod is Running."""
        async with arrivals(self.virtual, PODS, VIRTUAL_NAMESPACE, fulfils=_running) as seen:
            began = time.perf_counter()
            kubelet = await Kubelet(read_access(self.stage.host_kubeconfig)).start()
            await seen.all_of(names, TIMEOUT_S)
            await kubelet.stop()
        return max(seen.at.values()) - began

    async def killed_burst(self) -> None:
        """Pods and ConfigMaps at once, and a watcher and a worker killed (SIGKILL) when half of
        the pods are there: how long until all is on the host, each once."""
        names = {f"killed-{number}" for number in range(self.count)}
        async with (
            arrivals(self.host, PODS, HOST_NAMESPACE, virtual_name) as pods,
            arrivals(self.host, CONFIGMAPS, HOST_NAMESPACE, virtual_name) as configmaps,
        ):
            creating = [
                asyncio.create_task(create_all(self.virtual, kind, VIRTUAL_NAMESPACE, names))
                for kind in (PODS, CONFIGMAPS)
            ]
            await pods.at_least(self.count // 2, TIMEOUT_S)
            for victim in {each.name.partition("-")[0]: each for each in self.processes}.values():
                victim.kill()
            killed_at = time.perf_counter()
            await asyncio.gather(*creating)
            created_at = time.perf_counter()
            for seen in (pods, configmaps):
                await seen.all_of(names, TIMEOUT_S)
            all_at = time.perf_counter()
        took_s = await self._all_running(names)
        twice = len(pods.seen_twice) + len(configmaps.seen_twice)
        print(
            f"{2 * self.count} objects at once, a watcher and a worker killed in the middle: all on"
            f" the host {all_at - killed_at:.1f} s after the kill, {all_at - created_at:.1f} s"
            f" after the last was created; {twice} doubled; all pods Running in the virtual"
            f" cluster {took_s:.1f} s after the kubelet started"
        )

    async def _delete(self, kind: Kind, names: set[str]) -> None:
        cpu, began = self._cpu(), time.perf_counter()
        await delete_all(self.virtual, kind, VIRTUAL_NAMESPACE, sorted(names))
        await self._gone(kind)
        rate = self.count / (time.perf_counter() - began)
        self.rows.append(
            Row(f"{kind.plural} delete", {"objects/s": f"{rate:.0f}", **self._cost(cpu)})
        )

    async def _gone(self, kind: Kind) -> None:
        ours = {"labelSelector": "app=web", "limit": "1"}
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                page = await self.host.list_page(object_path(kind, HOST_NAMESPACE), ours)
                if not page.items:
                    return
                await asyncio.sleep(0.05)

    async def idle(self, kind: Kind, changes: int) -> None:
        """One change at a time: from the virtual API's answer to the host's watch event."""
        created: dict[str, float] = {}
        async with arrivals(self.host, kind, HOST_NAMESPACE, virtual_name) as seen:
            for number in range(changes):
                name = f"idle-{number}"
                created |= await create_all(self.virtual, kind, VIRTUAL_NAMESPACE, [name])
                await seen.all_of({name}, 30)
                await asyncio.sleep(0.02)
        self.rows.append(Row(f"{kind.plural} create, idle", _latency(created, seen)))
        await delete_all(self.virtual, kind, VIRTUAL_NAMESPACE, sorted(created))

    def _memory(self) -> int:
        return int(self.redis.info("memory")["used_memory"])

    def _cpu(self) -> dict[str, float]:
        used: dict[str, float] = {"watchers": 0.0, "workers": 0.0}
        for process in self.processes:
            used[process.name.partition("-")[0] + "s"] += process.cpu_s()
        info = self.redis.info("cpu")
        used["Redis"] = float(info["used_cpu_user"]) + float(info["used_cpu_sys"])
        return used

    def _cost(self, before: dict[str, float]) -> dict[str, str]:
        now = self._cpu()
        each = {name: (now[name] - before[name]) * 1000 / self.count for name in now}
        shown = {f"{name} ms": f"{value:.2f}" for name, value in each.items()}
        return {**shown, "CPU ms/object": f"{sum(each.values()):.2f}"}


def _throughput(rate: float, direct: float) -> dict[str, str]:
    return {
        "objects/s": f"{rate:.0f}",
        "direct/s": f"{direct:.0f}",
        "ratio": f"{rate / direct:.2f}",
    }


def _latency(created: dict[str, float], seen: Arrivals) -> dict[str, str]:
    waits = sorted((seen.at[name] - at) * 1000 for name, at in created.items())
    cuts = statistics.quantiles(waits, n=100, method="inclusive")
    return {"p50 ms": f"{cuts[49]:.1f}", "p99 ms": f"{cuts[98]:.1f}"}


def _running(obj: Obj) -> bool:
    return bool((obj.get("status") or {}).get("phase") == "Running")


def show(rows: list[Row], title: str) -> None:
    columns = list(dict.fromkeys(column for row in rows for column in row.values))
    table = Table("", *columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(row.what, *(row.values.get(column, "") for column in columns))
    Console(width=200 if not sys.stdout.isatty() else None).print(table)


async def main(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="tohost-bench-") as name, ExitStack() as stack:
        directory = Path(name)
        async with AsyncExitStack() as clients:
            ready = stack.enter_context(stage(directory))
            virtual, host = [
                await clients.enter_async_context(await KubeClient.connect(str(file), name=side))
                for side, file in (
                    ("virtual", ready.virtual_kubeconfig),
                    ("host", ready.host_kubeconfig),
                )
            ]
            for client, namespace in (
                (virtual, VIRTUAL_NAMESPACE),
                (host, HOST_NAMESPACE),
                (host, DIRECT_NAMESPACE),
            ):
                body: Obj = {"metadata": {"name": namespace}}
                await client.request("POST", "/api/v1/namespaces", body=body)
            config = write_config(
                directory, ready.redis_url, ready.host_kubeconfig, ready.virtual_kubeconfig
            )
            processes = stack.enter_context(
                fleet(config, directory, options.watchers, options.workers)
            )
            redis = Redis.from_url(ready.redis_url)
            bench = Bench(ready, virtual, host, redis, processes, options.count)
            await bench.idle(CONFIGMAPS, 5)
            if options.kill:
                await bench.killed_burst()
                return
            bench.rows.clear()
            for kind in (CONFIGMAPS, PODS):
                await bench.idle(kind, options.changes)
                for run in range(options.runs):
                    await bench.burst(kind, run)
            where = "real API servers" if ready.real else "the sandbox"
            show(
                bench.rows,
                f"{options.count} objects on {where}, {options.watchers} watchers,"
                f" {options.workers} workers, {AT_ONCE} requests at once",
            )


def _parse(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="objects in a burst")
    parser.add_argument("--changes", type=int, default=100, help="changes at idle")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--watchers", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--kill", action="store_true", help="only: kill one of each process during a burst"
    )
    options = parser.parse_args(argv)
    if options.kill:
        options.watchers, options.workers = max(2, options.watchers), max(2, options.workers)
    return options


if __name__ == "__main__":
    asyncio.run(main(_parse(sys.argv[1:])))
