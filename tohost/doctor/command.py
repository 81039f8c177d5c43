"""`tohost doctor`: the command line."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from common.config import Config, load
from common.errors import ConfigError
from common.redis.connection import connect
from common.usage import command
from tohost.doctor.examination import examine
from tohost.doctor.finding import HOST, Finding
from tohost.doctor.report import as_data, is_well, line, manifests, summary
from tohost.output import write_data

_EXAMPLES = """examples:
  tohost doctor --config tohost.yaml
  tohost doctor --all
  tohost doctor --manifests host | kubectl --context host apply -f -
  tohost doctor -o json

It asks Redis and every API server, with the credentials of the configuration, and changes nothing.
It looks for: a Redis that can't be used, is old, loses what it holds or throws it out; API servers
that don't answer; rights that are missing; kinds and CRDs that a server lacks; versions and clocks
that are too far apart; host namespaces and DNS Services that are missing; clusters that were
exchanged; another tohost with the same name; what fails.

What is wrong is named with what to do, and --manifests prints what to apply for it in one cluster:
"host", or a virtual cluster's name.

Exit codes: 0 no problem (there may be warnings), or manifests printed; 1 problems; 2 wrong usage or
configuration."""


def parser() -> argparse.ArgumentParser:
    result = command(
        "doctor", "Look for what keeps objects from being synced, and say what to do.", _EXAMPLES
    )
    result.add_argument("--config", metavar="FILE", help="default: tohost.yaml")
    result.add_argument("--all", action="store_true", help="show also what is well")
    result.add_argument(
        "--manifests", metavar="CLUSTER", help="print only what is to be applied in that cluster"
    )
    result.add_argument("-o", "--output", choices=["text", "json", "yaml"], default="text")
    return result


def main(argv: Sequence[str]) -> int:
    """Raises ConfigError when the configuration itself can't be used."""
    arguments = parser().parse_args(argv)
    config = load(arguments.config)
    known = [HOST, *(each.name for each in config.virtual_clusters)]
    if arguments.manifests is not None and arguments.manifests not in known:
        raise ConfigError(f"--manifests: write one of: {', '.join(known)}")
    found = asyncio.run(_run(config, arguments))
    if arguments.manifests is not None:
        return _print_manifests(found, arguments.manifests)
    if arguments.output != "text":
        sys.stdout.write(write_data(as_data(found), arguments.output))
    else:
        print(summary(found))
    return 0 if is_well(found) else 1


def _print_manifests(found: Sequence[Finding], where: str) -> int:
    """For kubectl, which says itself that it was given nothing."""
    text = manifests(found, where)
    if not text:
        print(f"tohost doctor: nothing is to be applied in {where}", file=sys.stderr)
    sys.stdout.write(text)
    return 0


async def _run(config: Config, arguments: argparse.Namespace) -> list[Finding]:
    """In text each finding is told when it comes, as some take seconds."""
    telling = arguments.manifests is None and arguments.output == "text"
    redis = connect(config.redis)
    found: list[Finding] = []
    try:
        async for each in examine(config, redis):
            found.append(each)
            if telling and (arguments.all or each.level != "ok"):
                sys.stdout.write(line(each))
                sys.stdout.flush()
    finally:
        redis.close()
    return found
