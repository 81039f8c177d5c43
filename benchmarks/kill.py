"""A watcher and a worker killed in the middle of a burst: how long until all is in place."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.arrivals import arrivals, virtual_name
from benchmarks.load import CONFIGMAPS, PODS, create_all
from benchmarks.operations import STATUS
from benchmarks.phases import HOST_NAMESPACE, VIRTUAL_NAMESPACE, Sides
from benchmarks.processes import Process
from sandbox.kubeconfig import read_access
from sandbox.kubelet import Kubelet

_TIMEOUT_S = 300.0


async def killed_burst(
    sides: Sides, processes: Sequence[Process], host_kubeconfig: Path, count: int
) -> str:
    """Pods and ConfigMaps at once, and SIGKILL for one process of each sort when half of the pods
    are there: until all is on the host, each once, and Running. Answers a line for people."""
    names = [f"killed-{number}" for number in range(count)]
    async with (
        arrivals(sides.host, PODS, HOST_NAMESPACE, virtual_name) as pods,
        arrivals(sides.host, CONFIGMAPS, HOST_NAMESPACE, virtual_name) as configmaps,
    ):
        creating = [
            asyncio.create_task(create_all(sides.virtual, kind, VIRTUAL_NAMESPACE, names))
            for kind in (PODS, CONFIGMAPS)
        ]
        await pods.at_least(count // 2, _TIMEOUT_S)
        for victim in {each.name.partition("-")[0]: each for each in processes}.values():
            victim.kill()
        killed_at = time.perf_counter()
        await asyncio.gather(*creating)
        created_at = time.perf_counter()
        for seen in (pods, configmaps):
            await seen.all_of(names, _TIMEOUT_S)
        all_at = time.perf_counter()
    running_s = await _all_running(sides, host_kubeconfig, names)
    doubled = len(pods.seen_twice) + len(configmaps.seen_twice)
    return (
        f"{2 * count} objects at once, a watcher and a worker killed in the middle: all on"
        f" the host {all_at - killed_at:.1f} s after the kill, {all_at - created_at:.1f} s"
        f" after the last was created; {doubled} doubled; all pods Running in the virtual"
        f" cluster {running_s:.1f} s after the kubelet started"
    )


async def _all_running(sides: Sides, host_kubeconfig: Path, names: Sequence[str]) -> float:
    """Start a kubelet; answers the seconds until every virtual pod is Running."""
    running = STATUS.fulfils
    async with arrivals(sides.virtual, PODS, VIRTUAL_NAMESPACE, fulfils=running) as seen:
        began = time.perf_counter()
        kubelet = await Kubelet(read_access(host_kubeconfig)).start()
        await seen.all_of(names, _TIMEOUT_S)
        await kubelet.stop()
    return max(seen.at.values()) - began
