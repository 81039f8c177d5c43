"""`python -m benchmarks.recovery`: how long a crash holds things up, and what a restart costs.

Kills: objects come all the time, two watchers and two workers serve them, and again and again one
of the four is killed (SIGKILL) and started anew a second later. Recovery is from the kill until
everything that was created up to two seconds after it is on the host.

Restart: with many objects in sync, all watchers are killed and started again; a proxy before each
API server counts what they ask for. On real API servers when KUBEBUILDER_ASSETS is set.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.arrivals import Arrivals, arrivals, virtual_name
from benchmarks.load import CONFIGMAPS, configmap, create_all
from benchmarks.processes import Process, write_config
from benchmarks.stage import clients, make_namespace, stage
from common.kube.client import KubeClient
from sandbox.ports import free_port
from tests.proxy import Fault, Proxy
from watchers.machine import PAGE_LIMIT

NAMESPACE = "bench"
HOST_NAMESPACE = "vc-bench"
ARRIVALS_PER_S = 40
AFTER_KILL_S = 2.0
SETTLED_S = 2.0
TIMEOUT_S = 300.0
TEAM = ("watchers", "watchers", "workers", "workers")


@dataclass
class Fleet:
    """The processes, each in a place of its own where it can be killed and started again."""

    config: Path
    folder: Path
    running: dict[int, Process] = field(default_factory=dict)
    ports: dict[int, int] = field(default_factory=dict)
    starts: int = 0

    def start(self, place: int) -> None:
        self.starts += 1
        port = self.ports[place] = free_port()
        arguments = [TEAM[place], "--config", str(self.config), "--log-level", "warning"]
        arguments += ["--health-port", str(port)]
        log = self.folder / f"{TEAM[place]}-{place}-{self.starts}.log"
        self.running[place] = Process(f"{TEAM[place]}-{place}", arguments, log)

    async def ready(self, place: int) -> None:
        url = f"http://127.0.0.1:{self.ports[place]}/readyz"
        async with asyncio.timeout(TIMEOUT_S), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(url) as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.02)


@contextmanager
def fleet(config: Path, folder: Path) -> Iterator[Fleet]:
    team = Fleet(config, folder)
    try:
        for place in range(len(TEAM)):
            team.start(place)
        yield team
    finally:
        for process in team.running.values():
            process.stop()


async def kills(virtual: KubeClient, host: KubeClient, team: Fleet, count: int) -> list[float]:
    """Seconds that each recovery took."""
    chance, took_s = random.Random(count), []
    async with arrivals(host, CONFIGMAPS, HOST_NAMESPACE, virtual_name) as seen:
        for number in range(count):
            took_s.append(await _kill(virtual, team, seen, number, chance))
            print(f"kill {number + 1} of {count}: {took_s[-1]:.1f} s", file=sys.stderr, flush=True)
    return took_s


async def _kill(
    virtual: KubeClient, team: Fleet, seen: Arrivals, number: int, chance: random.Random
) -> float:
    place = number % len(TEAM)
    stop_at = asyncio.Event()
    creating = asyncio.create_task(_create(virtual, f"kill-{number}", stop_at))
    await asyncio.sleep(0.5 + chance.random())
    team.running[place].kill()
    killed_at = time.perf_counter()
    await asyncio.sleep(1)
    team.start(place)
    await asyncio.sleep(AFTER_KILL_S - 1)
    stop_at.set()
    names = await creating
    await seen.all_of(names, TIMEOUT_S)
    last_at = max(seen.at[name] for name in names)
    await team.ready(place)
    return last_at - killed_at


async def _create(virtual: KubeClient, start: str, stop: asyncio.Event) -> set[str]:
    """One after the other at a steady rate, as people and controllers do; their names."""
    names: set[str] = set()
    while not stop.is_set():
        name = f"{start}-{len(names)}"
        await virtual.create(CONFIGMAPS, NAMESPACE, configmap(name, NAMESPACE))
        names.add(name)
        await asyncio.sleep(1 / ARRIVALS_PER_S)
    return names


async def fill(virtual: KubeClient, host: KubeClient, count: int) -> None:
    names = {f"many-{number}" for number in range(count)}
    async with arrivals(host, CONFIGMAPS, HOST_NAMESPACE, virtual_name) as seen:
        await create_all(virtual, CONFIGMAPS, NAMESPACE, sorted(names))
        await seen.all_of(names, TIMEOUT_S)


async def restart(team: Fleet, proxies: list[Proxy], lists: list[Fault]) -> str:
    """Kill both watchers and start them; answers one line for people."""
    writes, listed = sum(map(_writes, proxies)), sum(each.struck for each in lists)
    places = [place for place, module in enumerate(TEAM) if module == "watchers"]
    for place in places:
        team.running[place].kill()
    began = time.perf_counter()
    for place in places:
        team.start(place)
    await asyncio.gather(*(team.ready(place) for place in places))
    ready_s = time.perf_counter() - began
    await asyncio.sleep(12)  # past the leases of the dead
    writes = sum(map(_writes, proxies)) - writes
    listed = sum(each.struck for each in lists) - listed
    return f"{ready_s:.1f} s to ready, {listed} lists, {writes} API writes"


async def _settled(proxies: list[Proxy]) -> None:
    """Until nobody writes any more: a proxy notes a write when it was answered, and the object may
    have been seen by then."""
    before = -1
    while (writes := sum(map(_writes, proxies))) != before:
        before = writes
        await asyncio.sleep(SETTLED_S)


def _writes(proxy: Proxy) -> int:
    return len(proxy.audit.writes)


async def run(kill_count: int, objects: int, folder: Path) -> None:
    with ExitStack() as blocking:
        place = blocking.enter_context(stage(folder))
        files = (place.virtual_kubeconfig, place.host_kubeconfig)
        proxies = [blocking.enter_context(Proxy(each, folder, f"to-{each.stem}")) for each in files]
        # Not those that only look whether something is left of kinds that are off.
        pages = f"limit={PAGE_LIMIT}"
        lists = [proxy.faults.delay(0, methods="list", path=pages) for proxy in proxies]
        virtual_file, host_file = (proxy.kubeconfig for proxy in proxies)
        config = write_config(folder, place.redis_url, host_file, virtual_file)
        async with clients(*files) as (virtual, host):
            await make_namespace(virtual, NAMESPACE)
            await make_namespace(host, HOST_NAMESPACE)
            team = blocking.enter_context(fleet(config, folder))
            await asyncio.gather(*(team.ready(each) for each in range(len(TEAM))))
            servers = "real API servers" if place.real else "the sandbox"
            print(f"On {servers}, 2 watchers and 2 workers:")
            if kill_count:
                print(_told(await kills(virtual, host, team, kill_count)), flush=True)
            if objects:
                await fill(virtual, host, objects)
                await _settled(proxies)
                told = await restart(team, proxies, lists)
                print(f"restart of the watchers with {objects} objects in sync: {told}")


def _told(took_s: list[float]) -> str:
    ordered = sorted(took_s)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    median = statistics.median(ordered)
    return (
        f"recovery after kill -9, {len(ordered)} kills: median {median:.1f} s, p99 {p99:.1f} s,"
        f" longest {ordered[-1]:.1f} s"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recovery", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--objects", type=int, default=10_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tohost-recovery-") as folder:
        asyncio.run(run(options.kills, options.objects, Path(folder)))


if __name__ == "__main__":
    main()
