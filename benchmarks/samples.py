"""What was measured, run by run, before it is told."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.spread import percentile


@dataclass(frozen=True, slots=True)
class Waits:
    """Milliseconds from the answer to a write until the other side showed it."""

    p50_ms: float
    p99_ms: float


def waits(answered: dict[str, float], seen: dict[str, float]) -> Waits:
    """Both by name, on one clock; at least one."""
    all_ms = sorted((seen[name] - at) * 1000 for name, at in answered.items())
    return Waits(percentile(all_ms, 50), percentile(all_ms, 99))


@dataclass(frozen=True, slots=True)
class Burst:
    """One operation on many objects at once. Rates are objects a second: until the other side
    showed the last, of a client that writes the same to the host itself, and until nothing was
    left to do. `cpu_ms`: milliseconds per object of each part.
    """

    rate: float
    direct: float
    settled: float
    waits: Waits
    cpu_ms: dict[str, float]

    @property
    def ratio(self) -> float:
        return self.rate / self.direct


@dataclass(frozen=True, slots=True)
class Idle:
    """One operation at a steady slow pace. `write_p50_ms`: how long the write itself took."""

    waits: Waits
    write_p50_ms: float


@dataclass(frozen=True, slots=True)
class Memory:
    """With all objects in their final state. Bytes are per object, of the JSON without
    managedFields; `rss_mib` of each part, before and then."""

    redis_bytes: float
    virtual_json_bytes: float
    host_json_bytes: float
    rss_before_mib: dict[str, float]
    rss_mib: dict[str, float]

    @property
    def ratio(self) -> float:
        return self.redis_bytes / (self.virtual_json_bytes + self.host_json_bytes)


@dataclass(slots=True)
class Samples:
    """By `pods create` and so on, or by plural; each run adds one to each."""

    bursts: defaultdict[str, list[Burst]] = field(default_factory=lambda: defaultdict(list))
    idle: defaultdict[str, list[Idle]] = field(default_factory=lambda: defaultdict(list))
    memory: defaultdict[str, list[Memory]] = field(default_factory=lambda: defaultdict(list))

    def life_ms(self, plural: str) -> Sequence[dict[str, float]]:
        """CPU of an object's whole life by part, for each run."""
        phases = [found for name, found in self.bursts.items() if name.split()[0] == plural]
        return [
            {part: sum(burst.cpu_ms[part] for burst in run) for part in run[0].cpu_ms}
            for run in zip(*phases, strict=True)
        ]
