"""`tohost dashboard`: rq-dashboard that never unpickles, on loopback unless told otherwise.

rq-dashboard falls back to pickle for some of its pages whatever it is told, so whoever can write
to Redis could run code in it. Here RQ's pickle serializer is its JSON serializer.

By `--tohost-config FILE` it reaches Redis as watchers and workers do, in whatever form that is run;
rq-dashboard's own URL knows neither certificates, nor users of Sentinels, nor a Cluster.
"""

import argparse
import sys
from importlib import import_module
from typing import Any

import rq.serializers

from common.config import load
from common.errors import ConfigError
from common.redis.connection import connect

_EXAMPLES = """examples:
  tohost dashboard --tohost-config tohost.yaml
  tohost dashboard --redis-url redis://localhost:6379/0 --port 9181

--tohost-config FILE reaches Redis as watchers and workers do. All other options are rq-dashboard's
own, below; unlike it, this binds to 127.0.0.1, and unpickles nothing.

Exit codes: 0 stopped, 2 wrong usage or configuration.
"""


def parser() -> argparse.ArgumentParser:
    """Of our own option."""
    result = argparse.ArgumentParser(prog="tohost dashboard", add_help=False, allow_abbrev=False)
    result.add_argument("--tohost-config", metavar="FILE", help="reach Redis as tohost.yaml says")
    return result


def main(argv: list[str]) -> int:
    """The other options are rq-dashboard's own. Raises ConfigError when it isn't installed."""
    ours, options = parser().parse_known_args(argv)
    if "--help" in options:
        print(_EXAMPLES)
    never_unpickle()
    try:
        serve = import_module("rq_dashboard.cli").main
    except ModuleNotFoundError as error:
        raise ConfigError(
            'rq-dashboard is not installed; run: pip install "tohost[dashboard]"'
        ) from error
    if ours.tohost_config:
        options += _connect(ours.tohost_config)
    given = {"-b", "--bind", "--help"} & set(options)
    options = [*options, "--json", *([] if given else ["--bind", "127.0.0.1"])]
    sys.argv = ["tohost dashboard", *options]
    serve()
    return 0


def _connect(file: str) -> list[str]:
    """Give rq-dashboard the Redis of that configuration; answers the URL that it's to show."""
    settings = load(file).redis
    redis = connect(settings)
    pages: Any = import_module("rq_dashboard.web")
    pages.from_url = lambda *_args, **_options: (None, redis)
    return ["--redis-url", settings.address.plain]


def never_unpickle() -> None:
    """From now on RQ reads and writes JSON where it would have used pickle."""
    json = rq.serializers.JSONSerializer
    for name in ("DefaultSerializer", "PickleSerializer"):
        setattr(rq.serializers, name, json)
    rq.serializers.SERIALIZER_ALIASES["pickle"] = json
