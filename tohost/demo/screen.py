"""Shows the demo: a live table on a terminal, plain lines anywhere else."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from common.objects import Obj, name_of
from tohost.demo.api import GROUPS, Key
from tohost.demo.observer import Observer, Row, percentile_ms

_REFRESH_S = 0.15
_SHORT = {
    "pods": "po",
    "services": "svc",
    "endpoints": "ep",
    "endpointslices": "eps",
    "persistentvolumeclaims": "pvc",
    "configmaps": "cm",
    "secrets": "secret",
}
_STATE_STYLES = {"in sync": "green", "alive": "green", "gone": "dim", "stays": "dim"}
# Pods with such names are many, and shown as one line.
_CROWD = "batch-"


class Screen:
    """`say` captions what happens; the rest is drawn from what the observer sees."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began_s = time.perf_counter()
        self._captions: list[str] = []
        self._shown: dict[str, str] = {}
        self._observer: Observer | None = None
        self._live: Live | None = None

    def say(self, line: str) -> None:
        stamped = f"{self._clock()}  {line}"
        self._captions.append(stamped)
        if self._live is None:
            self._console.print(stamped, markup=False, highlight=False, soft_wrap=True)

    @asynccontextmanager
    async def showing(self, observer: Observer) -> AsyncIterator[None]:
        """Draw what the observer sees until the context ends."""
        self._observer = observer
        drawing = asyncio.create_task(self._draw())
        try:
            if not self._console.is_terminal:
                yield
                return
            with Live(console=self._console, auto_refresh=False, transient=True) as self._live:
                yield
        finally:
            drawing.cancel()
            self._live = None
            self._draw_once()
            if self._console.is_terminal:
                self._console.print(self._picture())

    async def _draw(self) -> None:
        while True:
            await asyncio.sleep(_REFRESH_S)
            self._draw_once()

    def _draw_once(self) -> None:
        if self._live is not None:
            self._live.update(self._picture(), refresh=True)
        elif not self._console.is_terminal:
            for line in self._news():
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _news(self) -> Iterator[str]:
        """A line for each object, and one for the crowd, when the state isn't as before."""
        news: dict[str, str] = {}
        rows = self._rows()
        for key, row in rows:
            if not _in_crowd(key):
                host = name_of(row.host) if row.host else "-"
                state = f"{host}  {state_of(row)}  {_latency(row)}"
                news[f"{key[0]} {key[1]}/{key[2]}"] = state
        crowd = Counter(state_of(row) for key, row in rows if _in_crowd(key))
        if crowd:
            news[f"pods shop/{_CROWD}*"] = ", ".join(f"{n} {state}" for state, n in crowd.items())
        for name, state in news.items():
            if self._shown.get(name) != state:
                self._shown[name] = state
                yield f"{self._clock()}    {name} -> {state}"

    def _clock(self) -> str:
        return f"{time.perf_counter() - self._began_s:5.1f} s"

    def _rows(self) -> list[tuple[Key, Row]]:
        rows = self._observer.rows.items() if self._observer else ()
        return [(key, row) for key, row in rows if is_shown(key, row)]

    def _picture(self) -> Group:
        rows = self._rows()
        table = Table(box=None, pad_edge=False, expand=True)
        for heading in ("Kind", "Virtual object"):
            table.add_column(heading, no_wrap=True)
        table.add_column("Host object", no_wrap=True, ratio=1, overflow="ellipsis")
        table.add_column("State", no_wrap=True, min_width=8)
        table.add_column("Latency", no_wrap=True, justify="right", min_width=8)
        order = list(GROUPS)
        crowd = []
        for key, row in sorted(rows, key=lambda item: (order.index(item[0][0]), item[0])):
            if _in_crowd(key):
                crowd.append((key, row))
            else:
                _add(table, key, row)
        if crowd:
            _add_crowd(table, crowd)
        captions = [Text(line) for line in self._captions[-8:]]
        return Group(*captions, Text(), table)


def is_shown(key: Key, row: Row) -> bool:
    """Objects that every cluster has by itself are left out."""
    _, namespace, name = key
    if name == "kube-root-ca.crt" or (namespace, name) == ("default", "kubernetes"):
        return False
    return namespace not in {"kube-system", "kube-public", "kube-node-lease"}


def _in_crowd(key: Key) -> bool:
    return key[0] == "pods" and key[2].startswith(_CROWD)


def state_of(row: Row) -> str:
    if row.host is None:
        if _pending(row):
            return "waiting"
        return "stays" if row.virtual and not row.changes else "gone"
    if row.virtual is None:
        return "going"
    if _pending(row):
        return "changing"
    if "containers" in (row.virtual.get("spec") or {}):
        return "alive" if _is_ready(row.virtual) else "starting"
    return "in sync"


def _pending(row: Row) -> bool:
    return any(change.latency_s is None for change in row.changes)


def _is_ready(pod: Obj) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _latency(row: Row) -> str:
    measured = [change.latency_s for change in row.changes if change.latency_s is not None]
    return f"{1000 * measured[-1]:.0f} ms" if measured else ""


def _add(table: Table, key: Key, row: Row) -> None:
    state = state_of(row)
    host = name_of(row.host) if row.host else "-"
    style = _STATE_STYLES.get(state, "yellow")
    shown = Text(state, style=style)
    table.add_row(_SHORT[key[0]], f"{key[1]}/{key[2]}", host, shown, _latency(row))


def _add_crowd(table: Table, rows: list[tuple[Key, Row]]) -> None:
    states = Counter(state_of(row) for _, row in rows)
    (state, most), *others = states.most_common()
    shown = Text(
        f"{most} {state}", style="yellow" if others else _STATE_STYLES.get(state, "yellow")
    )
    changes = [change for _, row in rows for change in row.changes]
    hosts = sum(row.host is not None for _, row in rows)
    median = f"{percentile_ms(changes, 0.5):.0f} ms"
    table.add_row("po", f"shop/{_CROWD}* ({len(rows)})", f"{hosts} host pods", shown, median)
