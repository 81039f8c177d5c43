"""`tohost release`: let the deletions go that the brake holds for one virtual cluster."""

import argparse
import sys
from collections.abc import Mapping, Sequence

from redis.exceptions import RedisError

from common.config import load
from common.errors import ConfigError
from common.objects import Obj, Side
from common.redis.connection import connect
from common.redis.trouble import explain
from common.safety.brake_state import RELEASED_S, BrakeState, Held
from common.usage import command
from tohost.output import write_data

_EXAMPLES = """examples:
  tohost release my-vcluster --config tohost.yaml
  tohost release my-vcluster -o json

The brake holds deletions when more than safety.maxDeleteFraction of a virtual cluster's host
objects would go at once, though nothing showed that somebody deleted what they were made for.
/readyz of every worker, its log and tohost status say what is held and what to check first.

Exit codes: 0 released, 1 Redis can't be used, 2 wrong usage or configuration."""
_SIDES: Mapping[Side, str] = {"host": "host objects", "virtual": "virtual pods"}


def parser() -> argparse.ArgumentParser:
    result = command(
        "release",
        "Open the deletion brake of one virtual cluster for "
        f"{RELEASED_S // 60} minutes: what it holds is deleted, once its counterpart is proven to"
        " be gone.",
        _EXAMPLES,
    )
    result.add_argument("name", metavar="NAME", help="the virtual cluster, as tohost.yaml has it")
    result.add_argument("--config", metavar="FILE", help="default: tohost.yaml")
    result.add_argument("-o", "--output", choices=["text", "json", "yaml"], default="text")
    return result


def main(argv: Sequence[str]) -> int:
    """Exit codes: 0 released, 1 Redis can't be used, 2 no such virtual cluster."""
    arguments = parser().parse_args(argv)
    config = load(arguments.config)
    name, known = arguments.name, [each.name for each in config.virtual_clusters]
    if name not in known:
        there_are = ", ".join(known)
        raise ConfigError(f'there is no virtual cluster "{name}"; write one of: {there_are}')
    redis = connect(config.redis)
    state = BrakeState(redis, name)
    try:
        held = state.engaged()
        state.release()
    except RedisError as error:
        print(f"tohost release: {explain(error).words}; nothing was released", file=sys.stderr)
        return 1
    finally:
        redis.close()
    if arguments.output == "text":
        print(f"{name}: {_told(held)}; no deletion is held for {RELEASED_S // 60} minutes from now")
    else:
        sys.stdout.write(write_data(_data(name, held), arguments.output))
    return 0


def _told(held: Mapping[Side, Held]) -> str:
    parts = [f"{each.count} of {each.of} {_SIDES[side]}" for side, each in held.items()]
    return f"released the deletion of {' and '.join(parts)}" if parts else "the brake held nothing"


def _data(name: str, held: Mapping[Side, Held]) -> Obj:
    """`held`: of each side what it held until now."""
    sides = {side: {"deletions": each.count, "objects": each.of} for side, each in held.items()}
    return {"virtualCluster": name, "releasedSeconds": RELEASED_S, "held": sides}
