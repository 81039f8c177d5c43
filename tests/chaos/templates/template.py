"""What a template is, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from tests.chaos.kinds import EVERY, Served
from tests.chaos.objects import Obj

LONG: Final = "a-name-that-is-so-long-that-no-host-name-holds-all"
NAMES: Final = ("n0", "n1", "n2", "n3", "n4", LONG)
"""What objects are called, of whatever kind, so that they refer to each other by chance."""
STEADY: Final = "steady"
"""A priority class and a storage class that are always there."""
ROBOT: Final = "robot"
"""A service account that is in every namespace from the start."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an object shall be. `alone`: it refers to nothing, as its namespace or name could be
    read in two ways."""

    tenant: str
    namespace: str
    name: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Patch:
    """A merge patch, perhaps of a subresource."""

    body: Obj
    subresource: str = ""


Change = Callable[[Random, Obj], Patch | None]
"""What to change of the object as it is now; None for nothing."""


@dataclass(frozen=True, slots=True)
class Template:
    """`edit`: by the tenant. `spoil`: by somebody on the host, of a field that is tohost's.
    `report`: by a controller on the host, which tells of the object. `weight`: how often, compared
    with other kinds."""

    plural: str
    make: Callable[[Random, Place], Obj]
    edit: Change
    spoil: Change | None = None
    report: Change | None = None
    weight: float = 1.0

    @property
    def served(self) -> Served:
        return EVERY[self.plural]


def named(chance: Random, place: Place, **body: object) -> Obj:
    """The object with its metadata."""
    metadata: Obj = {"name": place.name, "labels": labels(chance)}
    if chance.random() < 0.5:
        metadata["annotations"] = {"example.com/note": str(chance.randrange(1000))}
    return {"metadata": metadata, **body}


def labels(chance: Random) -> dict[str, str]:
    found = {"app": chance.choice(NAMES)}
    if chance.random() < 0.3:
        found["release"] = chance.choice(("stable", "next"))
    return found


def relabel(chance: Random, obj: Obj) -> Patch:
    """Labels and annotations that come, change and go; the tenant may also try to forge ours."""
    value = chance.choice((None, str(chance.randrange(1000))))
    found: Obj = {"labels": {chance.choice(("app", "release", "tier")): value}}
    if chance.random() < 0.4:
        found["annotations"] = {"example.com/note": chance.choice((None, "other"))}
    if chance.random() < 0.1:
        found["labels"] = {"vcluster.loft.sh/managed-by": "nobody"}
    return Patch({"metadata": found})


def spoil_labels(_chance: Random, obj: Obj) -> Patch:
    """Takes away one of ours and changes another."""
    ours = {"vcluster.loft.sh/uid": "spoiled"} if _chance.random() < 0.3 else {"app": "spoiled"}
    where = "annotations" if "vcluster.loft.sh/uid" in ours else "labels"
    return Patch({"metadata": {where: ours}})
