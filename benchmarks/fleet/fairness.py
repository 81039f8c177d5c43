"""Regular virtual clusters beside greedy ones, which create and change hundreds of pods at once.

A regular one creates a pod and waits until it is on the host before it creates the next; then the
same with statuses, upward. First alone, then while the greedy ones have their backlog.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks import plots
from benchmarks.fleet.child import child
from benchmarks.fleet.load import arguments
from benchmarks.fleet.part import Folders, Section, median, runs_of, shown, verdict
from benchmarks.fleet.place import HOST, Place, host_namespace, names, place
from benchmarks.fleet.rest import at_rest, waiting
from benchmarks.fleet.sightings import Sightings, on_host, sightings
from benchmarks.fleet.team import Team, team
from benchmarks.fleet.turns import Turn, down, probing, take_turns, up
from benchmarks.load import PODS
from benchmarks.report import Table, conditions, image
from benchmarks.spread import percentile, spread

TITLE = "Fairness"
_TIMES: Final = 3.0
_SECONDS: Final = 2.0
_QUEUED_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """`turns`: pods of a regular virtual cluster, one after another. `concurrency`: of a worker, 0
    for what it is by default."""

    greedy: int = 10
    greedy_pods: int = 900
    regular: int = 40
    turns: int = 10
    watchers: int = 1
    workers: int = 1
    concurrency: int = 0
    repeats: int = 3


@dataclass(slots=True)
class Waits:
    """Seconds that changes of one direction took. `direct`: of pods written straight to the host
    meanwhile. `backlog`: the greedy ones' keys that waited at the beginning and at the end; `rate`:
    how many of them a second were done from then on."""

    alone: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    direct_alone: list[float] = field(default_factory=list)
    direct_beside: list[float] = field(default_factory=list)
    backlog: tuple[int, int] = (0, 0)
    rate: float = 0.0

    @property
    def times(self) -> float:
        return percentile(self.beside, 99) / percentile(self.alone, 99)

    @property
    def direct_times(self) -> float:
        return percentile(self.direct_beside, 99) / percentile(self.direct_alone, 99)


@dataclass(frozen=True, slots=True)
class Found:
    """Of one run."""

    down: Waits
    up: Waits


async def run(sizes: Sizes, folders: Folders) -> Section:
    greedy, regular = names(sizes.greedy, "greedy-"), names(sizes.regular, "regular-")
    runs = []
    for number in range(sizes.repeats):
        async with place(folders.work / f"fairness-{number}", greedy, regular) as ground:
            runs.append(await _once(sizes, ground, greedy, regular))
    return _section(sizes, runs, ground.servers, folders)


async def _once(
    sizes: Sizes, ground: Place, greedy: Sequence[str], regular: Sequence[str]
) -> Found:
    creating = arguments("create", [ground.files[each] for each in greedy], pods=sizes.greedy_pods)
    spaces = ",".join(map(host_namespace, greedy))
    running = arguments("status", [ground.files[HOST]], namespaces=spaces)
    limit = {"workers": {"concurrency": sizes.concurrency}} if sizes.concurrency else {}
    config = ground.write_config(more=limit)
    async with (
        team(config, ground.directory, sizes.watchers, sizes.workers) as fleet,
        sightings(ground.host, PODS, name=on_host) as seen,
    ):
        await at_rest(ground.redis, ground.virtual, ground.streams())
        scene = Scene(sizes, ground, fleet, greedy, regular, seen)
        downward = await scene.measure("down", down(ground, seen), creating)
        async with up(ground, regular) as turn:
            return Found(downward, await scene.measure("up", turn, running))


@dataclass(frozen=True, slots=True)
class Scene:
    sizes: Sizes
    ground: Place
    fleet: Team
    greedy: Sequence[str]
    regular: Sequence[str]
    seen: Sightings

    async def measure(self, direction: str, turn: Turn, load: Sequence[str]) -> Waits:
        """`load`: the command by which the greedy ones get their backlog."""
        waits = Waits()
        await take_turns(turn, self.regular, ["first"])  # connections are open after that
        waits.alone, waits.direct_alone = await self._turns(direction, turn, "alone")
        with self.fleet.paused("workers"):
            await self._load(load)
        before = waiting(self.ground.redis, self.greedy)
        waits.beside, waits.direct_beside = await self._turns(direction, turn, "beside")
        waits.backlog = before, waiting(self.ground.redis, self.greedy)
        began = time.perf_counter()
        ended = await at_rest(self.ground.redis, self.ground.virtual)
        waits.rate = waits.backlog[1] / (ended - began)
        return waits

    async def _load(self, command: Sequence[str]) -> None:
        """Returns when the watchers have put all of it into the queues."""
        with child(command, self.ground.directory / "load.log", lambda: True) as loading:
            await asyncio.to_thread(loading.wait)
        wanted = self.sizes.greedy * self.sizes.greedy_pods
        async with asyncio.timeout(_QUEUED_S):
            while waiting(self.ground.redis, self.greedy) < wanted:
                await asyncio.sleep(0.05)

    async def _turns(
        self, direction: str, turn: Turn, phase: str
    ) -> tuple[list[float], list[float]]:
        """Theirs, and those of direct writes meanwhile."""
        names = [f"{phase}-{number}" for number in range(self.sizes.turns)]
        async with probing(self.ground, self.seen, f"{direction}-{phase}") as direct:
            return await take_turns(turn, self.regular, names), direct


def _section(sizes: Sizes, runs: Sequence[Found], servers: str, folders: Folders) -> Section:
    words = (
        f"{sizes.greedy} greedy virtual clusters create {sizes.greedy_pods} pods each, all at once;"
        f" {sizes.regular} regular ones create {sizes.turns} each, one after another: each waits"
        " until the one before is on the host. Then the host pods become Running, of the greedy"
        " ones all at once, of the regular ones one after another. Seconds are from the API"
        " server's answer to the watch event of the other side, first of the regular ones alone,"
        " then beside the greedy ones. The workers pause while these create, so that all of it"
        f" waits at once. All have the same weight; {sizes.watchers} watcher, {sizes.workers}"
        f" worker, {runs_of(sizes.repeats)}. *Direct* is a pod written straight to the host"
        " meanwhile, 20 times a second, from the request to its watch event: as everything runs on"
        " the same cores, that shows what the machine adds."
        f" {conditions(servers)}"
    )
    directions = {"down, new pods": [run.down for run in runs]}
    directions["up, statuses"] = [run.up for run in runs]
    tables = [_table(what, waits) for what, waits in directions.items()]
    return Section(TITLE, [words], tables, [_draw(directions, folders)])


def _table(what: str, runs: Sequence[Waits]) -> Table:
    def row(name: str, percent: int, direct: bool) -> tuple[str, ...]:
        pairs = [
            (each.direct_alone, each.direct_beside) if direct else (each.alone, each.beside)
            for each in runs
        ]
        alone = [1000 * percentile(each, percent) for each, _ in pairs]
        beside = [1000 * percentile(each, percent) for _, each in pairs]
        return name, shown(alone), shown(beside)

    times = [each.times for each in runs]
    p99_s = [percentile(each.beside, 99) for each in runs]
    backlog = " and ".join(shown([each.backlog[end] for each in runs]) for end in (0, 1))
    rows = [
        (*row("p50, ms", 50, False), "", ""),
        (*row("p99, ms", 99, False), shown(times), verdict(median(times), _TIMES)),
        ("p99, s", "", shown(p99_s), "", verdict(median(p99_s), _SECONDS, " s")),
        (*row("direct p50, ms", 50, True), "", ""),
        (*row("direct p99, ms", 99, True), shown([each.direct_times for each in runs]), ""),
        ("greedy keys that wait, first and last", "", backlog, "", ""),
        (
            "greedy keys done in a second after that",
            "",
            shown([each.rate for each in runs]),
            "",
            "",
        ),
    ]
    columns = ("", "alone", "beside greedy ones", "times", "wanted")
    return Table(f"Regular virtual clusters: {what}", columns, rows)


def _draw(directions: dict[str, list[Waits]], folders: Folders) -> str:
    file = folders.plots / "fleet-fairness.png"

    def p99_ms(runs: Sequence[Sequence[float]]) -> list[float]:
        return [1000 * percentile(each, 99) for each in runs]

    series = {
        "alone": [spread(p99_ms([each.alone for each in runs])) for runs in directions.values()],
        "beside greedy ones": [
            spread(p99_ms([each.beside for each in runs])) for runs in directions.values()
        ],
    }
    plots.bars(file, "Regular virtual clusters, p99", "ms", list(directions), series)
    return image(file.name, "p99 of regular virtual clusters alone and beside greedy ones")
