"""Where commands look that ask Redis: their options, the connection, the virtual clusters."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError

from common.config import Config, load
from common.config.redis import Redis as Settings
from common.errors import ConfigError, TohostError
from common.redis.connection import connect
from common.status import standing


@dataclass(frozen=True, slots=True)
class Place:
    """`config` is None when only a URL was given: then Redis says which virtual clusters there are.
    `address` is how Redis may be named in messages."""

    redis: Redis
    config: Config | None
    address: str

    def clusters(self, name: str | None = None) -> Sequence[str]:
        """All virtual clusters, or the one of that name. Raises ConfigError when there's none."""
        if self.config is not None:
            known = [each.name for each in self.config.virtual_clusters]
        else:
            known = standing.known_clusters(self.redis)
        if name is not None and name not in known:
            others = f"write one of: {', '.join(known)}" if known else "Redis knows of none"
            raise ConfigError(f'there is no virtual cluster "{name}"; {others}')
        return known if name is None else [name]


def add_options(parser: argparse.ArgumentParser) -> None:
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--config", metavar="FILE", help="default: tohost.yaml")
    place.add_argument("--redis-url", metavar="URL", help="in place of a configuration")


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Place]:
    """Raises ConfigError, and TohostError when Redis fails within the context."""
    config = None if arguments.redis_url else load(arguments.config)
    settings = config.redis if config else _settings(arguments.redis_url)
    redis = connect(settings)
    try:
        yield Place(redis, config, settings.address.plain)
    except RedisError as error:
        raise TohostError(f"Redis ({settings.address.plain}) can't be read: {error}") from error
    finally:
        redis.close()


def _settings(url: str) -> Settings:
    try:
        return Settings.model_validate({"url": url})
    except ValidationError as error:
        raise ConfigError(f"--redis-url: {error.errors()[0]['msg']}") from None
