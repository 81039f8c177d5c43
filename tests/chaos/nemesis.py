"""The trouble of a storm as it is planned: follows from the seed alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from tests.chaos.tenants import World

Trouble = Literal[
    "kill",
    "pause",
    "redis restart",
    "flush",
    "fail",
    "lost answer",
    "hang",
    "delay",
    "expire",
    "stale",
    "empty",
    "gone",
    "cut",
    "silence",
]
_WEIGHTS: Final[dict[Trouble, float]] = {
    "kill": 6,
    "pause": 4,
    "redis restart": 1.5,
    "flush": 1,
    "fail": 6,
    "lost answer": 3,
    "hang": 2,
    "delay": 2,
    "expire": 2,
    "stale": 2,
    "empty": 1,
    "gone": 2,
    "cut": 5,
    "silence": 2,
}
_EVERY_S: Final = 1.2
_FIRST_S: Final = 2.0
_OF_PROCESSES: Final = ("kill", "pause")
_OF_REDIS: Final = ("redis restart", "flush")
_CODES: Final = (429, 429, 500, 503, 504)
_WHOLE_MINUTE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Strike:
    """`target`: the slot of a process, or the number of an API server, the host's last. `share` of
    the requests are hit, with `code` where that counts. Seconds, from the start of the storm."""

    at_s: float
    trouble: Trouble
    target: int = 0
    for_s: float = 0.0
    share: float = 1.0
    code: int = 0
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.at_s:5.1f} s {self.trouble} of {self.target} for {self.for_s:.1f} s"


def strikes(world: World) -> list[Strike]:
    """In the order of time; all of them end with the storm at the latest.

    Whoever has just forgotten everything must believe a list that shows nothing: nothing could
    ever tell it of objects that don't change any more.
    """
    chance = Random(f"nemesis {world.seed}")
    found = list(_strikes(chance, world))
    if any(strike.trouble == "flush" for strike in found):
        found = [strike for strike in found if strike.trouble != "empty"]
    if world.storm_s >= 60 and chance.random() < _WHOLE_MINUTE:
        server = chance.randrange(len(world.tenants) + 1)
        found.append(Strike(0.0, "gone", server, 60.0))
    return sorted(found, key=lambda strike: strike.at_s)


def _strikes(chance: Random, world: World) -> Iterator[Strike]:
    at_s = _FIRST_S
    while at_s < world.storm_s - 1:
        troubles = list(_WEIGHTS)
        trouble = chance.choices(troubles, [_WEIGHTS[each] for each in troubles])[0]
        yield _strike(chance, world, at_s, trouble)
        at_s += chance.expovariate(1 / _EVERY_S)


def _strike(chance: Random, world: World, at_s: float, trouble: Trouble) -> Strike:
    left_s = world.storm_s - at_s
    if trouble in _OF_PROCESSES:
        slot = chance.randrange(world.watchers + world.workers)
        for_s = chance.uniform(0, 3) if trouble == "kill" else chance.uniform(1, 25)
        return Strike(at_s, trouble, slot, min(for_s, left_s))
    if trouble in _OF_REDIS:
        return Strike(at_s, trouble, for_s=min(chance.uniform(0, 4), left_s))
    server = chance.randrange(len(world.tenants) + 1)
    longest_s = world.storm_s / 3 if trouble == "gone" else 20
    return Strike(
        at_s,
        trouble,
        server,
        min(chance.uniform(1, longest_s), left_s),
        share=chance.uniform(0.05, 0.5),
        code=chance.choice(_CODES),
        seconds=chance.choice((0.5, 2, 5, 40)) if trouble == "hang" else chance.uniform(0.05, 2),
    )
