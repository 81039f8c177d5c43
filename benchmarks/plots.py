"""Plots for the docs, PNG: figures as bars beside each other, bars of parts, lines.

Matplotlib is loaded here only, and draws without a display.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.spread import Spread, number

OURS, DIRECT, OTHER = "#1f6feb", "#b4bac4", "#d9822b"
_COLOURS = (OURS, OTHER, DIRECT, "#2da44e", "#8250df", "#bf3989")
_DPI = 110
_INK = "#57606a"


def bars(
    file: Path,
    title: str,
    unit: str,
    groups: Sequence[str],
    series: Mapping[str, Sequence[Spread | None]],
    colours: Sequence[str] = _COLOURS,
) -> None:
    """For each group a bar of each series: the median, with a whisker from lowest to highest.

    A series has a value, or None, for each group; so for `stacked`.
    """
    width = 0.8 / len(series)
    with _axes(file, title, max(7.0, 1.2 * len(groups))) as axes:
        for place, (name, values) in enumerate(series.items()):
            at = [index + (place - (len(series) - 1) / 2) * width for index in range(len(groups))]
            present = [(x, each) for x, each in zip(at, values, strict=True) if each]
            places, medians = [x for x, _ in present], [each.median for _, each in present]
            axes.bar(places, medians, width * 0.92, label=name, color=colours[place])
            _whiskers(axes, present)
            for x, each in present:
                axes.text(x, each.high, number(each.median), fontsize=7, ha="center", va="bottom")
        _name(axes, groups, unit)


def stacked(
    file: Path,
    title: str,
    unit: str,
    groups: Sequence[str],
    series: Mapping[str, Sequence[float]],
    colours: Sequence[str] = _COLOURS,
) -> None:
    """For each group one bar, made of what each series adds to it, with the sum above."""
    below = [0.0] * len(groups)
    places = range(len(groups))
    with _axes(file, title, max(7.0, 0.9 * len(groups))) as axes:
        for colour, (name, values) in zip(colours, series.items(), strict=False):
            drawn = axes.bar(places, values, 0.6, bottom=below, label=name, color=colour)
            below = [under + value for under, value in zip(below, values, strict=True)]
        axes.bar_label(drawn, [number(each) for each in below], fontsize=8, padding=2)
        _name(axes, groups, unit)


def lines(
    file: Path,
    title: str,
    units: tuple[str, str],
    series: Mapping[str, Sequence[tuple[float, float]]],
    colours: Sequence[str] = _COLOURS,
) -> None:
    """Points (x, y) of each series joined; `units` of both axes."""
    with _axes(file, title, 7.0) as axes:
        for colour, (name, points) in zip(colours, series.items(), strict=False):
            few = "o" if len(points) <= 20 else ""
            axes.plot(*zip(*points, strict=True), marker=few, label=name, color=colour)
        axes.set_xlabel(units[0])
        axes.set_ylabel(units[1])
        axes.set_ylim(bottom=0)


@contextmanager
def _axes(file: Path, title: str, width: float) -> Iterator[Any]:
    """What is drawn on these goes to the file when the block ends."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, 3.8), dpi=_DPI, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, loc="left", fontsize=11)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", alpha=0.25)
    axes.set_axisbelow(True)
    yield axes
    axes.legend(frameon=False, fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Software": None})


def _whiskers(axes: Any, present: Sequence[tuple[float, Spread]]) -> None:
    for x, each in present:
        if each.low != each.high:
            axes.plot((x, x), (each.low, each.high), color=_INK, linewidth=1)


def _name(axes: Any, groups: Sequence[str], unit: str) -> None:
    axes.set_xticks(range(len(groups)), groups, fontsize=8)
    axes.set_ylabel(unit)
    axes.margins(y=0.12)
