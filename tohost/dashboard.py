"""`tohost dashboard`: rq-dashboard that never unpickles, on loopback unless told otherwise.

rq-dashboard falls back to pickle for some of its pages whatever it is told, so whoever can write
to Redis could run code in it. Here RQ's pickle serializer is its JSON serializer.
"""

import sys
from importlib import import_module

import rq.serializers

from common.errors import ConfigError


def main(argv: list[str]) -> int:
    """The options are rq-dashboard's own. Raises ConfigError when it isn't installed."""
    never_unpickle()
    try:
        serve = import_module("rq_dashboard.cli").main
    except ModuleNotFoundError as error:
        raise ConfigError(
            'rq-dashboard is not installed; run: pip install "tohost[dashboard]"'
        ) from error
    given = {"-b", "--bind", "--help"} & set(argv)
    options = [*argv, "--json", *([] if given else ["--bind", "127.0.0.1"])]
    sys.argv = ["tohost dashboard", *options]
    serve()
    return 0


def never_unpickle() -> None:
    """From now on RQ reads and writes JSON where it would have used pickle."""
    json = rq.serializers.JSONSerializer
    for name in ("DefaultSerializer", "PickleSerializer"):
        setattr(rq.serializers, name, json)
    rq.serializers.SERIALIZER_ALIASES["pickle"] = json
