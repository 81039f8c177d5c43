"""`tohost status`: what is on the host, what is pending and what fails, by what Redis knows."""

import argparse
import sys
from collections.abc import Sequence

from common.status import standing
from common.usage import command
from tohost import place
from tohost.live import Screen, show
from tohost.output import write_data
from tohost.status_text import as_data, as_text

EVERY_S = 2.0
_EXAMPLES = """examples:
  tohost status --config tohost.yaml
  tohost status -w
  tohost status --redis-url redis://localhost:6379/0 -n my-vcluster -o json

It asks Redis only, no cluster. VIRTUAL and HOST count objects, as last seen. PENDING are queued,
running or tried again soon; LATER are fine and looked at again at a time of their own; FAILING were
refused and are tried again by themselves; OLDEST is how long one has been pending or failing.

With -w it shows that again and again until Ctrl-C, and goes on while Redis is away; -o json then
writes one document a line.

Exit codes: 0 all is fine, 1 something needs a look, 2 wrong usage or configuration."""


def parser() -> argparse.ArgumentParser:
    result = command("status", "Show what is synced, what is pending and what fails.", _EXAMPLES)
    place.add_options(result)
    result.add_argument(
        "-n",
        "-c",
        "--virtual-cluster",
        metavar="NAME",
        help="only this one (default: all)",
    )
    result.add_argument("-w", "--watch", action="store_true", help="show it live, until Ctrl-C")
    result.add_argument(
        "--interval",
        type=float,
        metavar="SECONDS",
        help=f"how often with -w (default: {EVERY_S:g})",
    )
    result.add_argument("-o", "--output", choices=["text", "json", "yaml"], default="text")
    return result


def main(argv: Sequence[str]) -> int:
    """Raises ConfigError, and TohostError when Redis can't be reached."""
    usage = parser()
    arguments = usage.parse_args(argv)
    if arguments.interval is not None and not (arguments.watch and arguments.interval >= 0.1):
        usage.error("--interval goes with -w, and is 0.1 or more")
    if arguments.watch:
        every_s = EVERY_S if arguments.interval is None else arguments.interval
        return show(lambda: _page(arguments), every_s, Screen(sys.stdout, arguments.output))
    text, fine = _page(arguments)
    sys.stdout.write(text)
    return 0 if fine else 1


def _page(arguments: argparse.Namespace) -> tuple[str, bool]:
    """What is shown once, and whether all is fine."""
    with place.opened(arguments) as where:
        chosen = where.clusters(arguments.virtual_cluster)
        everything = standing.read(where.redis, chosen)
    return _write(everything, arguments.output, lines=arguments.watch), everything.fine


def _write(everything: standing.Everything, output: str, *, lines: bool) -> str:
    if output == "text":
        return as_text(everything)
    return write_data(as_data(everything), output, one_line=lines)
