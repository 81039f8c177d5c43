"""The page of the docs on one virtual cluster, with its plots."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from statistics import median

from benchmarks import known, plots
from benchmarks.load import PODS
from benchmarks.meter import PARTS
from benchmarks.report import image, markdown, write_page
from benchmarks.samples import Samples
from benchmarks.spread import Spread, spread
from benchmarks.tables import cost, latency, memory, resident, throughput, waiting

_Bars = dict[str, list[Spread | None]]
_PARTS = ("#0a3069", plots.OURS, "#a5c8ff")
_OURS_LIGHT, _OTHER_LIGHT = "#a5c8ff", "#f2c79a"


def write(directory: Path, stem: str, intro: list[str], samples: Samples) -> Path:
    """`stem`.md and its plots, `stem`-*.png; answers the page."""
    file = directory / f"{stem}.md"
    _throughput_plot(directory / f"{stem}-throughput.png", samples)
    _ratio_plot(directory / f"{stem}-ratio.png", samples)
    _cost_plot(directory / f"{stem}-cpu.png", samples)
    _latency_plot(directory / f"{stem}-latency.png", samples)
    write_page(file, "One virtual cluster", "make bench", [*intro, *_parts(stem, samples)])
    return file


def _parts(stem: str, samples: Samples) -> Iterator[str]:
    yield markdown(throughput(samples))
    yield image(f"{stem}-throughput.png", "Objects a second: ours, direct writes, vCluster")
    yield image(f"{stem}-ratio.png", "Share of the direct writes beside it: ours, vCluster")
    yield known.CONDITIONS
    yield markdown(waiting(samples))
    yield markdown(cost(samples))
    yield image(f"{stem}-cpu.png", "CPU per object: watchers, workers, Redis")
    yield markdown(latency(samples))
    yield image(f"{stem}-latency.png", "Latency at idle: p50 and p99, ours and vCluster")
    yield markdown(memory(samples))
    yield markdown(resident(samples))


def _throughput_plot(file: Path, samples: Samples) -> None:
    runs = samples.bursts
    series: _Bars = {
        "ours": [spread(each.rate for each in found) for found in runs.values()],
        "direct writes": [spread(each.direct for each in found) for found in runs.values()],
        "vCluster (its best)": [_best(known.BURSTS[name].rate) for name in runs],
    }
    colours = (plots.OURS, plots.DIRECT, plots.OTHER)
    plots.bars(file, "All at once", "objects/s", _groups(runs), series, colours)


def _ratio_plot(file: Path, samples: Samples) -> None:
    runs = samples.bursts
    series: _Bars = {
        "ours": [spread(each.ratio for each in found) for found in runs.values()],
        "vCluster (its best)": [_best(known.BURSTS[name].ratio) for name in runs],
    }
    title = "Share of the direct writes measured beside it"
    plots.bars(file, title, "ratio", _groups(runs), series, (plots.OURS, plots.OTHER))


def _cost_plot(file: Path, samples: Samples) -> None:
    used = {name: [each.cpu_ms for each in found] for name, found in samples.bursts.items()}
    used["pods life"] = list(samples.life_ms(PODS.plural))
    series = {
        part: [median(each[part] for each in found) for found in used.values()] for part in PARTS
    }
    plots.stacked(file, "CPU per object", "ms", _groups(used), series, _PARTS)


def _latency_plot(file: Path, samples: Samples) -> None:
    runs = samples.idle
    theirs = [known.IDLE.get(name) for name in runs]
    series: _Bars = {
        "ours, p50": [spread(each.waits.p50_ms for each in found) for found in runs.values()],
        "ours, p99": [spread(each.waits.p99_ms for each in found) for found in runs.values()],
        "vCluster, p50": [spread(each[:1]) if each else None for each in theirs],
        "vCluster, p99": [spread(each[1:]) if each else None for each in theirs],
    }
    colours = (plots.OURS, _OURS_LIGHT, plots.OTHER, _OTHER_LIGHT)
    plots.bars(file, "At 20 changes a second", "ms", _groups(runs), series, colours)


def _groups(names: Iterable[str]) -> list[str]:
    return [name.replace(" ", "\n") for name in names]


def _best(ends: tuple[float, float]) -> Spread:
    return Spread(ends[1], *ends)
