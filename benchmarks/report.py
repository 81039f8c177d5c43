"""Tables for the terminal and the same for a page of the docs, and what machine it was.

A benchmark makes `Table`s and gives them to `show`; with the paragraphs and the plots between them
they become a page by `write_page`.
"""

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import rich.table
from rich.console import Console

GENERATED = "<!-- Written by `{command}`; change the benchmark, not this page. -->"


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are ready texts; the first column names the row. `title` is a sentence or short."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def show(table: Table) -> None:
    """On the terminal; as wide as the table where there is none."""
    shown = rich.table.Table(title=table.title, title_justify="left")
    for place, column in enumerate(table.columns):
        shown.add_column(column, justify="right" if place else "left")
    for row in table.rows:
        shown.add_row(*row)
    console = Console()
    (console if console.is_terminal else Console(width=200)).print(shown)


def markdown(table: Table) -> str:
    """The title in bold, and a table; figures to the right."""
    lines = [f"**{table.title}**", ""] if table.title else []
    lines.append(_line(table.columns))
    lines.append(_line(["---"] + ["---:"] * (len(table.columns) - 1)))
    return "\n".join(lines + [_line(row) for row in table.rows])


def image(name: str, what: str) -> str:
    """A plot that lies beside the page; `what` for those who can't see it."""
    return f"![{what}]({name})"


def write_page(file: Path, title: str, command: str, parts: Iterable[str]) -> None:
    """`parts`: paragraphs, tables by `markdown`, plots by `image`, in their order."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = [f"# {title}", GENERATED.format(command=command), *parts]
    file.write_text("\n\n".join(text) + "\n")


def conditions(servers: str) -> str:
    """One sentence on the machine and the day; `servers` such as "real kube-apiservers"."""
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    processor = _processor()
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {servers}; {os.cpu_count()} cores"
        f"{f' ({processor})' if processor else ''}, {memory_gib:.0f} GiB,"
        f" {platform.system()}, Python {platform.python_version()}."
    )


def _processor() -> str:
    """Its name as Linux knows it, or ""."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((each.partition(":")[2].strip() for each in lines if "model name" in each), "")


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
