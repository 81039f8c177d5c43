"""Objects that live through one phase after the other, together, and what that took."""

import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import orjson

from benchmarks.arrivals import Arrivals, arrivals, virtual_name
from benchmarks.load import at_once, paced
from benchmarks.meter import Meter
from benchmarks.operations import CREATE, CROWDED, DELETE, LIVES, Operation
from benchmarks.samples import Burst, Idle, Memory, Samples, waits
from benchmarks.spread import percentile
from common.kind import Kind
from common.kube.client import KubeClient
from common.objects import name_of

VIRTUAL_NAMESPACE = "bench"
HOST_NAMESPACE = "vc-bench"
DIRECT_NAMESPACE = "direct"
IDLE_PER_S = 20.0
_TIMEOUT_S = 300.0


@dataclass(frozen=True, slots=True)
class Sides:
    virtual: KubeClient
    host: KubeClient
    meter: Meter

    async def sizes(self, kind: Kind) -> tuple[float, float]:
        """Mean bytes of JSON of an object in the virtual cluster and on the host."""
        return (
            await _mean_bytes(self.virtual, kind, VIRTUAL_NAMESPACE),
            await _mean_bytes(self.host, kind, HOST_NAMESPACE),
        )


@dataclass(slots=True)
class Batch:
    """Objects of one kind. `host_names`: by their names in the virtual cluster."""

    sides: Sides
    kind: Kind
    names: Sequence[str]
    host_names: dict[str, str] = field(default_factory=dict)

    async def burst(self, operation: Operation) -> Burst:
        """Written to the host directly, then through the pipeline; each as fast as it goes."""
        direct = await self._direct(operation)
        before = self.sides.meter.cpu_s()
        async with self._seen(operation) as seen:
            began = time.perf_counter()
            answered = await at_once(self.names, lambda name: self._send(operation, name))
            await seen.all_of(self.names, _TIMEOUT_S)
        settled_at = max(await self.sides.meter.quiet(), *seen.at.values())
        after = self.sides.meter.cpu_s()
        count = len(self.names)
        await self._after(operation)
        return Burst(
            rate=count / (max(seen.at.values()) - began),
            direct=direct,
            settled=count / (settled_at - began),
            waits=waits(answered, seen.at),
            cpu_ms={part: (after[part] - before[part]) * 1000 / count for part in after},
        )

    async def idle(self, operation: Operation) -> Idle:
        """IDLE_PER_S changes a second, not waiting for the one before."""
        took_ms: list[float] = []

        async def write(name: str) -> None:
            began = time.perf_counter()
            await self._send(operation, name)
            took_ms.append((time.perf_counter() - began) * 1000)

        async with self._seen(operation) as seen:
            answered = await paced(self.names, write, IDLE_PER_S)
            await seen.all_of(self.names, _TIMEOUT_S)
        await self.sides.meter.quiet()
        await self._after(operation)
        return Idle(waits(answered, seen.at), percentile(took_ms, 50))

    async def _direct(self, operation: Operation) -> float:
        """Objects a second when the same client writes them to the host itself. What is there of a
        crowded kind goes before it's the pipeline's turn, and is there again to be deleted."""
        crowded = self.kind.plural in CROWDED
        if crowded and operation is DELETE:
            await self._write_directly(CREATE)
        began = time.perf_counter()
        await self._write_directly(operation)
        took_s = time.perf_counter() - began
        if crowded and operation is CREATE:
            await self._write_directly(DELETE)
        return len(self.names) / took_s

    async def _write_directly(self, operation: Operation) -> None:
        host = self.sides.host
        await at_once(
            self.names, lambda name: operation.send(host, self.kind, DIRECT_NAMESPACE, name)
        )

    def _send(self, operation: Operation, name: str) -> Awaitable[object]:
        if operation.up:
            host_name = self.host_names[name]
            return operation.send(self.sides.host, self.kind, HOST_NAMESPACE, host_name)
        return operation.send(self.sides.virtual, self.kind, VIRTUAL_NAMESPACE, name)

    @asynccontextmanager
    async def _seen(self, operation: Operation) -> AsyncIterator[Arrivals]:
        """On the side where the operation isn't written; by virtual names."""
        client, namespace, name = (
            (self.sides.virtual, VIRTUAL_NAMESPACE, name_of)
            if operation.up
            else (self.sides.host, HOST_NAMESPACE, virtual_name)
        )
        fulfils, types = operation.fulfils, operation.types
        async with arrivals(client, self.kind, namespace, name, fulfils, types) as seen:
            yield seen

    async def _after(self, operation: Operation) -> None:
        if operation is CREATE:
            self.host_names = {
                virtual_name(each): name_of(each)
                async for each in self.sides.host.list_all(self.kind, HOST_NAMESPACE)
            }


async def bursts(sides: Sides, kind: Kind, names: Sequence[str], samples: Samples) -> None:
    """One run of all phases of the kind's life; memory before the last of them."""
    batch = Batch(sides, kind, names)
    meter = sides.meter
    bytes_before, rss_before_mib = meter.redis_bytes(), meter.rss_mib()
    *phases, last = LIVES[kind.plural]
    for operation in phases:
        samples.bursts[f"{kind.plural} {operation.name}"].append(await batch.burst(operation))
    redis_bytes = (meter.redis_bytes() - bytes_before) / len(names)
    sizes = await sides.sizes(kind)
    samples.memory[kind.plural].append(Memory(redis_bytes, *sizes, rss_before_mib, meter.rss_mib()))
    samples.bursts[f"{kind.plural} {last.name}"].append(await batch.burst(last))


async def idle(sides: Sides, kind: Kind, names: Sequence[str], samples: Samples) -> None:
    """One run of the kind's life at a slow pace."""
    batch = Batch(sides, kind, names)
    for operation in LIVES[kind.plural]:
        samples.idle[f"{kind.plural} {operation.name}"].append(await batch.idle(operation))


async def _mean_bytes(client: KubeClient, kind: Kind, namespace: str) -> float:
    sizes = []
    async for each in client.list_all(kind, namespace):
        each["metadata"].pop("managedFields", None)
        typed = {"apiVersion": kind.api_version, "kind": kind.kind, **each}
        sizes.append(len(orjson.dumps(typed)))
    return sum(sizes) / len(sizes)
