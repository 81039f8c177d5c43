"""The storm as it is planned: what happens to which object, and when. Follows from the seed alone;
what an operation meets when its time comes does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Final, Literal, TypeVar

from tests.chaos.templates import ALL
from tests.chaos.templates.template import NAMES, Place
from tests.chaos.tenants import Tenant, World

Each = TypeVar("Each")
Do = Literal[
    "create",
    "edit",
    "relabel",
    "delete",
    "recreate",
    "hold",
    "release",
    "clear",
    "spoil",
    "host delete",
    "report",
]
_SHARES: Final[dict[Do, float]] = {
    "create": 36,
    "edit": 22,
    "relabel": 8,
    "delete": 12,
    "recreate": 5,
    "hold": 1.5,
    "release": 2,
    "clear": 0.4,
    "spoil": 5,
    "host delete": 3,
    "report": 6,
}
_OF_NAMESPACES: Final[dict[Do, float]] = {"relabel": 6, "delete": 2, "create": 4}
_NAMESPACES_SHARE: Final = 0.02
_SEEDS: Final = 50
_BRIEF: Final = "brief"
"""The virtual namespace that comes and goes."""
_ASTRAY: Final = 0.1
"""How many operations don't care whether there is anything to do."""
_ALONE: Final = (("a", "n0-x-a"), ("a-x-a", "n0"))
"""Two places that classic names don't tell apart."""
_KEPT_ON_HOST: Final = ("persistentvolumeclaims",)
"""Nobody deletes these on the host: the data would be gone, and with it what the virtual object is
bound to, which can't change."""
_ALONE_KINDS: Final = ("pods", "services", "poddisruptionbudgets")


@dataclass(frozen=True, slots=True)
class Operation:
    """`at_s` counts from the start of the storm; `dice` seeds what it makes up. `grace_s` is for
    deletions, None for the usual one."""

    at_s: float
    tenant: int
    do: Do
    plural: str
    place: Place
    dice: int
    grace_s: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """`seeds` are there before tohost starts; the storm comes after that."""

    seeds: list[Operation]
    storm: list[Operation]


def plan(world: World) -> Plan:
    chance = Random(f"storm {world.seed}")
    planners = [_Planner(chance, number, each) for number, each in enumerate(world.tenants)]
    seeds = [planner.sow() for planner in planners for _ in range(_SEEDS)]
    count = int(world.rate * world.storm_s)
    times = sorted(chance.uniform(0, world.storm_s) for _ in range(count))
    return Plan(seeds, [chance.choice(planners).next(at_s) for at_s in times])


def places(tenant: Tenant, plural: str) -> Iterator[Place]:
    """Every place that an object of the storm may be in."""
    if not ALL[plural].served.namespaced:
        yield from (Place(tenant.name, "", name) for name in NAMES)
        return
    for namespace in tenant.namespaces[:3]:
        yield from (Place(tenant.name, namespace, name) for name in NAMES)
    if plural in _ALONE_KINDS:
        yield from (Place(tenant.name, *each, alone=True) for each in _ALONE)


@dataclass
class _Planner:
    """Plans for one tenant, with a guess of which places are taken by then."""

    chance: Random
    number: int
    tenant: Tenant
    _taken: dict[str, set[Place]] = field(default_factory=dict)

    def next(self, at_s: float) -> Operation:
        chance = self.chance
        dice = chance.randrange(2**32)
        if chance.random() < _NAMESPACES_SHARE:
            return self._namespace(at_s, dice)
        plural = self._kind()
        do = _weighted(chance, _SHARES)
        if do == "host delete" and plural in _KEPT_ON_HOST:
            do = "spoil"
        place = self._place(plural, do)
        grace_s = chance.choice((None, None, 0, 1, 5)) if plural == "pods" else None
        return Operation(at_s, self.number, do, plural, place, dice, grace_s)

    def sow(self) -> Operation:
        plural, dice = self._kind(), self.chance.randrange(2**32)
        return Operation(0.0, self.number, "create", plural, self._place(plural, "create"), dice)

    def _kind(self) -> str:
        return _weighted(self.chance, {plural: each.weight for plural, each in ALL.items()})

    def _namespace(self, at_s: float, dice: int) -> Operation:
        do = _weighted(self.chance, _OF_NAMESPACES)
        name = self.chance.choice(self.tenant.namespaces[:3]) if do == "relabel" else _BRIEF
        if do == "delete":
            for taken in self._taken.values():
                taken -= {place for place in taken if place.namespace == _BRIEF}
        place = Place(self.tenant.name, "", name)
        return Operation(at_s, self.number, do, "namespaces", place, dice)

    def _place(self, plural: str, do: Do) -> Place:
        """One that is free for a creation, and taken for all else; now and then any."""
        taken, every = self._taken.setdefault(plural, set()), list(places(self.tenant, plural))
        fitting = [place for place in every if (place in taken) is (do != "create")]
        astray = self.chance.random() < _ASTRAY
        place = self.chance.choice(every if astray or not fitting else fitting)
        if do == "create":
            taken.add(place)
        elif do == "delete":
            taken.discard(place)
        return place


def _weighted(chance: Random, weights: dict[Each, float]) -> Each:
    ends = list(accumulate(weights.values()))
    return chance.choices(list(weights), cum_weights=ends)[0]
