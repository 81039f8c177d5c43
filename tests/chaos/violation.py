"""Something that must not be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.chaos.objects import Obj

Sort = Literal[
    "missing",
    "orphan",
    "doubled",
    "differs",
    "status differs",
    "stuck deletion",
    "stand-in",
    "stuck job",
    "failed job",
    "locked",
    "late write",
    "pending retry",
    "process",
    "forbidden write",
]


@dataclass(frozen=True, slots=True)
class Violation:
    """`about` is kind and place of the virtual object, or a key; `evidence` what was seen."""

    sort: Sort
    cluster: str
    about: str
    told: str
    evidence: Mapping[str, Obj | None] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.sort}: {self.cluster} {self.about}: {self.told}"
