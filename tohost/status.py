"""`tohost status`: what is on the host, what is pending and what fails, by what Redis knows."""

import argparse
import sys
from collections.abc import Sequence

import orjson
import yaml
from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError

from common.config import load
from common.config.redis import Redis as Settings
from common.errors import ConfigError, TohostError
from common.redis_connection import connect
from tohost import standing
from tohost.status_text import as_data, as_text

_EXAMPLES = """examples:
  tohost status --config tohost.yaml
  tohost status --redis-url redis://localhost:6379/0 -n my-vcluster -o json

It asks Redis only, no cluster. VIRTUAL and HOST count objects, as last seen. PENDING are queued,
running or tried again soon; LATER are fine and looked at again at a time of their own; FAILING were
refused and are tried again by themselves; OLDEST is how long one has been pending or failing.

Exit codes: 0 all is fine, 1 something needs a look, 2 wrong usage or configuration."""


def parser() -> argparse.ArgumentParser:
    result = argparse.ArgumentParser(
        prog="tohost status",
        description="Show what is synced, what is pending and what fails.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    place = result.add_mutually_exclusive_group()
    place.add_argument("--config", metavar="FILE", help="default: tohost.yaml")
    place.add_argument("--redis-url", metavar="URL", help="in place of a configuration")
    result.add_argument(
        "-n", "--virtual-cluster", metavar="NAME", help="only this one (default: all)"
    )
    result.add_argument("-o", "--output", choices=["text", "json", "yaml"], default="text")
    return result


def main(argv: Sequence[str]) -> int:
    """Raises ConfigError, and TohostError when Redis can't be reached."""
    arguments = parser().parse_args(argv)
    if arguments.redis_url:
        settings, names = _settings(arguments.redis_url), None
    else:
        config = load(arguments.config)
        settings, names = config.redis, [each.name for each in config.virtual_clusters]
    redis = connect(settings)
    try:
        chosen = _chosen(redis, names, arguments.virtual_cluster)
        everything = standing.read(redis, chosen)
    except RedisError as error:
        raise TohostError(f"Redis ({settings.address.plain}) can't be read: {error}") from error
    finally:
        redis.close()
    sys.stdout.write(_write(everything, arguments.output))
    return 0 if everything.fine else 1


def _settings(url: str) -> Settings:
    try:
        return Settings.model_validate({"url": url})
    except ValidationError as error:
        raise ConfigError(f"--redis-url: {error.errors()[0]['msg']}") from None


def _chosen(redis: Redis, names: Sequence[str] | None, name: str | None) -> Sequence[str]:
    """Raises ConfigError when there's none of that name."""
    known = standing.known_clusters(redis) if names is None else names
    if name is not None and name not in known:
        others = f"write one of: {', '.join(known)}" if known else "Redis knows of none"
        raise ConfigError(f'-n: there is no virtual cluster "{name}"; {others}')
    return known if name is None else [name]


def _write(everything: standing.Everything, output: str) -> str:
    if output == "text":
        return as_text(everything)
    data = as_data(everything)
    if output == "json":
        return orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() + "\n"
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)
