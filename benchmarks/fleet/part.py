"""What a part of the fleet benchmark gives: a section of the page, and where its plots go."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Table
from benchmarks.spread import number, spread


@dataclass(frozen=True, slots=True)
class Section:
    """`words`: paragraphs before the tables. `images`: as Markdown, drawn already."""

    title: str
    words: Sequence[str]
    tables: Sequence[Table]
    images: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Folders:
    """`work`: for whatever is needed meanwhile; `plots`: where pictures of the page are."""

    work: Path
    plots: Path


def shown(values: Sequence[float], unit: str = "") -> str:
    """Median and spread, with the unit after it."""
    told = spread(values)
    assert told, "no values"
    return f"{told}{unit}"


def median(values: Sequence[float]) -> float:
    told = spread(values)
    assert told, "no values"
    return told.median


def verdict(value: float, bound: float, unit: str = "", least: bool = False) -> str:
    """What is wanted, and whether it is so."""
    good = value >= bound if least else value <= bound
    wanted = f"{'at least' if least else 'at most'} {number(bound)}{unit}" if bound else "none"
    return f"{wanted}: {'yes' if good else '**no**'}"


def runs_of(count: int) -> str:
    return "one run" if count == 1 else f"medians of {count} runs, with lowest and highest"
