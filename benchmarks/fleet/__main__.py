"""`make bench-fleet`: what one deployment does for many virtual clusters; see `benchmarks.fleet`.

Writes its page and plots into the docs. Without names all parts are run.
"""

import argparse
import asyncio
import dataclasses
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from benchmarks.fleet import fairness, many, page, scale, scan, start
from benchmarks.fleet.part import Folders, Section
from benchmarks.report import show

PARTS: Final[dict[str, ModuleType]] = {
    "many": many,
    "fairness": fairness,
    "scale": scale,
    "start": start,
    "scan": scan,
}
DOCS: Final = Path(__file__).resolve().parents[2] / "docs" / "performance"


def run(name: str, sizes: dict[str, str], plots: Path) -> Section:
    part = PARTS[name]
    wanted = _sized(part.Sizes(), sizes)
    with tempfile.TemporaryDirectory(prefix="tohost-fleet-") as folder:
        section: Section = asyncio.run(part.run(wanted, Folders(Path(folder), plots)))
    return section


def _sized(sizes: Any, given: dict[str, str]) -> Any:
    """What was given, in the types of the defaults; what this part doesn't have is passed over."""
    defaults = {each.name: getattr(sizes, each.name) for each in dataclasses.fields(sizes)}
    changed = {
        name: tuple(map(int, text.split(","))) if name == "counts" else type(defaults[name])(text)
        for name, text in given.items()
        if name in defaults
    }
    return dataclasses.replace(sizes, **changed)


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
    parser.add_argument(
        "--size",
        action="append",
        default=[],
        type=_pair,
        metavar="NAME=VALUE",
        help="another size for the parts that have it, such as clusters=10 or repeats=5",
    )
    parser.add_argument("--out", type=Path, default=DOCS, help="folder of the page and the plots")
    options = parser.parse_args(argv)
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    titles = [part.TITLE for part in PARTS.values()]
    for name in options.parts or PARTS:
        section = run(name, dict(options.size), options.out)
        for table in section.tables:
            show(table)
        page.write(options.out / "fleet.md", titles, [section])


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f'"{text}" is not NAME=VALUE')
    return name, value


if __name__ == "__main__":
    main(sys.argv[1:])
